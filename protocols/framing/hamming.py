"""Hamming (7,4): each nibble becomes seven bits, four of data and three of parity; one wrong bit is put right.

Systematic, generator x^3 + x^2 + 1. A byte is its high nibble's word, then its low nibble's; words follow one another
without a gap, first bit in the highest place:

    1b = 0001 101  1011 100
"""

_PARITY = (
    0b000,
    0b101,
    0b111,
    0b010,
    0b011,
    0b110,
    0b100,
    0b001,
    0b110,
    0b011,
    0b001,
    0b100,
    0b101,
    0b000,
    0b010,
    0b111,
)
_WORDS = tuple(nibble << 3 | parity for nibble, parity in enumerate(_PARITY))
WORD_BITS = 7


def _nearest(word: int) -> int:
    return next(nibble for nibble, code in enumerate(_WORDS) if (code ^ word).bit_count() <= 1)


_NIBBLES = tuple(_nearest(word) for word in range(1 << WORD_BITS))  # the code is perfect: every word has one neighbour


def encoded_bytes(count: int) -> int:
    """Return how many bytes `count` bytes become."""
    return -(-count * 2 * WORD_BITS // 8)


def encode(data: bytes) -> bytes:
    """Return the code words of `data`; zero bits fill up the last byte."""
    bits = 0
    for byte in data:
        bits = bits << 2 * WORD_BITS | _WORDS[byte >> 4] << WORD_BITS | _WORDS[byte & 0x0F]
    size = encoded_bytes(len(data))
    return (bits << 8 * size - 2 * WORD_BITS * len(data)).to_bytes(size, "big")


def decode(coded: bytes) -> tuple[bytes, int]:
    """Return the bytes whose code words are complete, and how many bits were put right."""
    stream, count = int.from_bytes(coded, "big"), 8 * len(coded) // WORD_BITS
    words = [stream >> 8 * len(coded) - WORD_BITS * (n + 1) & (1 << WORD_BITS) - 1 for n in range(count // 2 * 2)]
    nibbles = [_NIBBLES[word] for word in words]
    mended = sum(_WORDS[nibble] != word for nibble, word in zip(nibbles, words, strict=True))
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True)), mended
