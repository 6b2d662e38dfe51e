"""What an nRF24L01+ must be told to be heard by an nRF24LE1 in Enhanced ShockBurst: channels and pipe addresses.

serial …72818832 → node 72 81 88 32 → on air, first byte first: 32 88 81 72 01
                                      as a number of 64 bits:  0x3288817201
"""

CHANNELS = (3, 23, 40, 61, 75)  # 2400 MHz + channel
PREFIX = 0x01  # the fifth byte of every address
SEARCH_NODE = 0x6464_6464
SEARCH_PREFIX = 0x02  # so 64 64 64 64 02 on the air
BITS_PER_S = 250_000
_FRAMING_BYTES = 1 + 5 + 2  # preamble, address, CRC
_CONTROL_BITS = 9  # length, packet number, no-acknowledge


def pipe_address(node: int, prefix: int = PREFIX) -> bytes:
    """Return the address of a node, most significant byte first as it goes on the air."""
    return node.to_bytes(4, "little") + bytes((prefix,))


def pipe_number(node: int) -> int:
    """Return the address as the number that radio libraries take."""
    return int.from_bytes(pipe_address(node), "big")


def air_s(frame_bytes: int) -> float:
    """Return the time on the air of a frame of that length: preamble, address, control field and CRC are added."""
    return (8 * (_FRAMING_BYTES + frame_bytes) + _CONTROL_BITS) / BITS_PER_S
