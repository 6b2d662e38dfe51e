"""A payload is declared once: one declaration serves the gateway (unpack) and the emulator (pack)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isnan, nan
from struct import Struct, calcsize
from struct import error as struct_error
from typing import Any, TypeAlias

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.points import Channel, Point, Value


@dataclass(frozen=True, slots=True)
class Field:
    """A number at byte `at`: raw integer * `mul` / `div` = value in the point's unit.

    Raw `absent` means not available. A value beyond the field is an error of ours, except where it `saturates`: then
    the largest or smallest raw number means "this or beyond".
    """

    at: int
    fmt: str  # a struct code: B b H h I i Q q
    point: Point
    div: int = 1
    port: int = 0
    absent: int | None = None
    mul: int = 1
    saturates: bool = False


@dataclass(frozen=True, slots=True)
class Float:
    """A number in IEEE 754, 32 bits, at byte `at`; not a number means not available."""

    at: int
    point: Point
    port: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """ASCII text of `size` bytes at byte `at`, padded with NUL or blanks; nothing but padding means not available."""

    at: int
    size: int
    point: Point


@dataclass(frozen=True, slots=True)
class Bits:
    """Small integers inside a covering integer at byte `at`; rows are (point, lowest bit, width)."""

    at: int
    fmt: str
    rows: tuple[tuple[Point, int, int], ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """An integer at byte `at` that is always `raw`: a mark, a length, a scale factor; any other breaks the payload."""

    at: int
    fmt: str
    raw: int


Row: TypeAlias = Field | Float | Text | Bits | Fixed
_Writer: TypeAlias = Callable[[Mapping[Channel, Value]], float | bytes]


def _code(row: Row) -> str:
    match row:
        case Text():
            return f"{row.size}s"
        case Float():
            return "f"
        case _:
            return row.fmt


def _channels(row: Row) -> list[Channel]:
    match row:
        case Field() | Float():
            return [Channel(row.point, row.port)]
        case Text():
            return [Channel(row.point)]
        case Bits():
            return [Channel(point) for point, _, _ in row.rows]
        case Fixed():
            return []


class Layout:
    """A payload of `size` bytes; checks itself and compiles to one `struct.Struct` when it is built.

    Raises LocalProtocolError when rows overlap, overrun the payload or name a channel twice.
    """

    __slots__ = ("_fixed", "_numbers", "_others", "_rows", "_struct", "_writers", "channels", "name", "size")

    def __init__(self, name: str, size: int, *rows: Row, order: str = ">") -> None:
        self.name = name
        self.size = size
        self._rows = tuple(sorted(rows, key=lambda row: row.at))
        self._struct = Struct(order + self._compile(order))
        self.channels = tuple(channel for row in self._rows for channel in _channels(row))
        if len(set(self.channels)) != len(self.channels):
            raise LocalProtocolError(f"layout {name}: a channel is declared twice")
        indexed = tuple(enumerate(self._rows))
        self._numbers = tuple(
            (index, Channel(row.point, row.port), row.mul, row.div, row.absent)
            for index, row in indexed
            if isinstance(row, Field)
        )
        self._writers = tuple(_writer(row) for row in self._rows)
        self._others = tuple((index, row) for index, row in indexed if isinstance(row, Float | Text | Bits))
        self._fixed = tuple((index, row) for index, row in indexed if isinstance(row, Fixed))

    def __repr__(self) -> str:
        return f"Layout({self.name})"

    def _compile(self, order: str) -> str:
        code, end = "", 0
        for row in self._rows:
            if row.at < end:
                raise LocalProtocolError(f"layout {self.name}: byte {row.at} is declared twice")
            code += f"{row.at - end}x" + _code(row)
            end = row.at + calcsize(order + _code(row))
        if end > self.size:
            raise LocalProtocolError(f"layout {self.name}: needs {end} bytes, has {self.size}")
        return code + f"{self.size - end}x"

    def unpack(self, payload: bytes) -> dict[Channel, Value]:
        """Return the values of a payload; raises RemoteProtocolError when its length or a fixed number is wrong."""
        if len(payload) != self.size:
            raise RemoteProtocolError(f"{self.name}: {len(payload)} bytes instead of {self.size}")
        raws = self._struct.unpack(payload)
        for index, fixed in self._fixed:
            if raws[index] != fixed.raw:
                raise RemoteProtocolError(f"{self.name}: {raws[index]} at byte {fixed.at} instead of {fixed.raw}")
        values: dict[Channel, Value] = {
            channel: None if raws[i] == absent else raws[i] * mul if div == 1 else raws[i] * mul / div
            for i, channel, mul, div, absent in self._numbers
        }
        for index, row in self._others:
            values.update(_read(row, raws[index]))
        return values

    def channels_within(self, start: int, stop: int) -> tuple[Channel, ...]:
        """Return the channels whose bytes lie wholly between two places in the payload."""
        inside = (row for row in self._rows if start <= row.at and row.at + calcsize(f">{_code(row)}") <= stop)
        return tuple(channel for row in inside for channel in _channels(row))

    def pack(self, values: Mapping[Channel, Value]) -> bytes:
        """Return the payload for `values`: the inverse of `unpack`.

        Raises LocalProtocolError when a channel is missing or a value does not fit its field.
        """
        try:
            return self._struct.pack(*[write(values) for write in self._writers])
        except KeyError as error:
            raise LocalProtocolError(f"{self.name}: no value for {error.args[0]}") from error
        except (struct_error, ValueError, TypeError, OverflowError) as error:
            raise LocalProtocolError(f"{self.name}: {error}") from error


def _read(row: Float | Text | Bits, raw: Any) -> Iterable[tuple[Channel, Value]]:
    if isinstance(row, Float):
        return ((Channel(row.point, row.port), None if isnan(raw) else raw),)
    if isinstance(row, Text):
        text = bytes(raw).split(b"\0", 1)[0].decode("ascii", "replace").strip()
        return ((Channel(row.point), text or None),)
    return ((Channel(point), int(raw) >> low & (1 << width) - 1) for point, low, width in row.rows)


def _writer(row: Row) -> _Writer:
    """Return what finds the raw value of a row."""
    match row:
        case Field():
            return _number_writer(row)
        case Float():
            channel = Channel(row.point, row.port)
            return lambda values: _float(values[channel])
        case Text():
            text = Channel(row.point)
            return lambda values: _text(values[text], row)
        case Bits():
            bits = [(Channel(point), low, width) for point, low, width in row.rows]
            return lambda values: sum(_bits(values[each], each.point, width) << low for each, low, width in bits)
        case Fixed():
            return lambda _: row.raw


def _number_writer(row: Field) -> _Writer:
    channel, mul, div, absent, saturates = Channel(row.point, row.port), row.mul, row.div, row.absent, row.saturates
    low, high = _range(row)

    def write(values: Mapping[Channel, Value]) -> int:  # one call for each number of each payload: no more
        value = values[channel]
        if value is None:
            if absent is None:
                raise ValueError(f"{row.point} has no code for 'not available'")
            return absent
        if isinstance(value, str):
            raise TypeError(f"{row.point} = {value!r} is no number")
        scaled = value * div
        raw = round(scaled if mul == 1 else scaled / mul)
        if saturates:
            return raw if low <= raw <= high else min(max(raw, low), high)
        if raw == absent:
            raise ValueError(f"{row.point} = {value} would read as 'not available'")
        return raw

    return write


def _float(value: Value) -> float:
    if isinstance(value, str):
        raise TypeError(f"{value!r} is no number")
    return nan if value is None else value


def _range(row: Field) -> tuple[int, int]:
    """Return the smallest and the largest raw number; the code for 'not available' stands at one end."""
    span = 1 << 8 * calcsize(f">{row.fmt}")
    low = 0 if row.fmt.isupper() else -span // 2
    high = low + span - 1
    return low + (row.absent == low), high - (row.absent == high)


def _text(value: Value, row: Text) -> bytes:
    raw = b"" if value is None else str(value).encode("ascii")
    if len(raw) > row.size:
        raise ValueError(f"{row.point} = {value!r} is longer than {row.size}")
    return raw.ljust(row.size, b"\0")


def _bits(value: Value, point: Point, width: int) -> int:
    if not isinstance(value, int) or not 0 <= value < 1 << width:
        raise ValueError(f"{point} = {value!r} does not fit {width} bits")
    return value
