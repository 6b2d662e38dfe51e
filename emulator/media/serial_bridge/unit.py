"""An inverter's radio: where it listens, and what it passes to its protocol side."""

import asyncio
from functools import partial
from random import Random
from typing import TypeAlias

from emulator.inverter import Inverter
from emulator.media.serial_bridge import cmt2300a, nrf24
from emulator.media.serial_bridge.air import Air, Burst
from emulator.media.serial_bridge.berth import Berth
from emulator.media.serial_bridge.voice import CMT_PACE, NRF_PACE, Voice
from protocols.exchange import Responder
from protocols.modems.radio_frame import Region


class NrfUnit:
    """An inverter with an nRF24: called by its address, it answers whoever asked, on the channel of the answer."""

    def __init__(self, air: Air, inverter: Inverter, responder: Responder, address: int, seed: str) -> None:
        self.linked = True
        self._air = air
        self._inverter = inverter
        self._responder = responder
        self._address = address
        self._voice = Voice(inverter, NRF_PACE, seed)
        self._listens = nrf24.Hopping(Random(f"{seed}/{inverter.serial}/hops").randrange(nrf24.CHANNELS), 0.0)

    def ignores(self, burst: Burst) -> bool:
        """Hear what is for its address."""
        return burst.to != self._address

    def tuning(self, now: float) -> nrf24.Hopping:  # noqa: ARG002 - it hops on and on
        """Return where it listens: all channels in turn."""
        return self._listens

    def hear(self, burst: Burst) -> None:
        """Answer a request."""
        now = asyncio.get_running_loop().time()
        if self._inverter.awake(now) and (answers := self._responder.answer(burst.frame, now)):
            asker = int.from_bytes(burst.frame[5:9], "big")
            self._voice.say(answers, partial(self._send, nrf24.answer_index(burst.channel), asker))

    def _send(self, channel: int, to: int, frame: bytes) -> None:
        burst = Burst(self, frame, channel, to, asyncio.get_running_loop().time(), nrf24.wave(frame))
        self._listens = nrf24.Hopping(self._listens.first, burst.end)
        self._air.send(burst)


class CmtUnit:
    """An inverter with a CMT2300A."""

    def __init__(self, air: Air, inverter: Inverter, responder: Responder, region: Region, seed: str) -> None:
        self.linked = True
        self._air = air
        self._inverter = inverter
        self._responder = responder
        self._berth = Berth(region)
        self._voice = Voice(inverter, CMT_PACE, seed)
        self._over = 0.0  # when it has sent what it is sending

    def ignores(self, burst: Burst) -> bool:
        """Tell whether a frame is for others: the radio hears them all."""
        return not self._responder.concerns(burst.frame)

    def tuning(self, now: float) -> cmt2300a.Fixed:
        """Return where it listens."""
        return cmt2300a.Fixed(self._berth.channel(now, self._inverter.booted_at(now)), self._over)

    def hear(self, burst: Burst) -> None:
        """Follow a call, or answer a request."""
        now = asyncio.get_running_loop().time()
        if not self._inverter.awake(now):
            return
        if self._berth.spoken_to(burst.frame, now, self._inverter.booted_at(now)):
            return
        if answers := self._responder.answer(burst.frame, now):
            self._voice.say(answers, partial(self._send, burst.channel))

    def _send(self, channel: int, frame: bytes) -> None:
        burst = Burst(self, frame, channel, None, asyncio.get_running_loop().time(), cmt2300a.wave(frame))
        self._over = burst.end
        self._air.send(burst)


Unit: TypeAlias = NrfUnit | CmtUnit
