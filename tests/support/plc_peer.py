"""The far end of a power-line modem, scripted: what a test says happens on the line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from drivers.plc.link import PlcLink
from drivers.plc.settings import PlcSettings
from drivers.plc.timing import AirTime
from drivers.stream import ByteStream, Listener, listen
from protocols.errors import LinkDownError
from protocols.modbus import pdu, rtu
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, Command, Frame


@dataclass(frozen=True, slots=True)
class Say:
    """Bytes that the modem hands up `after_s` the request, one every `byte_s` or all at once."""

    data: bytes
    after_s: float = 0.0
    byte_s: float = 0.0


Script: TypeAlias = Callable[[bytes], list[Say]]


def read_request(node: int, count: int = 20) -> bytes:
    return rtu.encode(node, pdu.ReadRequest(0, count).encode())


def read_answer(node: int, count: int = 20) -> bytes:
    return rtu.encode(node, pdu.ReadAnswer(bytes(range(2 * count))).encode())


def on_line(air: AirTime, request: bytes, reply: bytes, device_s: float = 0.0) -> Say:
    """Return a reply with the timing of the medium."""
    after_s = air.frame_s(len(request)) + air.turnaround_s + device_s + air.bytes_s(air.overhead_bytes + 1)
    return Say(reply, after_s, air.bytes_s(1))


@dataclass
class TransparentPeer:
    """A transparent modem, with a script for each request."""

    script: Script
    requests: list[tuple[float, bytes]] = field(default_factory=list)

    async def talk(self, stream: ByteStream) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as saying:
            while True:
                request = await stream.read()
                self.requests.append((loop.time(), request))
                for say in self.script(request):
                    saying.create_task(_say(stream, say, loop.time()))


async def _say(stream: ByteStream, say: Say, asked: float) -> None:
    loop = asyncio.get_running_loop()
    step = 1 if say.byte_s else len(say.data)
    for at in range(0, len(say.data), step):
        await asyncio.sleep(asked + say.after_s + at * say.byte_s - loop.time())
        await stream.write(say.data[at : at + step])


@dataclass
class St7580Peer:
    """An ST7580, with a script for each frame that the host sends."""

    script: Callable[[Frame], list[Say]]
    frames: list[Frame] = field(default_factory=list)
    repeats: int = 0
    acknowledged: int = 0
    refused: int = 0

    async def talk(self, stream: ByteStream) -> None:
        loop = asyncio.get_running_loop()
        deframer = st7580.Deframer()
        async with asyncio.TaskGroup() as saying:
            while True:
                chunk = await stream.read()
                self.repeats += chunk[0] == st7580.STX_REPEATED
                for item in deframer.feed(chunk):
                    self.acknowledged += item is ACK
                    self.refused += item is st7580.NAK
                    if isinstance(item, Frame):
                        self.frames.append(item)
                        for say in self.script(item):
                            saying.create_task(_say(stream, say, loop.time()))


def configured(frame: Frame) -> list[Say]:
    """Answer the host's configuration as a modem does."""
    if frame.command == Command.MIB_WRITE_REQ:
        return [Say(st7580.encode(ACK) + st7580.encode(Frame(Command.MIB_WRITE_CNF)))]
    return []


def carried(air: AirTime, request: bytes, reply: bytes) -> list[Say]:
    """Return what an ST7580 says while it carries a request and hears the reply."""
    sent = air.frame_s(len(request))
    heard = sent + air.turnaround_s + air.frame_s(len(reply))
    return [
        Say(st7580.encode(ACK)),
        Say(st7580.encode(st7580.confirmation()), sent),
        Say(st7580.encode(st7580.indication(reply)), heard),
    ]


async def serve(listener: Listener, peer: TransparentPeer | St7580Peer) -> None:
    """Talk to one client after another."""
    while True:
        stream = await listener.accept()
        try:
            await peer.talk(stream)
        except* LinkDownError:
            stream.close()


@asynccontextmanager
async def plugged(
    settings: PlcSettings, peer: TransparentPeer | St7580Peer, link: PlcLink | None = None
) -> AsyncIterator[PlcLink]:
    """Run a link and its far end, and yield the link once it is up."""
    listener = await listen(settings.url)
    link = link or PlcLink("plc", replace(settings, url=listener.url))  # a socket's port is known now
    tasks = [asyncio.create_task(serve(listener, peer)), asyncio.create_task(link.run())]
    try:
        await link.wait_up()
        yield link
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listener.close()
