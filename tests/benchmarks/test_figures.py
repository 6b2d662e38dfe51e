import re

import pytest

from benchmarks.figures import Bar, Figure, missed, parts
from benchmarks.measures import BARS, MEASURES
from tests.support import tree


@pytest.mark.parametrize(
    ("bar", "figure", "met"),
    [
        pytest.param(Bar("x", "", most=3), 3, True, id="at the most"),
        pytest.param(Bar("x", "", most=3), 3.1, False, id="above the most"),
        pytest.param(Bar("x", "", least=0.9), 0.9, True, id="at the least"),
        pytest.param(Bar("x", "", least=0.9), 0.89, False, id="below the least"),
        pytest.param(Bar("x", "", least=0.9), {"a": 0.95, "b": 0.89}, False, id="one part below the least"),
        pytest.param(Bar("x", ""), 1e9, True, id="only shown"),
    ],
)
def test_a_bar(bar: Bar, figure: Figure, *, met: bool) -> None:
    assert bar.met(figure) is met


def test_the_figures_that_miss_are_named() -> None:
    assert missed(BARS, {"cpu_per_poll_ratio": 2.9, "virtual_day_s": 12.5, "rss_idle_mib": 51}) == [
        "rss_idle_mib",
        "virtual_day_s",
    ]


def test_every_measure_and_every_figure_has_a_name_of_its_own() -> None:
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)
    assert len({bar.name for bar in BARS}) == len(BARS)


def test_all_measures_together_are_done_within_ten_minutes() -> None:
    assert sum(measure.usual_s for measure in MEASURES) <= 600


def test_a_plain_figure_is_one_part() -> None:
    assert parts(3.0) == {"": 3.0}


@pytest.mark.parametrize("bar", BARS, ids=lambda bar: bar.name)
def test_every_figure_is_explained_with_its_bar(bar: Bar) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S[^|]*?) \|", (tree.ROOT / "docs" / "benchmarks.md").read_text(), re.MULTILINE)
    assert dict(rows)[bar.name] == bar.text
