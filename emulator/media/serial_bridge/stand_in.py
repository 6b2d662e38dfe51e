"""An emulated inverter on a real radio bridge: towards a real DTU it is the inverter whose serial it bears.

The emulator is the host of the bridge here. It tells the bridge the inverter's address, and moves its channel as the
inverter's radio would.
"""

import asyncio

from config.links import SerialBridgeLink
from drivers.stream import ByteStream, open_stream
from drivers.together import first_of
from emulator.host import HostPort
from emulator.inverter import Inverter
from emulator.media.serial_bridge.berth import Berth
from emulator.media.serial_bridge.voice import CMT_PACE, NRF_PACE, Voice
from protocols.errors import LinkDownError
from protocols.exchange import Responder
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import ANSWER, OWN_MODULE, Main, channel_change, module_query

LOOK_S = 1.0  # how often it is seen to that the bridge is what it is to be
TRIES = 5  # some bridges start anew when their port is opened, and need seconds for it


class StandIn:
    """One inverter behind a bridge; `address` is that of the inverter."""

    def __init__(self, inverter: Inverter, responder: Responder, link: SerialBridgeLink, address: int) -> None:
        self._inverter = inverter
        self._responder = responder
        self._link = link
        self._address = address
        self._deframer = radio_bridge.Deframer(stuffed=link.stuffed)
        self._berth = Berth(link.band) if link.radio == "cmt2300a" else None
        self._voice = Voice(inverter, NRF_PACE if self._berth is None else CMT_PACE, link.url)
        self._met = False  # the bridge has answered
        self._asked_for: int | None = None  # the channel that the bridge was told last
        self._tuned: int | None = None  # the one that it has confirmed
        self._port = HostPort()

    async def run(self) -> None:
        """Be the inverter until the bridge is gone, or does not answer: raises LinkDownError then."""
        stream = await open_stream(self._link.url, baud=self._link.baud)
        try:
            self._port.attach()
            await first_of(self._listen(stream), self._port.drain(stream), self._stay_tuned())
        finally:
            self._voice.stop()
            self._port.detach()
            stream.close()

    async def _listen(self, stream: ByteStream) -> None:
        while True:
            for datagram in self._deframer.feed(await stream.read()):
                self._hear(datagram)

    async def _stay_tuned(self) -> None:
        """Tell the bridge the inverter's address, then follow the inverter's channel."""
        for _ in range(TRIES):
            self._put(module_query(self._address))
            await asyncio.sleep(LOOK_S)
            if self._met:
                break
        else:
            raise LinkDownError(f"no answer from a bridge at {self._link.baud} baud")
        while True:
            self._tune()
            await asyncio.sleep(LOOK_S)

    def _tune(self) -> None:
        """Put the bridge on the inverter's channel."""
        if self._berth is None:
            return
        now = asyncio.get_running_loop().time()
        channel = self._berth.channel(now, self._inverter.booted_at(now))
        if channel != self._tuned:
            self._asked_for = channel
            self._put(channel_change(0, 0, self._link.band, channel, index=OWN_MODULE))

    def _hear(self, datagram: bytes) -> None:
        if datagram[0] == Main.MODULE | ANSWER:
            self._met = True
        elif datagram[0] == Main.CHANNEL | ANSWER:
            self._tuned = self._asked_for
        else:
            self._answer(datagram)

    def _answer(self, datagram: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if not self._responder.concerns(datagram) or not self._inverter.awake(now):
            return
        if self._berth is not None and self._berth.spoken_to(datagram, now, self._inverter.booted_at(now)):
            self._tune()
        elif answers := self._responder.answer(datagram, now):
            self._voice.say(answers, self._put)

    def _put(self, frame: bytes) -> None:
        self._port.put(radio_bridge.encode(frame, stuffed=self._link.stuffed))
