"""What an M-Gateway shows to its clients: Modbus TCP, holding registers from 60000, big-endian, high word first.

Addresses stand on the wire as they are printed. A read must cover whole values; registers between values read 0.
What is not known of a map that other people have read out reads here as it did for them: 60330 and 60332.
"""

from collections.abc import Mapping
from struct import calcsize

from protocols.layout import Field, Fixed, Layout, Text
from protocols.points import SN, VR, Channel, Point, Value

FIRST = 60000
END = 60334
RESET_AT = 60400  # may only be written; what it does is not documented
UNIT = 1
NO_LIMIT = 0xFFFF_FFFF  # in the registers of largest powers
_NO_WATTS, _NO_VOLTS, _NO_AMPS = 0x7FFF_FFFF, 0xFFFF, 0x7FFF
"""What the M-Gateway itself puts where it has nothing to say is seen in 60330; the others are ours, after it."""

HARDWARE = Point("HwVr", None, "hardware version, high and low byte")
PROTOCOL = Point("ProtoVr", None, "version of the map, high and low byte")
PV_RATED = Point("PvWRtg", "W", "rated power of all inverters")
STO_RATED = Point("StoWRtg", "W", "rated power of the storage")
STO_CAPACITY = Point("StoWhRtg", "Wh", "capacity of the storage")
FAULT = Point("PlantSt", None, "0 normal, 1 fault")
STO_STATE = Point("StoSt", None, "1 charging, 2 discharging, 99 idle")
STO_MODE = Point("StoMod", None, "1 self-consumption, 2 time of use, 10 remote control")
PV_W = Point("PvW", "W", "power of all inverters")
STO_W = Point("StoW", "W", "power of the storage, positive: discharging")
GRID_W = Point("GridW", "W", "power from the grid, negative: to the grid")
PV_VAR = Point("PvVar", "var", "reactive power of all inverters")
STO_VAR = Point("StoVar", "var", "reactive power of the storage")
GRID_V = Point("GridV", "V", "voltage at the meter, by phase")
GRID_A = Point("GridA", "A", "current at the meter, by phase")
STO_SOC = Point("StoSoC", "%", "charge of the storage")
ISLAND = Point("Island", None, "0 on the grid, 1 off it")
STO_RUN = Point("StoRun", None, "0 idle, 1 charging, 2 discharging, 3 shut down, 4 faulty")
PV_WH = Point("PvWh", "Wh", "energy of all inverters, port 0 lifetime, 1 of the day")
CHARGED_WH = Point("ChaWh", "Wh", "energy into the storage, port 0 lifetime, 1 of the day")
DISCHARGED_WH = Point("DisWh", "Wh", "energy out of the storage, port 0 lifetime, 1 of the day")
EXPORT_WH = Point("ExpWh", "Wh", "energy to the grid, port 0 lifetime, 1 of the day")
IMPORT_WH = Point("ImpWh", "Wh", "energy from the grid, port 0 lifetime, 1 of the day")
CHARGE_NOW = Point("ChaWMax", "W", "largest power into the storage at present")
DISCHARGE_NOW = Point("DisWMax", "W", "largest power out of the storage at present")
REMOTE = Point("CtlMod", None, "0 local, 1 remote")
GRID_SET = Point("GridWSet", "W", "fixed power of the whole plant")
PCT = Point("WPct", "%", "active power of the rating")
FORCED = Point("StoCmd", None, "0 charge, 1 discharge, 2 exit, 4 self-consumption, 99 standby")
FORCED_MODE = Point("StoCmdMod", None, "0 until a charge, 1 for a time")
FORCED_SOC = Point("StoCmdSoC", "%", "charge to reach")
FORCED_MIN = Point("StoCmdTms", "min", "time to last")
FORCED_W = Point("StoCmdW", "W", "power of the forced command")
DISPATCH_W = Point("StoWSet", "W", "power of the storage, positive: discharging")
CHARGE_MAX = Point("ChaWLim", "W", "most power into the storage")
DISCHARGE_MAX = Point("DisWLim", "W", "most power out of the storage")
PV_MAX = Point("PvWLim", "W", "most power of all inverters")
EXPORT_MAX = Point("ExpWLim", "W", "most power to the grid")
IMPORT_MAX = Point("ImpWLim", "W", "most power from the grid")


def _at(register: int) -> int:
    return 2 * (register - FIRST)


def _row(register: int, fmt: str, point: Point, div: int = 1, port: int = 0, absent: int | None = None) -> Field:
    return Field(_at(register), fmt, point, div, port, absent, saturates=True)


def _energies(register: int, point: Point) -> tuple[Field, Field]:
    """Return the rows of a counter: of the lifetime, of the day; hundredths of a kWh."""
    return (
        Field(_at(register), "Q", point, port=0, mul=10, saturates=True),
        Field(_at(register + 4), "I", point, port=1, mul=10, saturates=True),
    )


def _phase(number: int) -> tuple[Field, Field]:
    register = 60087 + 2 * number
    return (
        _row(register, "H", GRID_V, 10, number, _NO_VOLTS),
        _row(register + 1, "h", GRID_A, 100, number, _NO_AMPS),
    )


_ROWS: tuple[Field | Text | Fixed, ...] = (
    Text(_at(60000), 20, SN),
    _row(60010, "H", HARDWARE),
    Text(_at(60011), 30, VR),
    _row(60026, "H", PROTOCOL),
    _row(60027, "I", PV_RATED),
    _row(60029, "I", STO_RATED),
    _row(60031, "I", STO_CAPACITY),
    _row(60066, "H", FAULT),
    _row(60067, "H", STO_STATE),
    _row(60068, "H", STO_MODE),
    _row(60069, "I", PV_W),
    _row(60071, "i", STO_W),
    _row(60073, "i", GRID_W, absent=_NO_WATTS),
    _row(60075, "i", PV_VAR, absent=_NO_WATTS),
    _row(60077, "i", STO_VAR),
    *_phase(1),
    *_phase(2),
    *_phase(3),
    _row(60095, "H", STO_SOC),
    _row(60096, "H", ISLAND),
    _row(60098, "H", STO_RUN),
    *_energies(60160, PV_WH),
    *_energies(60166, CHARGED_WH),
    *_energies(60172, DISCHARGED_WH),
    *_energies(60178, EXPORT_WH),
    *_energies(60184, IMPORT_WH),
    Field(_at(60200), "I", CHARGE_NOW, mul=10, saturates=True),
    Field(_at(60202), "I", DISCHARGE_NOW, mul=10, saturates=True),
    _row(60301, "H", REMOTE),
    _row(60302, "i", GRID_SET),
    _row(60304, "H", PCT, 10),
    _row(60310, "H", FORCED),
    _row(60311, "H", FORCED_MODE),
    _row(60312, "H", FORCED_SOC),
    _row(60313, "H", FORCED_MIN),
    _row(60314, "I", FORCED_W),
    _row(60316, "i", DISPATCH_W),
    *(
        _row(register, "I", point, absent=NO_LIMIT)
        for register, point in zip(
            range(60318, 60328, 2), (CHARGE_MAX, DISCHARGE_MAX, PV_MAX, EXPORT_MAX, IMPORT_MAX), strict=True
        )
    ),
    Fixed(_at(60330), "i", _NO_WATTS),
    Fixed(_at(60332), "I", 0),
)
MAP = Layout("m_gateway", _at(END), *_ROWS)


def _size(row: Field | Text | Fixed) -> int:
    return row.size if isinstance(row, Text) else calcsize(f">{row.fmt}")


_PLACES = tuple((FIRST + row.at // 2, FIRST + (row.at + _size(row)) // 2) for row in _ROWS)  # register and end
_INSIDE = frozenset(inner for start, end in _PLACES for inner in range(start + 1, end))
_VALUES = frozenset(register for start, end in _PLACES for register in range(start, end))
_WRITABLE: Mapping[int, Field] = {
    FIRST + row.at // 2: row for row in _ROWS if isinstance(row, Field) and row.at >= _at(60301)
}


def whole(start: int, count: int) -> bool:
    """Tell whether a read covers whole values, and at least one."""
    end = start + count
    return not {start, end} & _INSIDE and not _VALUES.isdisjoint(range(start, end))


def cut(values: Mapping[Channel, Value], start: int, count: int) -> bytes:
    """Return `count` registers from `start`, of the whole map; what is no value reads 0."""
    data = MAP.pack(values)
    return b"".join(
        data[_at(register) : _at(register) + 2] if FIRST <= register < END else b"\0\0"
        for register in range(start, start + count)
    )


def settings(start: int, data: bytes) -> dict[Point, int] | None:
    """Return the raw numbers that a write gives to settings; None where it meets anything else, or half of one."""
    found: dict[Point, int] = {}
    at, end = start, start + len(data) // 2
    while at < end:
        row = _WRITABLE.get(at)
        size = 0 if row is None else _size(row) // 2
        if row is None or at + size > end:
            return None
        raw = data[2 * (at - start) : 2 * (at - start + size)]
        found[row.point] = int.from_bytes(raw, "big", signed=row.fmt.islower())
        at += size
    return found
