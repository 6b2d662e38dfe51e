"""One opening of a modem: requests out, answers in, and when the medium is free."""

import asyncio
from collections import deque

from drivers.link import LinkCounters
from drivers.plc.modems import Heard, Modem, Note
from drivers.plc.timing import AirTime, Allowance, Window
from drivers.stream import ByteStream
from protocols.errors import LinkDownError

FRAMES = 16  # one answer is expected; no chatterbox on the line fills the memory


class Line:
    """A half-duplex medium from the opening of its port to the loss of it."""

    def __init__(self, stream: ByteStream, modem: Modem, air: AirTime, counters: LinkCounters) -> None:
        self.air = air
        self.excess_s = 0.0  # by which the last frame came later than on paper
        self._stream = stream
        self._modem = modem
        self._counters = counters
        self._frames: deque[bytes] = deque(maxlen=FRAMES)
        self._changed = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._quiet_at = self._now()
        self._window = Window(air, self._now(), 0, 0, wait_s=0.0, early=False)
        self._reply_bytes = 0
        self._margin_s = 0.0
        self._began: float | None = None  # when the bytes began that wait for the rest of their frame
        self._early = False  # the last answer came byte by byte, not as a whole
        self._lost: str | None = None

    async def start(self) -> None:
        """Make the modem ready. Raises LinkDownError."""
        await self._modem.start()

    def lose(self, reason: str) -> str:
        """Close the port, once; return the first reason."""
        if self._lost is None:
            self._lost = reason
            self._stream.close()
            self._changed.set()
        return self._lost

    async def listen(self) -> None:
        """Take what the modem says until LinkDownError is raised."""
        while True:
            chunk = await self._stream.read()
            began = self._now() if self._began is None else self._began
            deadline = self._window.deadline
            for heard in await self._modem.take(chunk):
                self._note(heard, began)
            self._began = began if self._modem.pending else None
            self._window.heard(self._now(), self._modem.pending, self._margin_s)
            if self._frames or self._window.deadline < deadline:  # a later end is noticed when the earlier one comes
                self._changed.set()

    def _note(self, heard: Heard, began: float) -> None:
        now = self._now()
        match heard:
            case Note.SENT:
                self._window.confirmed(now)
            case Note.REFUSED:
                self._window.over(now)
            case bytes():
                self._counters.received += 1
                self._frames.append(heard)
                self._quiet_at = now + self.air.turnaround_s
                self.excess_s = now - self._window.paper_end
                if self._modem.early and len(heard) == self._reply_bytes:
                    self._early = now - began >= self.air.bytes_s(len(heard)) / 2

    async def request(self, datagram: bytes, reply_bytes: int, within_s: float, allowance: Allowance) -> None:
        """Send once the medium is quiet, and open the window. Raises LinkDownError."""
        self._check()
        await asyncio.sleep(max(self._quiet_at - self._now(), 0.0))
        self._check()
        self._forget()
        now = self._now()
        self._reply_bytes, self._margin_s = reply_bytes, allowance.seconds
        wait_s = within_s + allowance.seconds
        self._window = Window(
            self.air,
            now,
            len(datagram),
            reply_bytes,
            wait_s=wait_s,
            early=self._early,
            confirm_s=self._modem.confirm_s,
        )
        self._quiet_at = now + self.air.transaction_s(len(datagram), reply_bytes)
        self._counters.sent += 1
        try:
            if not await self._modem.send(datagram):
                self._window.over(self._now())
        except LinkDownError as error:
            self.lose(str(error))
            raise

    async def answer(self) -> bytes | None:
        """Return the next frame; None once the window has closed. Raises LinkDownError."""
        while True:
            self._check()
            if self._frames:
                return self._frames.popleft()
            if self._now() >= self._window.deadline:
                self._miss()
                return None
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self._window.deadline):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _miss(self) -> None:
        self._forget()
        self._quiet_at = self._now()  # nothing is on the way: the medium is free

    def _forget(self) -> None:
        self._modem.forget()
        self._frames.clear()
        self._began = None

    def _check(self) -> None:
        if self._lost is not None:
            raise LinkDownError(self._lost)
