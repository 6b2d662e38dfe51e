"""Application data units for serial lines, and a deframer that needs no silence between them.

    node 1 | PDU | CRC-16 2, low byte first

The 3.5-character silence does not survive a power-line modem, so a frame is found by its length and its CRC.
"""

from protocols.errors import RemoteProtocolError
from protocols.framing.crc import crc16_modbus
from protocols.modbus.pdu import Function

BROADCAST = 0
MAX_NODE = 247
MIN_ADU = 5  # an exception: node, function, code, CRC
MAX_ADU = 256  # Modbus over Serial Line V1.02 §2.5.1
OVERHEAD = 3  # node and CRC


def encode(node: int, pdu: bytes) -> bytes:
    """Return the ADU for a PDU."""
    body = bytes((node,)) + pdu
    return body + crc16_modbus(body).to_bytes(2, "little")


def decode(adu: bytes) -> tuple[int, bytes]:
    """Return node and PDU; raises RemoteProtocolError on a bad length or CRC."""
    if not MIN_ADU <= len(adu) <= MAX_ADU:
        raise RemoteProtocolError(f"ADU of {len(adu)} bytes")
    if crc16_modbus(adu):
        raise RemoteProtocolError("ADU with a bad CRC-16")
    return adu[0], adu[1:-2]


def reseal(old: bytes, new: bytes) -> bytes:
    """Return `new`, made of the ADU `old` by changing bytes in place: with a right CRC if `old` had one."""
    right = len(old) == len(new) >= MIN_ADU and not crc16_modbus(old)
    return new[:-2] + crc16_modbus(new[:-2]).to_bytes(2, "little") if right else new


_KNOWN = frozenset(Function)


def _lengths(head: bytes | bytearray) -> tuple[int, ...]:
    """Return the lengths that a frame beginning with `head` (MIN_ADU bytes or more) may have; none: not a frame."""
    function = head[1]
    if head[0] > MAX_NODE:
        return ()
    if function & 0x80:
        return (5,) if (function & 0x7F) in _KNOWN else ()
    match function:
        case Function.READ_HOLDING | Function.READ_INPUT:
            count = head[2]
            return (8,) if count % 2 or not count else (8, 5 + count)
        case Function.WRITE_SINGLE:
            return (8,)
        case Function.WRITE_MULTIPLE:
            return (8,) if len(head) < 7 else (8, 9 + head[6])
        case _:
            return ()


def _is_frame(heard: bytearray) -> bool:
    """Tell whether bytes are one frame, and no shorter one stands at their beginning: so they come nearly always."""
    if not MIN_ADU <= len(heard) <= MAX_ADU:
        return False
    lengths = _lengths(heard[:7])
    if len(heard) not in lengths or crc16_modbus(heard):
        return False
    return all(crc16_modbus(heard[:length]) for length in lengths if length < len(heard))


class Deframer:
    """Cuts ADUs, requests and answers alike, out of a stream of bytes with noise in it.

    Every byte may begin a frame. One that does stays a candidate, beside all others, until a CRC proves or disproves
    it: a decoy never delays the frame behind it, and what looks like a frame inside a longer one does not cost the
    longer one. Each candidate is at most one ADU of 256 bytes, and so is the buffer between two calls.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._base = 0  # place of the buffer's first byte in the stream
        self._judged = 0  # places before this one are frames, dropped or candidates
        self._told = 0  # bytes before this place are in a frame or counted as dropped
        self._open: list[tuple[int, int]] = []  # candidates: place, and the length that is awaited
        self.dropped_bytes = 0

    def __len__(self) -> int:
        return self._base + len(self._buffer) - self._told

    def clear(self) -> None:
        """Forget a partial frame."""
        if not self._buffer:
            return
        self._trim(self._base + len(self._buffer))
        self._open.clear()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the ADUs that `chunk` completes, in order."""
        self._buffer += chunk
        end = self._base + len(self._buffer)
        if self._judged == self._base and _is_frame(self._buffer):
            whole = bytes(self._buffer)
            self._buffer.clear()
            self._base = self._judged = self._told = end
            return [whole]
        waiting = [*self._open, *((at, 0) for at in range(self._judged, end - MIN_ADU + 1))]
        self._judged = max(self._judged, end - MIN_ADU + 1)
        self._open.clear()
        frames: list[bytes] = []
        inside = 0  # end of the frame found last
        for at, length in waiting:
            if at >= inside and (frame := self._judge(at, length, end)):
                frames.append(frame)
                inside = at + len(frame)
                self._tell(at, inside)
        self._judged = max(self._judged, inside)
        self._trim(min([place for place, _ in self._open] + [self._judged, end]))
        return frames

    def _judge(self, at: int, length: int, end: int) -> bytes | None:
        """Return the frame at `at` if one of its lengths from `length` up is whole and true; else keep or forget it."""
        first = at - self._base
        for longer in self._longer(first, length):
            if longer > MAX_ADU:
                break
            if at + longer > end:
                self._open.append((at, longer))
                break
            frame = self._buffer[first : first + longer]
            if not crc16_modbus(frame):
                return bytes(frame)
        return None

    def _longer(self, first: int, length: int) -> list[int]:
        return sorted(n for n in _lengths(self._buffer[first : first + 7]) if n >= length)

    def _tell(self, at: int, end: int) -> None:
        """Count what stands before the frame at `at` as dropped."""
        self.dropped_bytes += max(0, at - self._told)
        self._told = max(self._told, end)

    def _trim(self, place: int) -> None:
        """Give up the bytes before `place`."""
        self._tell(place, place)
        del self._buffer[: place - self._base]
        self._base = place
        self._judged = max(self._judged, place)
