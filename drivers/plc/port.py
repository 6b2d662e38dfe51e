"""A conversation with one unit."""

from drivers.plc.line import Line
from drivers.plc.timing import Allowance
from protocols.errors import LocalProtocolError


class PlcPort:
    """The line, granted for one conversation; it learns how long the unit's answers take."""

    def __init__(self, line: Line, allowance: Allowance) -> None:
        self._line = line
        self._allowance = allowance
        self._expected = 0  # bytes of the answer that is still due
        self._repeat = False

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        """Put a datagram on the line and open the window for its answer, one frame. Raises LinkDownError."""
        if replies != 1:
            raise LocalProtocolError(f"a unit on a line answers in one frame, not in {replies}")
        self._expected = reply_bytes
        await self._line.request(datagram, reply_bytes, within_s, self._allowance)

    async def receive(self) -> bytes | None:
        """Return the next frame heard; None once the window has closed. Raises LinkDownError."""
        frame = await self._line.answer()
        if frame is None:
            self._missed()
        elif len(frame) == self._expected:
            self._answered()
        return frame

    def _missed(self) -> None:
        if self._expected:
            self._allowance.missed()
            self._repeat = True
        self._expected = 0

    def _answered(self) -> None:
        if not self._repeat:
            self._allowance.answered(self._line.excess_s)
        self._repeat = False
        self._expected = 0
