"""Application data units for TCP.

    transaction 2 | protocol 2, always 0 | length 2 of what follows | unit 1 | PDU

Whoever sends a request chooses the transaction, and gets it back in the answer.
"""

from struct import Struct

from protocols.errors import RemoteProtocolError

HEADER = 7  # bytes before the PDU
MIN_ADU = HEADER + 1
MAX_ADU = HEADER + 253
MAX_TRANSACTION = 0xFFFF
_HEAD = Struct(">HHHB")
_LENGTH_END = 6  # what the length does not count


def encode(unit: int, pdu: bytes) -> bytes:
    """Return the ADU for a PDU, with transaction 0."""
    return _HEAD.pack(0, 0, len(pdu) + 1, unit) + pdu


def decode(adu: bytes) -> tuple[int, bytes]:
    """Return unit and PDU; raises RemoteProtocolError when the header does not fit."""
    if not MIN_ADU <= len(adu) <= MAX_ADU or _length(adu) != len(adu):
        raise RemoteProtocolError(f"no ADU: {adu[:HEADER].hex()}")
    return adu[6], adu[HEADER:]


def transaction(adu: bytes) -> int:
    """Return the transaction of an ADU."""
    return int.from_bytes(adu[:2], "big")


def stamped(adu: bytes, number: int) -> bytes:
    """Return the ADU with another transaction."""
    return number.to_bytes(2, "big") + adu[2:]


def _length(head: bytes | bytearray) -> int | None:
    """Return the length of the ADU that begins so; None when none does."""
    _, protocol, length, _ = _HEAD.unpack_from(head)
    whole = int(length) + _LENGTH_END
    return whole if protocol == 0 and MIN_ADU <= whole <= MAX_ADU else None


class Deframer:
    """Cuts ADUs out of a stream. TCP loses nothing: after a header that is none there is no way back (`broken`)."""

    def __init__(self) -> None:
        self.broken = False
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the ADUs that `chunk` completes, in order; none once it is broken."""
        self._buffer += b"" if self.broken else chunk
        found: list[bytes] = []
        while len(self._buffer) >= HEADER:
            length = _length(self._buffer)
            if length is None:
                self.broken = True
                self._buffer.clear()
            elif len(self._buffer) < length:
                break
            else:
                found.append(bytes(self._buffer[:length]))
                del self._buffer[:length]
        return found
