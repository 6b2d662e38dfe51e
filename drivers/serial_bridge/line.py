"""One opening of a bridge: requests out, fragments in."""

import asyncio
from collections import deque

from drivers.link import LinkCounters
from drivers.serial_bridge.pace import Window
from drivers.serial_bridge.settings import BridgeSettings
from drivers.stream import ByteStream
from protocols.errors import LinkDownError
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import (
    ANSWER,
    MIN_FRAME,
    OWN_MODULE,
    Main,
    RadioFrame,
    channel_change,
    decode,
    module_query,
)

FRAMES = 32  # an answer has twelve at most; no chatterbox fills the memory
TRIES = 5  # some bridges start anew when their port is opened, and need seconds for it
ANSWER_S = 1.0  # for the bridge's own answers, beside the latency
_INVERTER = slice(1, 5)


class BridgeLine:
    """A radio from the opening of its port to the loss of it."""

    def __init__(self, stream: ByteStream, settings: BridgeSettings, counters: LinkCounters) -> None:
        self._stream = stream
        self._settings = settings
        self._counters = counters
        self._deframer = radio_bridge.Deframer(stuffed=settings.stuffed)
        self._frames: deque[bytes] = deque(maxlen=FRAMES)
        self._changed = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._window: Window | None = None
        self._asked = b""  # address of the inverter that is asked
        self._lost: str | None = None

    async def start(self) -> None:
        """Ask who the bridge is, and tell a sub-GHz radio its channel. Raises LinkDownError when it does not answer."""
        await self._tell(module_query(), Main.MODULE)
        if self._settings.radio == "cmt2300a":
            change = channel_change(0, 0, self._settings.band, self._settings.channel, index=OWN_MODULE)
            await self._tell(change, Main.CHANNEL)

    async def _tell(self, frame: bytes, main: Main) -> None:
        """Say something to the bridge itself until it answers."""
        for _ in range(TRIES):
            await self._write(frame)
            try:
                async with asyncio.timeout(ANSWER_S + self._settings.latency_s):
                    return await self._answered(main | ANSWER)
            except TimeoutError:
                self._deframer.clear()
        raise LinkDownError(f"no answer from a bridge at {self._settings.baud} baud")

    async def _answered(self, main: int) -> None:
        while all(frame[0] != main for frame in self._cut(await self._stream.read())):
            pass

    def lose(self, reason: str) -> str:
        """Close the port, once; return the first reason."""
        if self._lost is None:
            self._lost = reason
            self._stream.close()
            self._changed.set()
        return self._lost

    async def listen(self) -> None:
        """Take what the bridge says until LinkDownError is raised."""
        while True:
            for frame in self._cut(await self._stream.read()):
                self._take(decode(frame), frame)

    def _cut(self, chunk: bytes) -> list[bytes]:
        dropped = self._deframer.dropped_bytes
        frames = self._deframer.feed(chunk)
        dropped = self._deframer.dropped_bytes - dropped
        self._counters.noise_bytes += dropped
        self._counters.damaged += dropped >= MIN_FRAME  # so many bytes in a row were a frame
        return frames

    def _take(self, frame: RadioFrame, datagram: bytes) -> None:
        """Keep what came over the air; only what comes from who was asked tells when the rest is due."""
        if frame.main in (Main.MODULE | ANSWER, Main.CHANNEL | ANSWER):
            return  # the bridge itself
        self._counters.received += 1
        self._frames.append(datagram)
        if self._window is not None and datagram[_INVERTER] == self._asked:
            self._window.heard(self._now(), frame.number)
        self._changed.set()

    async def request(self, datagram: bytes, *, replies: int, within_s: float) -> None:
        """Send once the air is free, and open the window. Raises LinkDownError."""
        self._check()
        if self._window is not None:
            await asyncio.sleep(max(self._window.free_at - self._now(), 0.0))
        self._check()
        self._frames.clear()  # late fragments of what was asked before
        self._asked = datagram[_INVERTER]
        self._window = Window(self._settings, self._now(), len(datagram), replies=replies, within_s=within_s)
        self._counters.sent += 1
        await self._write(self._tuned(datagram))

    def _tuned(self, datagram: bytes) -> bytes:
        """Return the datagram; the channel that a call names is the one of this radio."""
        if datagram[0] != Main.CHANNEL:
            return datagram
        call = decode(datagram)
        return channel_change(call.inverter, call.dtu, self._settings.band, self._settings.channel)

    async def _write(self, frame: bytes) -> None:
        try:
            await self._stream.write(radio_bridge.encode(frame, stuffed=self._settings.stuffed))
        except LinkDownError as error:
            self.lose(str(error))
            raise

    async def answer(self) -> bytes | None:
        """Return the next frame; None once the window has closed. Raises LinkDownError."""
        while True:
            self._check()
            if self._frames:
                return self._frames.popleft()
            if self._window is None or self._now() >= self._window.deadline:
                return None
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self._window.deadline):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _check(self) -> None:
        if self._lost is not None:
            raise LinkDownError(self._lost)
