"""An inverter's radio: where it listens, and what it passes to its protocol side."""

import asyncio
from math import inf
from random import Random
from typing import TypeAlias

from emulator.inverter import Inverter
from emulator.media.serial_bridge import cmt2300a, nrf24
from emulator.media.serial_bridge.air import Air, Burst
from emulator.media.serial_bridge.voice import CMT_PACE, NRF_PACE, Voice
from protocols.errors import RemoteProtocolError
from protocols.exchange import Responder
from protocols.modems.radio_frame import Main, Region, channel_of, decode, region_of


class NrfUnit:
    """An inverter with an nRF24: called by its address, it answers whoever asked, on the channel of the answer."""

    def __init__(self, air: Air, inverter: Inverter, responder: Responder, address: int, seed: str) -> None:
        self.linked = True
        self._inverter = inverter
        self._responder = responder
        self._address = address
        self._voice = Voice(air, inverter, NRF_PACE, nrf24.wave, seed)
        self._first = Random(f"{seed}/{inverter.serial}/hops").randrange(nrf24.CHANNELS)

    def ignores(self, burst: Burst) -> bool:
        """Hear what is for its address."""
        return burst.to != self._address

    def tuning(self, now: float) -> nrf24.Hopping:  # noqa: ARG002 - it hops on and on
        """Return where it listens: all channels in turn."""
        return nrf24.Hopping(self._first, self._voice.over)

    def hear(self, burst: Burst) -> None:
        """Answer a request."""
        now = asyncio.get_running_loop().time()
        if self._inverter.awake(now):
            answers = self._responder.answer(burst.frame, now)
            if answers:
                asker = int.from_bytes(burst.frame[5:9], "big")
                self._voice.say(self, answers, nrf24.answer_index(burst.channel), asker)


class CmtUnit:
    """An inverter with a CMT2300A: it waits on the boot channel until it is called to another.

    It forgets that channel when it boots, and when nobody has spoken to it for a quarter of an hour.
    """

    def __init__(self, air: Air, inverter: Inverter, responder: Responder, region: Region, seed: str) -> None:
        self.linked = True
        self._inverter = inverter
        self._responder = responder
        self._region = region
        self._voice = Voice(air, inverter, CMT_PACE, cmt2300a.wave, seed)
        self._called = region.boot
        self._spoken_to = -inf
        self._boot: float | None = None  # during which the last contact was

    def ignores(self, burst: Burst) -> bool:
        """Tell whether a frame is for others: the radio hears them all."""
        return not self._responder.concerns(burst.frame)

    def tuning(self, now: float) -> cmt2300a.Fixed:
        """Return where it listens."""
        return cmt2300a.Fixed(self.channel(now), self._voice.over)

    def channel(self, now: float) -> int:
        """Return the channel that it is on."""
        kept = now - self._spoken_to < cmt2300a.FORGETS_S and self._boot == self._inverter.booted_at(now)
        return self._called if kept else self._region.boot

    def hear(self, burst: Burst) -> None:
        """Follow a call, or answer a request."""
        now = asyncio.get_running_loop().time()
        if not self._inverter.awake(now):
            return
        self._called = self.channel(now)
        self._spoken_to, self._boot = now, self._inverter.booted_at(now)
        if burst.frame[0] == Main.CHANNEL:
            self._follow(burst.frame)
        elif answers := self._responder.answer(burst.frame, now):
            self._voice.say(self, answers, burst.channel, None)

    def _follow(self, datagram: bytes) -> None:
        """Go to the channel that a call names, unless it is meant for another part of the world."""
        try:
            frame = decode(datagram)
            if region_of(frame) is self._region and frame.index == self._region.index:
                self._called = channel_of(frame)
        except RemoteProtocolError:
            return


Unit: TypeAlias = NrfUnit | CmtUnit
