"""One HTML page for a whole report: no script, and nothing that would have to be fetched."""

from collections.abc import Iterator, Sequence
from importlib.resources import files

from hil.markup import Element, el, html
from hil.picture import Json, picture, ruler

MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "not applicable": "–"}  # noqa: RUF001 - signs for the eye
ORDER = ("fail", "inconclusive", "pass", "not applicable")  # the worst first
OPEN = ("fail", "inconclusive")


def page(report: Json) -> str:
    """Return the page of a report, as `hil.report.as_json` makes it."""
    cases = sorted(enumerate(report["cases"], start=1), key=lambda row: ORDER.index(row[1]["verdict"]))
    body = el(
        "body",
        el("h1", f"Report: {report['verdict']}"),
        el("p", ", ".join(_counts([case for _, case in cases])), class_="counts"),
        _summary(cases),
        *(_case(number, case, alone=len(cases) == 1) for number, case in cases),
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{report['verdict']}: OpenCombiner HIL report"),
        el("style", files("hil").joinpath("page.css").read_text("utf-8")),
    )
    return html(el("html", head, body, lang="en"))


def _counts(cases: Sequence[Json]) -> Iterator[str]:
    yield f"{len(cases)} {'case' if len(cases) == 1 else 'cases'}"
    for verdict in ORDER:
        if count := sum(case["verdict"] == verdict for case in cases):
            yield f"{count} {verdict}"


def _summary(cases: Sequence[tuple[int, Json]]) -> Element:
    head = el("tr", *(el("th", text) for text in ("Verdict", "Case", "After", "Met", "Lasted, s")))
    rows = [_summary_row(number, case) for number, case in cases]
    return el("table", el("thead", head), el("tbody", *rows), class_="summary")


def _summary_row(number: int, case: Json) -> Element:
    met = sum(one["verdict"] == "pass" for one in case["expectations"])
    return el(
        "tr",
        el("td", _badge(case["verdict"])),
        el("td", el("a", case["name"], href=f"#case-{number}")),
        el("td", case["standard"]),
        el("td", f"{met} of {len(case['expectations'])}", class_="number"),
        el("td", f"{case['lasted_s']:.0f}", class_="number"),
    )


def _badge(verdict: str) -> Element:
    return el("span", f"{MARKS[verdict]} {verdict}", class_=f"badge {verdict.replace(' ', '-')}")


def _case(number: int, case: Json, *, alone: bool) -> Element:
    title = el("summary", el("h2", _badge(case["verdict"]), f" {case['name']}"))
    parts = [
        title,
        el("p", case["about"]) if case["about"] else None,
        el("p", _facts(case), class_="facts", id=f"case-{number}"),
    ]
    if case["broken"] is not None:
        parts.append(el("p", f"Not carried through: {case['broken']}", class_="broken"))
    if case["verdict"] != "not applicable":
        parts += [picture(case), _expectations(case), _events(case)]
    # a link to what is inside a closed case opens it
    opened = "open" if alone or case["verdict"] in OPEN else None
    return el("details", *parts, open=opened, class_="case")


def _facts(case: Json) -> str:
    told = {
        "file": case["file"],
        "after": case["standard"],
        "grid profile": case["grid_profile"],
        "start": case["start"],
        "seed": case["seed"],
        **case["parameters"],
    }
    return " · ".join(f"{name} {value}" for name, value in told.items() if value not in {None, ""})


def _expectations(case: Json) -> Element:
    head = el("tr", *(el("th", text) for text in ("", "Verdict", "Expected", "Seen", "Window and what was seen")))
    rows = [row for number, one in enumerate(case["expectations"], start=1) for row in _expectation(number, one)]
    return el("table", el("thead", head), el("tbody", *rows))


def _expectation(number: int, one: Json) -> Iterator[Element]:
    yield el(
        "tr",
        el("td", str(number), class_="number"),
        el("td", _badge(one["verdict"])),
        el("td", one["expected"]),
        el("td", one["seen"]),
        el("td", ruler(one)),
    )
    if one["frames"]:
        wire = "\n".join(_frame(frame) for frame in one["frames"])
        yield el("tr", el("td"), el("td", el("h3", "Last on the wire"), el("pre", wire), colspan=4))


def _frame(frame: Json) -> str:
    way = "<" if frame["direction"] == "in" else ">"
    return f"{frame['at_s']:10.3f} s {frame['gateway']} {way} {bytes.fromhex(frame['hex']).hex(' ')}"


def _events(case: Json) -> Element:
    rows = [
        el(
            "tr",
            el("td", f"{event['at_s']:.3f}", class_="number"),
            el("td", "" if event["id"].startswith("#") else event["id"]),
            el("td", event["name"]),
            el("td", ", ".join(f"{name} {value}" for name, value in event["args"].items())),
        )
        for event in case["events"]
    ]
    head = el("tr", *(el("th", text) for text in ("At, s", "Id", "Done", "With")))
    return el("details", el("summary", "What was done"), el("table", el("thead", head), el("tbody", *rows)))
