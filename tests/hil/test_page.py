"""The page of a report: whole, offline, and true to its data."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from hil.markup import el, html
from hil.page import page

VOID = {"meta", "br", "link", "img", "input"}


def _expectation(verdict: str = "pass", **given: Any) -> dict[str, Any]:
    return {
        "expected": "alarm 5 of b1-1 raised",
        "verdict": verdict,
        "seen": "alarm 5 raised after 2 s",
        "since_s": 30.0,
        "from_s": 30.0,
        "to_s": 50.0,
        "resolution_s": 5.2,
        "earliest_s": 30.0,
        "latest_s": 32.0,
        "frames": [],
        **given,
    }


def _case(name: str = "over", verdict: str = "pass", **given: Any) -> dict[str, Any]:
    return {
        "name": name,
        "file": "s.yaml",
        "standard": "EN 50549-10",
        "about": "",
        "seed": 1,
        "start": "2026-06-21T11:30:00+00:00",
        "grid_profile": "gb_g98_g99",
        "parameters": {},
        "verdict": verdict,
        "broken": None,
        "lasted_s": 100.0,
        "events": [{"id": "over", "at_s": 30.0, "name": "grid_voltage", "args": {"pu": 1.27}}],
        "expectations": [_expectation(verdict)],
        "alarms": [
            {"at_s": 31.0, "subject": "b1-1", "code": 5, "kind": "record", "state": None},
            {"at_s": 32.0, "subject": "b1-1", "code": 5, "kind": "raise", "state": "unack"},
            {"at_s": 80.0, "subject": "b1-1", "code": 5, "kind": "clear", "state": "norm"},
        ],
        "lamps": [{"at_s": 33.0, "slot": "b1-1", "shows": "red_slow"}],
        "series": {
            "grid.v": {"unit": "V", "points": [[0.0, 230.0], [30.0, 230.0], [30.0, 292.1], [50.0, 230.0]]},
            "b1-1.st": {"unit": "InvSt", "points": [[0.0, 3.0], [31.0, 6.0], [60.0, 2.0]]},
        },
        **given,
    }


def _page(*cases: dict[str, Any], verdict: str = "pass") -> str:
    return page({"form": "1", "verdict": verdict, "cases": list(cases)})


class _Reader(HTMLParser):
    """Reads a page strictly: what is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of_class(self, name: str) -> Iterator[dict[str, str]]:
        return (given for _, given in self.elements if name in given.get("class", "").split())


def test_nothing_is_fetched_from_anywhere() -> None:
    text = _page(_case())
    read = _Reader(text)
    assert "http" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert {tag for tag, _ in read.elements}.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert all(given["href"].startswith("#") for _, given in read.elements if "href" in given)
    assert not any("src" in given for _, given in read.elements)


def test_every_case_is_there_and_is_found_by_its_link() -> None:
    names = {"first": "pass", "second": "fail", "third": "inconclusive"}
    read = _Reader(_page(*(_case(name, verdict) for name, verdict in names.items()), verdict="fail"))
    links = [given["href"] for tag, given in read.elements if tag == "a"]
    places = {f"#{given['id']}" for _, given in read.elements if "id" in given}
    assert len(links) == 3
    assert set(links) == places
    assert sum(text.strip() in names for text in read.texts) == 2 * len(names)  # in the table and above its picture


def test_what_did_not_pass_comes_first_and_is_open() -> None:
    read = _Reader(_page(_case("good"), _case("bad", "fail"), verdict="fail"))
    opened = ["open" in given for tag, given in read.elements if tag == "details" and given.get("class") == "case"]
    assert opened == [True, False]
    assert next(given["href"] for tag, given in read.elements if tag == "a") == "#case-2"


def test_a_window_is_drawn_to_the_scale_of_the_time() -> None:
    read = _Reader(_page(_case()))
    panel = next(read.of_class("panel"))
    left, wide = float(panel["x"]), float(panel["width"])
    windows = list(read.of_class("window"))
    assert len(windows) == len(list(read.of_class("panel")))
    for window in windows:
        assert (float(window["x"]) - left) / wide == pytest.approx(0.3, abs=0.001)
        assert float(window["width"]) / wide == pytest.approx(0.2, abs=0.001)


def test_an_expectation_has_its_window_and_what_was_seen() -> None:
    read = _Reader(_page(_case()))
    in_picture, in_table = read.of_class("due")
    assert in_picture["class"] == in_table["class"] == "bar due pass"
    seen_in_picture, _ = read.of_class("seen")
    assert float(seen_in_picture["x"]) == float(in_picture["x"])
    assert float(seen_in_picture["width"]) == pytest.approx(float(in_picture["width"]) / 10, abs=0.1)


def test_what_was_not_seen_is_not_drawn() -> None:
    missed = _expectation("fail", earliest_s=None, latest_s=None, seen="nothing")
    read = _Reader(_page(_case(verdict="fail", expectations=[missed])))
    assert not list(read.of_class("seen"))
    assert "nothing" in read.texts


def test_the_shortest_window_can_be_seen() -> None:
    brief = _expectation(from_s=30.0, to_s=30.001)
    read = _Reader(_page(_case(lasted_s=86400.0, expectations=[brief])))
    assert {given["width"] for given in read.of_class("window")} == {"1.5"}


def test_states_alarms_and_lamps_are_bars() -> None:
    read = _Reader(_page(_case()))
    kinds = [given["class"].removeprefix("bar ") for given in read.of_class("bar")][:5]
    assert kinds == ["st-running", "st-fault", "st-starting", "al-unack", "lamp-red"]


def test_the_last_frames_stand_below_what_failed() -> None:
    frame = {"at_s": 31.0, "gateway": "gw", "direction": "in", "hex": "0103"}
    read = _Reader(_page(_case(verdict="fail", expectations=[_expectation("fail", frames=[frame])])))
    assert any("31.000 s gw < 01 03" in text for text in read.texts)


def test_words_from_outside_stay_words() -> None:
    text = _page(_case("<script>alert(1)</script>", about='"&<b>'))
    read = _Reader(text)
    assert "<script>alert(1)</script>" in [each.strip() for each in read.texts]
    assert '"&<b>' in read.texts


def test_control_characters_are_shown_as_such() -> None:
    assert html(el("p", "a\x03b\n", title="\x00")) == '<!doctype html>\n<p title="�">a�b\n</p>\n'


def test_thousands_of_points_and_hundreds_of_units_make_a_small_picture() -> None:
    wave = [[at / 10, 230.0 + at % 7] for at in range(4000)]
    series = {f"u{number}.v": {"unit": "V", "points": wave} for number in range(300)}
    states = {f"u{number}.st": {"unit": "InvSt", "points": [[0.0, 3.0]]} for number in range(300)}
    text = _page(_case(lasted_s=400.0, series={**series, **states}))
    assert len(text) < 400_000
    assert "and 291 more" in text
    assert "and 276 more" in text


def test_a_case_that_does_not_apply_is_listed_without_a_picture() -> None:
    read = _Reader(_page(_case(verdict="not applicable", broken="no third stage", expectations=[], lasted_s=0.0)))
    assert "svg" not in {tag for tag, _ in read.elements}
    assert "Not carried through: no third stage" in read.texts


def test_a_run_without_anything_measured_is_drawn_all_the_same() -> None:
    bare = _case(series={}, lamps=[], alarms=[], events=[], expectations=[], lasted_s=0.0)
    assert "svg" in {tag for tag, _ in _Reader(_page(bare)).elements}
