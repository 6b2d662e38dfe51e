"""Application data units for serial lines, and a deframer that needs no silence between them.

    node 1 | PDU | CRC-16 2, low byte first

The 3.5-character silence does not survive a power-line modem, so a frame is found by its length and its CRC: at each
byte the lengths that the function code allows are tried, and where none fits the search goes on one byte later.
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


def _lengths(head: bytes | bytearray, at: int) -> tuple[int, ...]:
    """Return the ADU lengths that a frame starting at `at` may have, shortest first; none: not a frame."""
    function = head[at + 1]
    if function & 0x80:
        return (5,) if (function & 0x7F) in _KNOWN else ()
    match function:
        case Function.READ_HOLDING | Function.READ_INPUT:
            count = head[at + 2]
            return (8,) if count % 2 or not count else tuple(sorted((8, 5 + count)))
        case Function.WRITE_SINGLE:
            return (8,)
        case Function.WRITE_MULTIPLE:
            return (8,) if len(head) - at < 7 else (8, 9 + head[at + 6])
        case _:
            return ()


_KNOWN = frozenset(Function)


class Deframer:
    """Cuts ADUs, requests and answers alike, out of a stream of bytes with noise in it.

    The buffer never holds more than one ADU of 256 bytes: what cannot become a frame is dropped and counted.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.dropped_bytes = 0

    def __len__(self) -> int:
        return len(self._buffer)

    def clear(self) -> None:
        """Forget a partial frame."""
        self.dropped_bytes += len(self._buffer)
        self._buffer.clear()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the ADUs that `chunk` completes, in order."""
        self._buffer += chunk
        frames: list[bytes] = []
        done = at = 0
        while len(self._buffer) - at >= MIN_ADU:
            length = self._frame_at(at)
            if length:
                self.dropped_bytes += at - done
                frames.append(bytes(self._buffer[at : at + length]))
                done = at = at + length
            else:
                at += 1
        keep = min(self._first_possible(done), len(self._buffer))
        self.dropped_bytes += keep - done
        del self._buffer[:keep]
        return frames

    def _frame_at(self, at: int) -> int:
        for length in _lengths(self._buffer, at):
            end = at + length
            if MIN_ADU <= length <= MAX_ADU and end <= len(self._buffer) and not crc16_modbus(self._buffer[at:end]):
                return length
        return 0

    def _first_possible(self, at: int) -> int:
        """Return the first place where a frame that is still growing may start."""
        have = len(self._buffer)
        while have - at >= MIN_ADU and not any(at + n > have and n <= MAX_ADU for n in _lengths(self._buffer, at)):
            at += 1
        return max(at, have - MAX_ADU)
