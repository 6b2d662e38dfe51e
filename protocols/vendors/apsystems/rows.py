"""Rows of a body: what `protocols.layout` has no code for, declared once for both directions.

Bodies hold numbers of 3 and 5 bytes, scales with an offset, a period instead of a frequency, and current and voltage
of an input packed into three bytes of an ADC:

    b0        b1              b2
    I low     V low, I high   V high        I = 12 bits * 27.5/4096 A, V = 12 bits * 82.5/4096 V
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.points import DCA, DCV, HZ, PF, Channel, Point, Value

Values = Mapping[Channel, Value]
CLOCK_HZ = 50_000_000  # counts of the timer that measures the period of the mains
_PERIOD_BYTES = 3
_TRIPLET_BYTES = 3
_ADC_MAX = 0xFFF
_A_PER_STEP = 27.5 / 4096
_V_PER_STEP = 82.5 / 4096


class Row(Protocol):
    """A part of a body."""

    @property
    def at(self) -> int:
        """Return the first byte."""
        ...

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        ...

    def read(self, raw: bytes) -> Values:
        """Return what the bytes say."""
        ...

    def write(self, values: Values) -> bytes:
        """Return the bytes that say it."""
        ...


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number: raw * mul / div + offset = value; what does not fit is cut to the nearest that does."""

    at: int
    size: int
    point: Point
    port: int = 0
    mul: float = 1
    div: float = 1
    offset: float = 0
    signed: bool = False
    wraps: bool = False  # a counter: its high bits are lost instead
    also: int | None = None  # another port that the number speaks of

    def read(self, raw: bytes) -> Values:
        """Return the value."""
        number = int.from_bytes(raw, "big", signed=self.signed)
        whole = self.mul == 1 and self.div == 1 and self.offset == 0
        value = number if whole else number * self.mul / self.div + self.offset
        ports = (self.port,) if self.also is None else (self.port, self.also)
        return {Channel(self.point, port): value for port in ports}

    def write(self, values: Values) -> bytes:
        """Return the nearest raw number."""
        raw = round((_number(values, Channel(self.point, self.port)) - self.offset) * self.div / self.mul)
        span = 1 << 8 * self.size
        low = -span // 2 if self.signed else 0
        raw = raw % span if self.wraps else min(max(raw, low), low + span - 1)
        return raw.to_bytes(self.size, "big", signed=self.signed)


@dataclass(frozen=True, slots=True)
class Period:
    """Frequency as the length of a period; 0 is no frequency."""

    at: int
    size: int = _PERIOD_BYTES

    def read(self, raw: bytes) -> Values:
        """Return the frequency."""
        counts = int.from_bytes(raw, "big")
        return {Channel(HZ): CLOCK_HZ / counts if counts else 0.0}

    def write(self, values: Values) -> bytes:
        """Return the period."""
        hertz = _number(values, Channel(HZ))
        counts = round(CLOCK_HZ / hertz) if hertz > 0 else 0
        return min(counts, (1 << 8 * self.size) - 1).to_bytes(self.size, "big")


@dataclass(frozen=True, slots=True)
class Triplet:
    """Current and voltage of an input."""

    at: int
    port: int
    size: int = _TRIPLET_BYTES

    def read(self, raw: bytes) -> Values:
        """Return both."""
        current, voltage = raw[0] | (raw[1] & 0x0F) << 8, raw[1] >> 4 | raw[2] << 4
        return {Channel(DCV, self.port): voltage * _V_PER_STEP, Channel(DCA, self.port): current * _A_PER_STEP}

    def write(self, values: Values) -> bytes:
        """Return both packed."""
        current = _steps(_number(values, Channel(DCA, self.port)), _A_PER_STEP)
        voltage = _steps(_number(values, Channel(DCV, self.port)), _V_PER_STEP)
        return bytes((current & 0xFF, current >> 8 | (voltage & 0x0F) << 4, voltage >> 4))


@dataclass(frozen=True, slots=True)
class PowerFactor:
    """A code: 1F is 1.0, 0B-14 the cosine in tenths from 0, 01-0A the sine in tenths from 0; others say nothing."""

    at: int
    size: int = 1

    def read(self, raw: bytes) -> Values:
        """Return the power factor, None for a code without meaning."""
        code = raw[0]
        if code == 0x1F:
            return {Channel(PF): 1.0}
        if 0x0B <= code <= 0x14:
            return {Channel(PF): (code - 0x0B) / 10}
        if 0x01 <= code <= 0x0A:
            return {Channel(PF): (1 - ((code - 1) / 10) ** 2) ** 0.5}
        return {Channel(PF): None}

    def write(self, values: Values) -> bytes:
        """Return the code for 1.0, or the nearest cosine."""
        factor = abs(_number(values, Channel(PF)))
        return bytes((0x1F if factor > 0.95 else 0x0B + round(10 * factor),))


@dataclass(frozen=True, slots=True)
class Body:
    """A body of `size` bytes; bytes of no row are as in `blank`. Its rows may not overlap."""

    name: str
    blank: bytes
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        end = 0
        for row in sorted(self.rows, key=lambda each: each.at):
            if row.at < end:
                raise LocalProtocolError(f"body {self.name}: byte {row.at} is declared twice")
            end = row.at + row.size
        if end > len(self.blank):
            raise LocalProtocolError(f"body {self.name}: needs {end} bytes, has {len(self.blank)}")

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.blank)

    def unpack(self, body: bytes) -> dict[Channel, Value]:
        """Return the values of a body; raises RemoteProtocolError when its length is wrong."""
        if len(body) != self.size:
            raise RemoteProtocolError(f"{self.name}: {len(body)} bytes instead of {self.size}")
        values: dict[Channel, Value] = {}
        for row in self.rows:
            values.update(row.read(body[row.at : row.at + row.size]))
        return values

    def pack(self, values: Values) -> bytes:
        """Return the body for `values`; raises LocalProtocolError when one is missing."""
        body = bytearray(self.blank)
        for row in self.rows:
            body[row.at : row.at + row.size] = row.write(values)
        return bytes(body)


def _number(values: Values, channel: Channel) -> float:
    value = values.get(channel)
    if value is None or isinstance(value, str):
        raise LocalProtocolError(f"no value for {channel.point} of port {channel.port}")
    return value


def _steps(value: float, step: float) -> int:
    return min(max(round(value / step), 0), _ADC_MAX)
