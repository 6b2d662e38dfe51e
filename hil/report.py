"""Results as files: a page for people, JSON for programs, JUnit XML for whatever runs tests.

The JSON of a run holds what a picture needs: the events, the expectations with their windows and what was seen, the
changes of alarms, the frames before what failed, and the measured series.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from hil.markup import printable
from hil.page import page
from hil.run import Result
from hil.trace import Frame, Trace
from hil.verdict import Judgement, Verdict, worst

FORM = "1"  # grows when a reader of the old form would be misled
UNITS: Mapping[str, str] = {"v": "V", "hz": "Hz", "w": "W", "st": "InvSt"}
_JUNIT = {Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error", Verdict.ABSENT: "skipped"}


def write(results: Sequence[Result], folder: Path) -> None:
    """Write `report.html`, `report.json` and `junit.xml` into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    report = as_json(results)
    text = json.dumps(report, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    (folder / "report.json").write_text(text + "\n", "utf-8")
    (folder / "report.html").write_text(page(report), "utf-8")
    ET.ElementTree(as_junit(results)).write(folder / "junit.xml", encoding="utf-8", xml_declaration=True)


def as_json(results: Iterable[Result]) -> dict[str, Any]:
    """Return a report as plain data."""
    listed = list(results)
    verdict = worst(result.verdict for result in listed)
    return {"form": FORM, "verdict": verdict.value, "cases": [_case(result) for result in listed]}


def _case(result: Result) -> dict[str, Any]:
    case, scenario, trace = result.case, result.case.scenario, result.trace
    return {
        "name": case.name,
        "file": case.path.name,
        "standard": scenario.standard if scenario else "",
        "about": scenario.about if scenario else "",
        "seed": scenario.seed if scenario else None,
        "start": scenario.start.isoformat() if scenario else None,
        "grid_profile": case.profile.id if case.profile else None,
        "parameters": dict(case.parameters),
        "verdict": result.verdict.value,
        "broken": result.broken,
        "lasted_s": _ms(trace.ended_s),
        "events": [
            {"id": deed.id, "at_s": _ms(deed.at_s), "name": deed.name, "args": dict(deed.args)} for deed in trace.deeds
        ],
        "expectations": [
            {**_expectation(one), "frames": [_frame(frame) for frame in result.frames.get(number, ())]}
            for number, one in enumerate(result.judgements)
        ],
        "alarms": list(_alarms(trace)),
        "lamps": [{"at_s": _ms(lamp.at_s), "slot": lamp.slot, "shows": lamp.shows} for lamp in trace.lamps],
        "series": {
            name: {
                "unit": UNITS.get(name.rpartition(".")[2], ""),
                "points": [[_ms(at_s), round(v, 3)] for at_s, v in points],
            }
            for name, points in trace.series.items()
        },
    }


def _expectation(one: Judgement) -> dict[str, Any]:
    window, span = one.window, one.span
    return {
        "expected": one.expected,
        "verdict": one.verdict.value,
        "seen": one.seen,
        "since_s": _ms(window.since),
        "from_s": _ms(window.from_s),
        "to_s": _ms(window.closes),
        "resolution_s": _ms(one.resolution_s),
        "earliest_s": _ms(span.earliest) if span else None,
        "latest_s": _ms(span.latest) if span else None,
    }


def _alarms(trace: Trace) -> Iterator[dict[str, Any]]:
    for heard in trace.below("/event"):
        said = heard.said()
        if isinstance(said, dict) and "code" in said:
            kept = {key: said.get(key) for key in ("subject", "code", "kind", "state")}
            yield {"at_s": _ms(heard.at_s), **kept}


def _frame(frame: Frame) -> dict[str, Any]:
    towards = "in" if frame.inbound else "out"
    return {"at_s": _ms(frame.at_s), "gateway": frame.gateway, "direction": towards, "hex": frame.data.hex()}


def _ms(seconds: float) -> float:
    return round(seconds, 3)


def as_junit(results: Iterable[Result]) -> ET.Element:
    """Return a report as JUnit XML: a suite for each case; inconclusive is an error, what does not apply is skipped."""
    root = ET.Element("testsuites", name="opencombiner hil")
    for result in results:
        suite = ET.SubElement(root, "testsuite", name=result.case.name, time=f"{result.trace.ended_s:.3f}")
        rows = [(one.verdict, one.expected, one.seen, number) for number, one in enumerate(result.judgements)]
        if result.broken is not None:
            rows.append((_broken(result), "carried through", result.broken, -1))
        for verdict, expected, seen, number in ((row[0], printable(row[1]), printable(row[2]), row[3]) for row in rows):
            test = ET.SubElement(suite, "testcase", classname=result.case.name, name=expected)
            if verdict in _JUNIT:
                told = ET.SubElement(test, _JUNIT[verdict], message=f"expected {expected}; seen: {seen}")
                told.text = frames_text(result.frames.get(number, ()))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(rows)))
    return root


def _broken(result: Result) -> Verdict:
    return Verdict.ABSENT if result.verdict is Verdict.ABSENT else Verdict.INCONCLUSIVE


def explanation(result: Result) -> str:
    """Return what did not pass and why, for a terminal: one paragraph for each expectation."""
    told = [] if result.broken is None else [f"  not carried through: {result.broken}"]
    for number, one in enumerate(result.judgements):
        if one.verdict is not Verdict.PASS:
            told.append(f"  {one.verdict.value}: expected {one.expected}\n    seen: {one.seen}")
            if frames := frames_text(result.frames.get(number, ())):
                told.append(f"    last on the wire:\n{frames}")
    return "\n".join(told)


def frames_text(frames: Iterable[Frame]) -> str:
    """Return frames one a line."""
    return "\n".join(
        f"      {frame.at_s:10.3f} s {frame.gateway} {'<' if frame.inbound else '>'} {frame.data.hex(' ')}"
        for frame in frames
    )
