"""Frames between a host and a radio module on a UART.

    7e | radio frame, 11 to 32 bytes | 7f
    7e | 07 00000000 00000000 00 07 | 7f                          who are you?

Seen on the UART inside Hoymiles' DTUs. Whether 7d, 7e and 7f are stuffed there is not settled: no capture holds one of
them inside a frame. So it is a setting: `stuffed` sends 7d 5d, 7d 5e and 7d 5f for them, as community logs suggest.
"""

from protocols.errors import LocalProtocolError
from protocols.framing.crc import crc8_xor
from protocols.modems.radio_frame import MAX_FRAME, MIN_FRAME

START, END, ESCAPE, FLIP = 0x7E, 0x7F, 0x7D, 0x20
_SPECIAL = frozenset((START, END, ESCAPE))


def encode(frame: bytes, *, stuffed: bool) -> bytes:
    """Return a frame as it goes over the UART; raises LocalProtocolError when its length is none of a radio frame."""
    if not MIN_FRAME <= len(frame) <= MAX_FRAME:
        raise LocalProtocolError(f"a bridge frame of {len(frame)} bytes")
    return bytes((START, *(_stuffed(frame) if stuffed else frame), END))


def _stuffed(frame: bytes) -> bytes:
    pairs = (bytes((ESCAPE, byte ^ FLIP)) if byte in _SPECIAL else bytes((byte,)) for byte in frame)
    return b"".join(pairs)


def _unstuffed(body: bytes) -> bytes:
    frame, escaped = bytearray(), False
    for byte in body:
        if byte == ESCAPE and not escaped:
            escaped = True
            continue
        frame.append(byte ^ FLIP if escaped else byte)
        escaped = False
    return bytes(frame)


class Deframer:
    """Cuts radio frames with a right CRC out of a stream of bytes with noise in it.

    Without stuffing a frame may hold START and END itself: it ends at the first END where the CRC is right. The buffer
    never holds more than the longest frame.
    """

    def __init__(self, *, stuffed: bool) -> None:
        self._stuffed = stuffed
        self._most = 2 + (2 if stuffed else 1) * MAX_FRAME
        self._buffer = bytearray()
        self.dropped_bytes = 0

    def __len__(self) -> int:
        return len(self._buffer)

    def clear(self) -> None:
        """Forget a partial frame."""
        self._drop(len(self._buffer))

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the frames that `chunk` completes, in order."""
        frames = []
        for byte in chunk:
            self._buffer.append(byte)
            if byte == END and (found := self._frame()):
                frames.append(found)
            self._trim()
        return frames

    def _frame(self) -> bytes | None:
        """Return the frame that the newest byte ends: from the earliest START that makes one."""
        at = self._buffer.find(START)
        while at >= 0:
            body = bytes(self._buffer[at + 1 : -1])
            frame = _unstuffed(body) if self._stuffed else body
            if MIN_FRAME <= len(frame) <= MAX_FRAME and crc8_xor(frame) == 0:
                self.dropped_bytes += at
                self._buffer.clear()
                return frame
            at = self._buffer.find(START, at + 1)
        return None

    def _trim(self) -> None:
        """Drop what cannot become a frame any more."""
        start = self._buffer.find(START)
        if start < 0:
            self.clear()
        elif start:
            self._drop(start)
        elif len(self._buffer) >= self._most:
            following = self._buffer.find(START, 1)
            self._drop(following if following > 0 else len(self._buffer))

    def _drop(self, count: int) -> None:
        self.dropped_bytes += count
        del self._buffer[:count]
