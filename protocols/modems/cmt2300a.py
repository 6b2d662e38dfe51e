"""What a CMT2300A puts on the air between the sync word and silence: a packet, coded against errors.

    length 1 | frame, `length` bytes | CRC-16 2, high byte first          then every byte as two Hamming (7,4) words
    1b | 15 a01121ae 00000000 80 0b00 68f0cfca 0000 0000 00000000 3fd8 da | 50b7

Preamble of 30 times aa, sync word 4d 48 5a 48, GFSK at 20 kbit/s. CRC-16/UMTS over length byte and frame. No whitening.
"""

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.framing import hamming
from protocols.framing.crc import crc16_umts

PREAMBLE = b"\xaa" * 30
SYNC = bytes.fromhex("4d485a48")
MAX_FRAME = 32  # bytes that the chip's set-up takes
BITS_PER_S = 20_000
_OVERHEAD = 3


def packet(frame: bytes) -> bytes:
    """Return a frame between its length and its CRC; raises LocalProtocolError when it is too long."""
    if not 0 < len(frame) <= MAX_FRAME:
        raise LocalProtocolError(f"a frame of {len(frame)} bytes")
    counted = bytes((len(frame),)) + frame
    return counted + crc16_umts(counted).to_bytes(2, "big")


def frame_of(received: bytes) -> bytes:
    """Return the frame in a packet; what the receiver heard after its end is noise. Raises RemoteProtocolError."""
    if not received or not 0 < received[0] <= MAX_FRAME or len(received) < received[0] + _OVERHEAD:
        raise RemoteProtocolError("no whole packet")
    end = 1 + received[0]
    if crc16_umts(received[:end]) != int.from_bytes(received[end : end + 2], "big"):
        raise RemoteProtocolError("wrong CRC on the air")
    return received[1:end]


def on_air(frame: bytes) -> bytes:
    """Return the bits that follow the sync word."""
    return hamming.encode(packet(frame))


def off_air(bits: bytes) -> bytes:
    """Return the frame in what followed a sync word; single wrong bits are put right. Raises RemoteProtocolError."""
    received, _ = hamming.decode(bits)
    return frame_of(received)


def air_s(frame_bytes: int) -> float:
    """Return the time on the air of a frame of that length, preamble and all."""
    coded = hamming.encoded_bytes(frame_bytes + _OVERHEAD)
    return 8 * (len(PREAMBLE) + len(SYNC) + coded) / BITS_PER_S
