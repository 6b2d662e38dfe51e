import pytest

from hil.verdict import Span, Verdict, Window, weigh, weigh_never, worst

ENDED_S = 100.0
PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("span", "window", "resolution_s", "verdict", "seen"),
    [
        pytest.param((12, 14), (10, 11, 20), 2, PASS, "after 2.000 to 4.000 s", id="a span inside the window"),
        pytest.param((12, 12), (10, None, 20), 2, PASS, "after 2.000 s", id="no lower edge: as soon as it likes"),
        pytest.param((9, 11), (10, None, 20), 2, PASS, "x", id="a span that reaches back over the event"),
        pytest.param((21, 23), (10, None, 20), 2, FAIL, "too late", id="a span behind the window"),
        pytest.param((11, 13), (10, 15, 20), 2, FAIL, "too early", id="a span before the window"),
        pytest.param((14, 16), (10, 15, 20), 2, OPEN, "at the edge", id="a span over the lower edge"),
        pytest.param((19, 21), (10, None, 20), 2, OPEN, "at the edge", id="a span over the upper edge"),
        pytest.param((10.2, 10.4), (10, None, 11), 5, OPEN, "finer than", id="a window finer than the resolution"),
        pytest.param((30, 35), (10, None, 11), 5, FAIL, "too late", id="far outside a fine window"),
        pytest.param(None, (10, None, 20), 2, FAIL, "nothing", id="nothing at all"),
        pytest.param(None, (10, None, 200), 2, OPEN, "end of the run", id="nothing, but the window was still open"),
        pytest.param((4, 6), (10, None, 20), 2, FAIL, "nothing", id="what was over before the event does not count"),
    ],
)
def test_a_span_is_weighed_against_a_window(
    span: tuple[float, float] | None,
    window: tuple[float, float | None, float],
    resolution_s: float,
    verdict: Verdict,
    seen: str,
) -> None:
    spans = [] if span is None else [Span(*span, saw="x")]
    weighed = weigh(spans, Window(*window), resolution_s, ended_s=ENDED_S)
    assert weighed.verdict is verdict
    assert seen in weighed.seen


@pytest.mark.parametrize(
    ("span", "window", "verdict"),
    [
        pytest.param(None, (10, None, 20), PASS, id="it never happened"),
        pytest.param((12, 14), (10, None, 20), FAIL, id="it happened inside"),
        pytest.param((21, 23), (10, None, 20), PASS, id="it happened later"),
        pytest.param((19, 21), (10, None, 20), OPEN, id="perhaps inside"),
        pytest.param(None, (10, None, 200), OPEN, id="the run was too short to say never"),
        pytest.param(None, (10, None, 11), OPEN, id="a window finer than the resolution"),
    ],
)
def test_never_is_weighed(
    span: tuple[float, float] | None, window: tuple[float, float | None, float], verdict: Verdict
) -> None:
    spans = [] if span is None else [Span(*span, saw="x")]
    assert weigh_never(spans, Window(*window), 2, ended_s=ENDED_S).verdict is verdict


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param([PASS, OPEN, FAIL], FAIL, id="a fail beats all"),
        pytest.param([PASS, OPEN], OPEN, id="an open question spoils a pass"),
        pytest.param([PASS, Verdict.ABSENT], PASS, id="what does not apply does no harm"),
        pytest.param([], Verdict.ABSENT, id="nothing was judged"),
    ],
)
def test_the_worst_verdict_counts(verdicts: list[Verdict], expected: Verdict) -> None:
    assert worst(verdicts) is expected
