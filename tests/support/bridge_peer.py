"""The far end of a serial bridge, scripted: what a test says comes over the air."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from drivers.serial_bridge.link import BridgeLink
from drivers.serial_bridge.settings import BridgeSettings
from drivers.stream import ByteStream, Listener, listen
from protocols.errors import LinkDownError
from protocols.framing.crc import crc16_modbus
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import ANSWER, FRAGMENT_BYTES, LAST, Main, RadioFrame, channel_answer, decode

FIRST_S, SPACING_S = 0.07, 0.048


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame that the bridge hands over `after_s` the request; raw bytes are handed over as they are."""

    frame: RadioFrame | bytes
    after_s: float = FIRST_S


Script: TypeAlias = Callable[[RadioFrame], list[Heard]]


def fragments(request: RadioFrame, payload: bytes, *, numbers: tuple[int, ...] | None = None) -> list[Heard]:
    """Return an inverter's answer at its usual pace, or only some fragments of it."""
    sealed = payload + crc16_modbus(payload).to_bytes(2, "big")
    parts = [sealed[at : at + FRAGMENT_BYTES] for at in range(0, len(sealed), FRAGMENT_BYTES)]
    heard = []
    for number, part in enumerate(parts, start=1):
        index = number | (LAST if number == len(parts) else 0)
        frame = RadioFrame(request.main | ANSWER, request.inverter, request.dtu, index, part)
        heard.append(Heard(frame, FIRST_S + (number - 1) * SPACING_S))
    return [one for one in heard if isinstance(one.frame, RadioFrame) and (not numbers or one.frame.number in numbers)]


def quiet(_: RadioFrame) -> list[Heard]:
    """Return what comes when nobody answers."""
    return []


@dataclass
class BridgePeer:
    """A bridge that answers for itself, with a script for what it sends; `mute`: it does not answer for itself."""

    script: Script = quiet
    stuffed: bool = True
    mute: bool = False
    requests: list[tuple[float, RadioFrame]] = field(default_factory=list)
    own: list[RadioFrame] = field(default_factory=list)

    async def talk(self, stream: ByteStream) -> None:
        loop = asyncio.get_running_loop()
        deframer = radio_bridge.Deframer(stuffed=self.stuffed)
        async with asyncio.TaskGroup() as saying:
            while True:
                for frame in map(decode, deframer.feed(await stream.read())):
                    for heard in self._answer(frame):
                        saying.create_task(self._say(stream, heard, loop.time()))

    def _answer(self, frame: RadioFrame) -> list[Heard]:
        if frame.main == Main.MODULE:
            self.own.append(frame)
            return [] if self.mute else [Heard(RadioFrame(frame.main | ANSWER, frame.inverter, frame.dtu, 0), 0.001)]
        if frame.main == Main.CHANNEL and not frame.inverter:
            self.own.append(frame)
            return [Heard(decode(channel_answer(frame)), 0.001)]
        self.requests.append((asyncio.get_running_loop().time(), frame))
        return self.script(frame)

    async def _say(self, stream: ByteStream, heard: Heard, asked: float) -> None:
        await asyncio.sleep(asked + heard.after_s - asyncio.get_running_loop().time())
        match heard.frame:
            case RadioFrame() as frame:
                await stream.write(radio_bridge.encode(frame.encode(), stuffed=self.stuffed))
            case data:
                await stream.write(data)


async def serve(listener: Listener, peer: BridgePeer) -> None:
    """Talk to one client after another."""
    while True:
        stream = await listener.accept()
        try:
            await peer.talk(stream)
        except* LinkDownError:
            stream.close()


@asynccontextmanager
async def plugged(settings: BridgeSettings, peer: BridgePeer) -> AsyncIterator[BridgeLink]:
    """Run a link and its far end, and yield the link once it is up."""
    listener = await listen(settings.url)
    link = BridgeLink("roof", replace(settings, url=listener.url))  # a socket's port is known now
    tasks = [asyncio.create_task(serve(listener, peer)), asyncio.create_task(link.run())]
    try:
        await link.wait_up()
        yield link
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listener.close()
