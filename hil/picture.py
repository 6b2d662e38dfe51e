"""The picture of a run as SVG: panels one below the other over the same time, windows of the expectations drawn in.

Read from the plain data of `hil.report.as_json`, so that a report of another day can be drawn too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from hil.axis import Axis, Point, axis_for, thinned
from hil.markup import Element, el
from protocols.states import InvSt

WIDTH, LEFT, RIGHT = 960.0, 138.0, 12.0
CURVES, ROW, HEAD, GAP = 104.0, 15.0, 15.0, 9.0  # heights: curves, a row of bars, a panel's title, below a panel
MAX_CURVES = 9  # of a panel: more cannot be told apart
MAX_ROWS = 24  # of a panel
QUIET = ("norm", None)  # states of an alarm that is none
Json: TypeAlias = Mapping[str, Any]
_CURVES = (("V", "Voltage, V", 10.0), ("Hz", "Frequency, Hz", 0.2), ("W", "Power, W", 10.0), ("", "Measured", 1.0))


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted; `kind` is its class, `text` what it was."""

    from_s: float
    to_s: float
    kind: str
    text: str


Row: TypeAlias = tuple[str, list[Bar]]


def picture(case: Json) -> Element:
    """Return the picture of a case."""
    axis = Axis(0.0, max(float(case["lasted_s"]), 1.0), LEFT, WIDTH - RIGHT)
    sheet = _Sheet(axis, case["expectations"])
    sheet.events(case["events"])
    for unit, title, least in _CURVES:
        sheet.curves(title, [row for row in case["series"].items() if row[1]["unit"] == unit], least)
    sheet.rows("States", list(_states(case)))
    sheet.rows("Alarms", list(_alarms(case)))
    sheet.rows("Lamps", list(_lamps(case)))
    sheet.windows()
    return sheet.drawn()


class _Sheet:
    """Panels, from the top down."""

    def __init__(self, axis: Axis, expectations: Sequence[Json]) -> None:
        self._axis = axis
        self._expectations = expectations
        self._shades = {  # behind all panels; what lasts as long as the run says nothing there
            (one["from_s"], one["to_s"]): one["verdict"]
            for one in expectations[:MAX_ROWS]
            if one["to_s"] - one["from_s"] < 0.9 * axis.high
        }
        self._parts: list[Element] = []
        self._y = 4.0

    def _add(self, *parts: Element) -> None:
        self._parts.extend(parts)

    def _label(self, text: str, x: float, y: float, anchor: str = "start", kind: str = "label") -> None:
        self._add(el("text", text, x=x, y=y, text_anchor=anchor, class_=kind))

    def _head(self, title: str, height: float) -> float:
        """Begin a panel with grid lines and the windows behind everything; return where its body begins."""
        self._label(title, 0.0, self._y + 11, kind="title")
        top = self._y + HEAD
        self._add(el("rect", x=LEFT, y=top, width=WIDTH - LEFT - RIGHT, height=height, class_="panel"))
        for (from_s, to_s), verdict in self._shades.items():
            left, wide = self._between(from_s, to_s)
            self._add(el("rect", x=left, y=top, width=wide, height=height, class_=f"window {_class(verdict)}"))
        for at_s in _time_ticks(self._axis)[0]:
            x = self._axis.at(at_s)
            self._add(el("line", x1=x, x2=x, y1=top, y2=top + height, class_="grid"))
        self._y = top + height + GAP
        return top

    def _between(self, from_s: float, to_s: float) -> tuple[float, float]:
        left, right = self._axis.at(from_s), self._axis.at(to_s)
        return left, max(right - left, 1.5)  # the shortest window shall be seen

    def events(self, events: Sequence[Json]) -> None:
        """Draw what was done: a flag each, names in as many lines as they need."""
        self._label("Events", 0.0, self._y + 11, kind="title")
        ends: list[float] = []  # of the last name in each line
        for event in events:
            x, name = self._axis.at(event["at_s"]), _event_name(event)
            wide = 6.2 * len(name) + 10
            backward = x + wide > WIDTH
            left = x - wide if backward else x
            line = next((number for number, end in enumerate(ends) if end <= left), len(ends))
            ends[line : line + 1] = [left + wide]
            if line >= MAX_ROWS // 4:
                continue  # the list of events has it
            y = self._y + 11 + 13 * line
            self._add(el("line", x1=x, x2=x, y1=y - 9, y2=y + 4, class_="event"))
            self._label(name, x - 4 if backward else x + 4, y, "end" if backward else "start")
        self._y += 13 * min(len(ends), MAX_ROWS // 4) + GAP

    def curves(self, title: str, series: Sequence[tuple[str, Json]], least: float) -> None:
        """Draw curves of one unit; the plant's own first, units after it as far as they can be told apart."""
        if not series:
            return
        shown = sorted(series, key=lambda row: not row[0].startswith(("grid.", "site.")))[:MAX_CURVES]
        top = self._head(title, CURVES)
        values = [point[1] for _, one in shown for point in one["points"]]
        scale = axis_for(values, top + CURVES, top, least=least)
        for tick in scale.ticks(4):
            y = scale.at(tick)
            self._add(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
            self._label(f"{tick:g}", LEFT - 5, y + 3.5, "end")
        for number, (name, one) in enumerate(shown):
            self._curve(name, one["points"], scale, number)
            if number < 7:
                self._label(_short(name.rpartition(".")[0], 13), 0.0, top + 10 + 13 * number, kind=f"label c{number}")
        if len(series) > len(shown):
            self._label(f"and {len(series) - len(shown)} more", 0.0, top + 10 + 13 * 7)

    def _curve(self, name: str, points: Sequence[Point], scale: Axis, number: int) -> None:
        at = [(self._axis.at(at_s), scale.at(value)) for at_s, value in thinned(points, self._axis)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        self._add(el("polyline", el("title", name), points=line, class_=f"curve s{number}"))

    def rows(self, title: str, rows: Sequence[Row]) -> None:
        """Draw bars over time, a row for each thing."""
        shown = rows[:MAX_ROWS]
        if not shown:
            return
        top = self._head(title, ROW * len(shown))
        for number, (name, bars) in enumerate(shown):
            y = top + ROW * number
            self._label(_short(name, 21), LEFT - 5, y + 11, "end")
            for bar in bars:
                self._bar(bar, y)
        if len(rows) > len(shown):
            self._label(f"and {len(rows) - len(shown)} more", 0.0, self._y)
            self._y += HEAD

    def _bar(self, bar: Bar, y: float) -> None:
        left, wide = self._between(bar.from_s, bar.to_s)
        told = el("title", f"{bar.text}, {bar.from_s:.3f} to {bar.to_s:.3f} s")
        self._add(el("rect", told, x=left, y=y + 2, width=wide, height=ROW - 4, class_=f"bar {bar.kind}"))
        if bar.kind.partition(" ")[0] != "due" and 6.0 * len(bar.text) + 6 < wide:
            self._label(bar.text, left + 4, y + 11, kind="inbar")

    def windows(self) -> None:
        """Draw each expectation: when it was to happen, and when it did."""
        shown = self._expectations[:MAX_ROWS]
        if not shown:
            return
        top = self._head("Expected, seen", ROW * len(shown))
        for number, one in enumerate(shown):
            y = top + ROW * number
            self._label(f"{number + 1}", LEFT - 5, y + 11, "end")
            self._bar(Bar(one["from_s"], one["to_s"], f"due {_class(one['verdict'])}", one["expected"]), y)
            if one["latest_s"] is not None:
                left, wide = self._between(one["earliest_s"], one["latest_s"])
                told = el("title", one["seen"])
                self._add(el("rect", told, x=left, y=y + 5, width=wide, height=ROW - 10, class_="seen"))

    def drawn(self) -> Element:
        """Return the picture with the time written below."""
        ticks, unit_s, unit = _time_ticks(self._axis)
        for at_s in ticks:
            self._label(f"{at_s / unit_s:g}", self._axis.at(at_s), self._y + 4, "middle")
        self._label(unit, 0.0, self._y + 4)
        size = f"0 0 {WIDTH:g} {self._y + 12:g}"
        return el("svg", *self._parts, viewBox=size, role="img", class_="picture")


def _time_ticks(axis: Axis) -> tuple[list[float], float, str]:
    unit_s, unit = next(
        (row for row in ((3600.0, "hours"), (60.0, "minutes")) if axis.high >= 4 * row[0]), (1.0, "seconds")
    )
    scaled = Axis(axis.low / unit_s, axis.high / unit_s, 0.0, 1.0)
    return [tick * unit_s for tick in scaled.ticks(12)], unit_s, unit


def _event_name(event: Json) -> str:
    return str(event["name"]) if event["id"].startswith("#") else f"{event['id']}: {event['name']}"


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _class(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _states(case: Json) -> Iterator[Row]:
    known = {int(state): state.name.lower() for state in InvSt}
    for name, one in case["series"].items():
        if one["unit"] == "InvSt":
            seen = [(at_s, known.get(int(value), "off")) for at_s, value in one["points"]]
            yield name.rpartition(".")[0], list(_bars(seen, case["lasted_s"], lambda state: f"st-{state}"))


def _lamps(case: Json) -> Iterator[Row]:
    by_slot: dict[str, list[tuple[float, str]]] = {}
    for lamp in case["lamps"]:
        by_slot.setdefault(lamp["slot"], []).append((lamp["at_s"], lamp["shows"]))
    for slot, seen in by_slot.items():
        yield slot, list(_bars(seen, case["lasted_s"], lambda shows: f"lamp-{shows.partition('_')[0]}"))


def _alarms(case: Json) -> Iterator[Row]:
    told: dict[tuple[str, int], list[tuple[float, str | None]]] = {}
    for one in case["alarms"]:
        if one["kind"] != "record":
            told.setdefault((one["subject"], one["code"]), []).append((one["at_s"], one["state"]))
    for (subject, code), changes in told.items():
        bars = _bars(
            ((at_s, state or "norm") for at_s, state in changes), case["lasted_s"], lambda state: f"al-{state}"
        )
        yield f"{subject} {code}", [bar for bar in bars if bar.text not in QUIET]


def _bars(seen: Iterable[tuple[float, str]], ended_s: float, kind: Callable[[str], str]) -> Iterator[Bar]:
    """Yield a bar for each run of equal values; the last one lasts to the end."""
    changes: list[tuple[float, str]] = []
    for at_s, value in seen:
        if not changes or changes[-1][1] != value:
            changes.append((at_s, value))
    for (from_s, value), (to_s, _) in pairwise([*changes, (ended_s, "")]):
        yield Bar(from_s, to_s, kind(value), value)


def ruler(one: Json) -> Element:
    """Return one expectation at its own scale: the window, and when it was seen within or beside it."""
    edges = [one["since_s"], one["from_s"], one["to_s"], one["earliest_s"], one["latest_s"]]
    held = [edge for edge in edges if edge is not None]
    axis = axis_for(held, 2.0, 238.0, least=0.01)
    left, right = axis.at(one["from_s"]), axis.at(one["to_s"])
    parts = [
        el("line", x1=2, x2=238, y1=15, y2=15, class_="grid"),
        el("rect", x=left, y=4, width=max(right - left, 1.5), height=22, class_=f"bar due {_class(one['verdict'])}"),
        el("line", x1=axis.at(one["since_s"]), x2=axis.at(one["since_s"]), y1=1, y2=29, class_="event"),
    ]
    if one["latest_s"] is not None:
        first, last = axis.at(one["earliest_s"]), axis.at(one["latest_s"])
        parts.append(el("rect", x=first, y=10, width=max(last - first, 2.0), height=10, class_="seen"))
    due = f"{one['from_s'] - one['since_s']:.4g} to {one['to_s'] - one['since_s']:.6g} s"
    middle = min(max((left + right) / 2, 55.0), 185.0)
    parts.append(el("text", due, x=middle, y=40, text_anchor="middle", class_="label"))
    return el("svg", *parts, viewBox="0 0 240 44", role="img", class_="ruler")
