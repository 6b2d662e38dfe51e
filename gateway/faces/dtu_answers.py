"""What a DTU answers over TCP: values by the names of `dtu.proto`, from the site as it is. Pure.

Pages are cut by the most that a row can take, not by what it takes now: the rows of a page stay the same ones while a
client fetches page after page and values move on.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from gateway.faces.desk import Plant
from gateway.faces.dtu_commands import REFUSED, Came
from gateway.faces.dtu_units import PRODUCING, Dtu, Unit
from gateway.faces.now import Now
from gateway.snapshot import CommState
from protocols.points import (
    AL1,
    AL2,
    AL3,
    DCA,
    DCV,
    DCW,
    HZ,
    LNV,
    PF,
    TMP_CAB,
    VAR,
    VL1,
    VL1L2,
    VL2,
    VL2L3,
    VL3,
    VL3L1,
    A,
    Point,
    W,
)
from protocols.vendors.hoymiles.layout import EVT_CNT

MAX_REPLY = 1024  # bytes of a message: clients read once, and no more
ROOM = MAX_REPLY - 10 - 70  # of rows: without the head of the message and the fields before them
SINGLE, THREE, INPUT, OLD_ROW, INVERTER, ALARM = 80, 140, 48, 120, 40, 48  # bytes that a row takes at most
DONE_ROW, FAILED_ROW, UNDER_WAY_ROW = 8, 24, 16
LAN = 3
REAL_DATA_VERSION = 1
OFFLINE = 130  # code of a unit that does not answer
NO_ANSWER = 101  # our own alarm for it
_WORD, _SIGNED, _LONG = 0xFFFF, 0x7FFF, 0x7FFF_FFFF

Values: TypeAlias = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one DTU; `software` is its version as the wire has it."""

    dtu: Dtu
    zone: ZoneInfo
    software: int

    def info(self, plant: Plant, page: int) -> Values:
        """Return what the DTU and its inverters are."""
        pages = paged((INVERTER, unit) for unit in self.dtu.units)
        heard = [view.ts for unit in self.dtu.units if (view := plant.views[unit.slot]).ts is not None]
        return {
            **self.head(plant),
            "devices": len(self.dtu.units),
            "inputs": sum(unit.ports for unit in self.dtu.units),
            "pages": len(pages),
            "page": page,
            "about": {"software": self.software, "communicated_at": int(max(heard, default=0.0))},
            "inverters": [
                {"serial": unit.number, "software": _software(plant, unit)} for unit in _rows_of(pages, page)
            ],
        }

    def heartbeat(self, plant: Plant, _: int) -> Values:
        """Return a sign of life."""
        return {**self.head(plant), "offset_s": self._offset_s(plant)}

    def config(self, plant: Plant, _: int) -> Values:
        """Return those settings that mean something here."""
        limit = _whole(self.dtu.limit_pct(plant), 10)
        return {**self.head(plant), "offset_s": self._offset_s(plant), "limit": limit, "network": LAN}

    def network(self, plant: Plant, _: int) -> Values:
        """Return how the DTU is connected."""
        return {**self.head(plant), "set_mode": LAN, "work_mode": LAN}

    def real_data(self, plant: Plant, page: int) -> Values:
        """Return the live values of inverters and inputs."""
        pages = paged(((THREE if unit.phases == 3 else SINGLE) + INPUT * unit.ports, unit) for unit in self.dtu.units)
        shown = [(unit, Now(plant.views[unit.slot])) for unit in _rows_of(pages, page)]
        every = [Now(plant.views[unit.slot]) for unit in self.dtu.units]
        return {
            **self.head(plant),
            "pages": len(pages),
            "page": page,
            "version": REAL_DATA_VERSION,
            "singles": [_single(plant, unit, now) for unit, now in shown if unit.phases != 3],
            "threes": [_three(plant, unit, now) for unit, now in shown if unit.phases == 3],
            "inputs": [_input(unit, port, now) for unit, now in shown for port in range(1, unit.ports + 1)],
            "ac_w": _whole(sum(now.number(W) for now in every), 10, most=_LONG),
            "day_wh": sum(now.energy(0).day_wh for now in every),
        }

    def real_data_old(self, plant: Plant, page: int) -> Values:
        """Return the live values by inputs, as older clients ask for them."""
        pages = paged((OLD_ROW, each) for each in self.dtu.inputs)
        return {
            **self.head(plant),
            "devices": len(self.dtu.units),
            "inputs": sum(unit.ports for unit in self.dtu.units),
            "pages": len(pages),
            "page": page,
            "rows": [_old_row(unit, port, Now(plant.views[unit.slot])) for unit, port in _rows_of(pages, page)],
        }

    def alarms(self, plant: Plant, page: int) -> Values:
        """Return the inverters' own codes that stand; the begin is that of the alarm to which a code belongs."""
        pages = paged((ALARM, row) for unit in self.dtu.units for row in _alarms(plant, unit))
        return {**self.head(plant), "pages": len(pages), "page": page, "rows": _rows_of(pages, page)}

    def head(self, plant: Plant) -> Values:
        """Return how every answer begins."""
        return {"dtu": self.dtu.serial, "time": _whole(plant.utc(), most=_LONG)}

    def _offset_s(self, plant: Plant) -> int:
        offset = datetime.fromtimestamp(plant.utc(), self.zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())


def status(came: Came, page: int) -> Values:
    """Return what has come of a command."""
    rows = [(DONE_ROW, ("done", serial)) for serial in came.done]
    rows += [(FAILED_ROW, ("failed", serial)) for serial in came.failed]
    rows += [(UNDER_WAY_ROW, ("under way", serial)) for serial in came.under_way]
    pages = paged(rows)
    shown: dict[str, list[int]] = {"done": [], "failed": [], "under way": []}
    for what, serial in _rows_of(pages, page):
        shown[what].append(serial)
    return {
        "action": came.action,
        "id": came.id,
        "pages": len(pages),
        "page": page,
        "done": shown["done"],
        "failed": shown["failed"],
        "under_way": [{"serial": serial} for serial in shown["under way"]],
        "failures": [{"serial": serial, "code": REFUSED} for serial in shown["failed"]],
    }


def paged(rows: Iterable[tuple[int, T]], room: int = ROOM) -> list[list[T]]:
    """Return rows by pages; each row comes with the bytes that it takes at most. There is one page at least."""
    pages: list[list[T]] = [[]]
    left = room
    for size, row in rows:
        if size > left and pages[-1]:
            pages.append([])
            left = room
        pages[-1].append(row)
        left -= size
    return pages


def _rows_of(pages: Sequence[list[T]], page: int) -> list[T]:
    """Return the rows of a page; none of one that is not there."""
    return pages[page] if 0 <= page < len(pages) else []


def _whole(value: float, steps: int = 1, *, least: int = 0, most: int = _WORD) -> int:
    return min(max(round(value * steps), least), most)


def _measured(now: Now, scales: Mapping[str, tuple[Point, int]], port: int = 0) -> dict[str, int]:
    return {
        name: _whole(now.number(point, port), steps, least=-_SIGNED if point in _MAY_BE_NEGATIVE else 0)
        for name, (point, steps) in scales.items()
    }


_MAY_BE_NEGATIVE = (VAR, PF, TMP_CAB)
_AC = {"hz": (HZ, 100), "ac_w": (W, 10), "ac_var": (VAR, 10), "pf": (PF, 1000), "celsius": (TMP_CAB, 10)}
_ONE_LINE = {"ac_v": (LNV, 10), "ac_a": (A, 100)}
_THREE_LINES = {"a_v": (VL1, 10), "b_v": (VL2, 10), "c_v": (VL3, 10), "ab_v": (VL1L2, 10), "bc_v": (VL2L3, 10)}
_THREE_LINES |= {"ca_v": (VL3L1, 10), "a_a": (AL1, 100), "b_a": (AL2, 100), "c_a": (AL3, 100)}
_DC = {"dc_v": (DCV, 10), "dc_a": (DCA, 100), "dc_w": (DCW, 10)}
_COUNT = {"warnings": (EVT_CNT, 1)}


def _single(plant: Plant, unit: Unit, now: Now) -> Values:
    limit = {"limit": _whole(now.limit_pct, 10)}
    return _inverter(plant, unit, now) | _measured(now, _ONE_LINE) | limit


def _three(plant: Plant, unit: Unit, now: Now) -> Values:
    return _inverter(plant, unit, now) | _measured(now, _THREE_LINES)


def _inverter(plant: Plant, unit: Unit, now: Now) -> dict[str, int]:
    known = {"serial": unit.number, "software": _software(plant, unit), "link": int(now.reached)}
    return known | _measured(now, _AC | _COUNT)


def _input(unit: Unit, port: int, now: Now) -> Values:
    alarms = now.alarms(port)
    known = {"serial": unit.number, "port": port, "error": alarms[0] if alarms else 0}
    return known | _measured(now, _DC, port) | _energy(now, port)


def _energy(now: Now, port: int) -> dict[str, int]:
    energy = now.energy(port)
    return {"total_wh": min(energy.total_wh, _LONG), "day_wh": min(energy.day_wh, _LONG)}


def _old_row(unit: Unit, port: int, now: Now) -> Values:
    alarms = now.alarms(port)
    known = {
        "serial": unit.number,
        "port": port,
        "status": PRODUCING if now.producing else 0,
        "fault": alarms[0] if alarms else 0,
        "faults": len(alarms),
        "link": int(now.reached),
        "time": int(now.view.ts or 0),
    }
    return known | _measured(now, _DC, port) | _measured(now, _AC | _ONE_LINE | _COUNT) | _energy(now, port)


def _alarms(plant: Plant, unit: Unit) -> Iterator[Values]:
    began = {each.row.code: each.record.since or each.record.raised_ts for each in plant.standing(unit.slot)}
    view = plant.views[unit.slot]
    codes = [(event.code, event.alarm_code) for event in sorted(view.events, key=lambda each: each.code)]
    if view.comm is CommState.LOST:
        codes = [(OFFLINE, NO_ANSWER)]
    for code, alarm in codes:
        start = None if alarm is None else began.get(alarm)
        yield {"serial": unit.number, "code": code, "start": int(start or 0)}


def _software(plant: Plant, unit: Unit) -> int:
    """Return the firmware of an inverter as a number: 10000 major + 100 minor + patch."""
    return numbered(plant.views[unit.slot].identity.firmware or "", lambda a, b, c: 10_000 * a + 100 * b + c)


def numbered(version: str, number: Callable[[int, int, int], int]) -> int:
    """Return a version of three numbers as one; 0 for any other text."""
    parts = version.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() and len(part) < 5 for part in parts):
        return 0
    return number(*(int(part) for part in parts))
