"""The application frame, called L2, behind six bytes of id.

    byte  0      2    3    4        n-4   n-2
          FB FB  len  cmd  body     sum   FE FE        sum: 16 bits over bytes 2 … n-5
          FB FB  06   BB   00 * 5   00 C1 FE FE        a poll

On requests the id is the gateway's own, reversed; on answers it is the unit's serial number. `len` is 1 + the length of
the body in requests; in answers it is 7 less than the whole frame, but a QS1A says 51 in a frame of 90 bytes: the end
comes from the length of the message. Sum 0000 means "not used" where the family does not sum.
"""

from dataclasses import dataclass

from protocols.errors import LocalProtocolError, RemoteProtocolError

HEAD, TAIL = b"\xfb\xfb", b"\xfe\xfe"
EXTRA = 8  # everything but the body
ID_BYTES = 6
PLAIN_FROM = 0xF0  # first byte of a frame that is not encrypted
UNUSED = 0
_BODY_BYTES = 5  # of a request
_LIES = {(0x51, 90)}  # length byte and whole frame: QS1A


class EncryptedError(RemoteProtocolError):
    """The frame is of the AES link layer of newer units, which is not supported."""


REBOOT = bytes.fromhex("FBFB06C1000000000000A6FEFE")  # the only frame in use whose sum is wrong


@dataclass(frozen=True, slots=True)
class L2:
    """A command and its body; `check` is the sum that it carries, None the right one, UNUSED none."""

    command: int
    body: bytes = bytes(_BODY_BYTES)
    check: int | None = None

    @property
    def sum(self) -> int:
        """Return the right sum of a request."""
        return sum((len(self.body) + 1, self.command, *self.body)) & 0xFFFF


def encode(frame: L2, *, length: int | None = None) -> bytes:
    """Return the bytes of a frame; `length` is its length byte where that is not 1 + the body's length."""
    said = len(frame.body) + 1 if length is None else length
    if said > 0xFF:
        raise LocalProtocolError(f"an L2 body of {len(frame.body)} bytes")
    summed = bytes((said, frame.command)) + frame.body
    check = sum(summed) & 0xFFFF if frame.check is None else frame.check
    return HEAD + summed + check.to_bytes(2, "big") + TAIL


def encode_answer(frame: L2) -> bytes:
    """Return the bytes of an answer, whose length byte is 7 less than the frame."""
    length = len(frame.body) + 1
    return encode(frame, length=next((said for said, whole in _LIES if whole == length + 7), length))


def decode(raw: bytes) -> L2:
    """Return command and body; raises RemoteProtocolError, or EncryptedError when the frame is not in plain text."""
    if raw[:1] and raw[0] < PLAIN_FROM:
        raise EncryptedError("encrypted (AES) frame: not supported")
    if len(raw) < EXTRA or raw[:2] != HEAD:
        raise RemoteProtocolError("no L2 frame: FB FB is missing")
    if raw[-2:] != TAIL:
        raise RemoteProtocolError("L2 frame without its end FE FE")
    if raw[2] + 7 != len(raw) and (raw[2], len(raw)) not in _LIES:
        raise RemoteProtocolError(f"an L2 frame of {len(raw)} bytes that says {raw[2] + 7}")
    said, right = int.from_bytes(raw[-4:-2], "big"), sum(raw[2:-4]) & 0xFFFF
    if said not in (UNUSED, right) and raw != REBOOT:
        raise RemoteProtocolError(f"bad L2 checksum: {said:04X}, the sum is {right:04X}")
    return L2(raw[3], raw[4:-4], check=None if said == right else said)


def reseal(old: bytes, new: bytes) -> bytes:
    """Return `new`, made of the message `old` by changing bytes in place: with a right sum where `old` had one."""
    try:
        summed = decode(old[ID_BYTES:]).check is None
    except RemoteProtocolError:
        return new
    if not summed or len(new) != len(old):
        return new
    return new[:-4] + (sum(new[ID_BYTES + 2 : -4]) & 0xFFFF).to_bytes(2, "big") + new[-2:]
