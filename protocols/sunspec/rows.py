"""How a SunSpec model is written down: registers counted from the model's ID, scale factors as powers of ten.

A scale factor stands in the map as a register of its own and never changes at run time.
"""

from protocols.layout import Field, Fixed, Float, Layout, Row, Text
from protocols.points import Point

NOT_IMPLEMENTED = {"H": 0xFFFF, "h": -0x8000, "I": 0xFFFF_FFFF, "i": -0x8000_0000, "Q": 0}  # Q: acc64
_NO_COUNT = 0xFFFF_FFFF_FFFF_FFFF  # uint64


def number(register: int, fmt: str, point: Point, sf: int = 0, port: int = 0) -> Field:
    """Return the row of a scaled number."""
    return Field(
        2 * register,
        fmt,
        point,
        div=10 ** max(-sf, 0),
        mul=10 ** max(sf, 0),
        port=port,
        absent=NOT_IMPLEMENTED[fmt],
        saturates=True,
    )


def floats(register: int, *points: Point) -> tuple[Float, ...]:
    """Return the rows of numbers in two registers each, one behind the other."""
    return tuple(Float(2 * register + 4 * index, point) for index, point in enumerate(points))


def acc32(register: int, point: Point, port: int = 0) -> Field:
    """Return the row of an energy counter in Wh; 0 means not implemented, so a counter at 0 reads as None."""
    return Field(2 * register, "I", point, port=port, absent=0)


def count64(register: int, point: Point, port: int = 0) -> Field:
    """Return the row of an energy counter in Wh that has a code of its own for not implemented."""
    return Field(2 * register, "Q", point, port=port, absent=_NO_COUNT)


def flags(register: int, fmt: str, point: Point, port: int = 0) -> Field:
    """Return the row of an enumeration or a bit field."""
    return Field(2 * register, fmt, point, port=port, absent=NOT_IMPLEMENTED[fmt])


def text(register: int, registers: int, point: Point) -> Text:
    """Return the row of a string."""
    return Text(2 * register, 2 * registers, point)


def fixed(fmt: str, raw: int, *registers: int) -> tuple[Fixed, ...]:
    """Return rows that always hold `raw`."""
    return tuple(Fixed(2 * register, fmt, raw) for register in registers)


def unused(fmt: str, *registers: int) -> tuple[Fixed, ...]:
    """Return the rows of points that are not implemented."""
    return fixed(fmt, NOT_IMPLEMENTED[fmt], *registers)


def uncounted(*registers: int) -> tuple[Fixed, ...]:
    """Return the rows of 64-bit counters that are not implemented."""
    return fixed("Q", _NO_COUNT, *registers)


def model(number_: int, length: int, *rows: Row) -> Layout:
    """Return the layout of a model: ID, length, `length` registers."""
    return Layout(f"sunspec.{number_}", 4 + 2 * length, Fixed(0, "H", number_), Fixed(2, "H", length), *rows)
