"""Units that count on the DC side and begin anew at every boot: AC follows, through days and restarts of both sides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rows import LedgerRow
from gateway.snapshot import Energy
from gateway.telemetry.ledger import Ledger, rows_by_slot
from protocols.points import DCW, DCWH_INJ, UP_TMS, Channel, Value, W
from protocols.profile import Counter
from protocols.reading import Reading

COUNTERS = tuple(Counter(DCWH_INJ, port=port, wrap_wh=0xFFFF, restarts=True) for port in (1, 2))
HOUR = 3600.0
START_S = 1_782_000_000


class Roof:
    """A slot whose gateway can be restarted; `said` is an answer at an hour."""

    def __init__(self) -> None:
        self._rows: dict[int, LedgerRow] = {}
        self.restart()

    def restart(self) -> None:
        self.ledger = Ledger("s1", "A", 2, 800.0, COUNTERS, self._rows, efficiency=0.9)

    def said(self, hour: float, wh: tuple[float, float], watts: tuple[float | None, ...], **more: float) -> None:
        ac_w, *dc_w = watts
        values: dict[Channel, Value] = {Channel(W): ac_w}
        for port, (count, watt) in enumerate(zip(wh, dc_w, strict=True), 1):
            values |= {Channel(DCWH_INJ, port): count, Channel(DCW, port): watt}
        if "uptime_s" in more:
            values[Channel(UP_TMS)] = more["uptime_s"]
        self.ledger.accept(Reading("A", hour * HOUR, values), round(START_S + hour * HOUR))
        self._rows = rows_by_slot(replace(row) for row in self.ledger.rows.values())["s1"]

    def totals(self) -> list[int]:
        return [self.ledger.energy[port].total_wh for port in range(3)]

    def days(self) -> list[int]:
        return [self.ledger.energy[port].day_wh for port in range(3)]


@pytest.mark.parametrize(
    ("watts", "ac_wh"),
    [
        pytest.param((190.0, 100.0, 100.0), 80 + 95, id="powers that fit: 95 %"),
        pytest.param((0.0, 0.0, 0.0), 80 + 80, id="no DC power: the last ratio, 80 %"),
        pytest.param((None, 100.0, 100.0), 80 + 80, id="AC power not sent"),
        pytest.param((190.0, None, 100.0), 80 + 80, id="a DC power not sent"),
        pytest.param((300.0, 100.0, 100.0), 80 + 80, id="more out than in"),
    ],
)
def test_ac_follows_interval_by_interval(watts: tuple[float | None, ...], ac_wh: int) -> None:
    roof = Roof()
    roof.said(0.0, (40, 60), (160.0, 100.0, 100.0))
    roof.said(1.0, (90, 110), watts)
    assert roof.ledger.energy == {0: Energy(ac_wh, ac_wh, derived=True), 1: Energy(90, 90), 2: Energy(110, 110)}


def test_before_the_first_powers_the_figure_of_the_model_holds() -> None:
    roof = Roof()
    roof.said(0.0, (40, 60), (None, None, None))
    assert roof.totals() == [90, 40, 60]


def test_a_restart_of_the_gateway_at_noon_counts_nothing_twice_and_leaves_nothing_out() -> None:
    roof = Roof()
    roof.said(0.0, (100, 100), (190.0, 100.0, 100.0))
    roof.restart()
    assert roof.totals() == [190, 100, 100]
    roof.said(2.0, (300, 300), (190.0, 100.0, 100.0))
    assert roof.totals() == [570, 300, 300]


@pytest.mark.parametrize("restarted", [False, True], ids=["the gateway saw the night", "it was restarted, too"])
@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        pytest.param(500, 20, id="less than last evening"),
        pytest.param(100, 100, id="as much as last evening"),
        pytest.param(100, 150, id="more than last evening already"),
    ],
)
def test_each_morning_the_unit_counts_from_nothing(evening: int, morning: int, restarted: bool) -> None:  # noqa: FBT001 - a column
    roof = Roof()
    roof.said(0.0, (0, 0), (190.0, 100.0, 100.0))
    roof.said(4.0, (evening, evening), (190.0, 100.0, 100.0))
    roof.ledger.next_day()
    if restarted:
        roof.restart()
        roof.ledger.next_day()
    roof.said(14.0, (morning, morning), (190.0, 100.0, 100.0))
    assert roof.totals()[1:] == [evening + morning] * 2
    assert roof.days() == [round(1.9 * morning), morning, morning]


def test_a_boot_by_day_is_told_by_the_uptime() -> None:
    roof = Roof()
    roof.said(0.0, (100, 100), (190.0, 100.0, 100.0), uptime_s=3600)
    roof.said(2.0, (120, 120), (190.0, 100.0, 100.0), uptime_s=3600)
    assert roof.totals() == [418, 220, 220]


NIGHT_H = 6.0
STEPS = st.lists(
    st.tuples(
        st.floats(0.02, 2.0),  # hours to the next answer
        st.floats(0, 600),  # DC power of the first input meanwhile
        st.floats(0, 200),
        st.booleans(),  # a night lies before it
        st.booleans(),  # the gateway is restarted before it
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_restarts_ac_is_the_efficiency_times_what_was_made(
    steps: list[tuple[float, float, float, bool, bool]],
) -> None:
    roof, hour, booted, counted, made = Roof(), 0.0, 0.0, [0.0, 0.0], [0.0, 0.0]
    before = [0, 0, 0]
    for pause_h, first_w, second_w, boots, restarts in steps:
        if boots:
            hour += NIGHT_H
            booted, counted = hour, [0.0, 0.0]
        if restarts:
            roof.restart()
        hour += pause_h
        powers = (first_w, second_w)
        counted = [wh + watt * pause_h for wh, watt in zip(counted, powers, strict=True)]
        made = [wh + watt * pause_h for wh, watt in zip(made, powers, strict=True)]
        roof.said(
            hour,
            (counted[0], counted[1]),
            (0.9 * sum(powers), *powers),
            uptime_s=(hour - booted) * HOUR,
        )
        after = [roof.ledger.rows[port].total_mwh for port in range(3)]
        assert all(now >= then for now, then in zip(after, before, strict=True))
        before = after
    assert before[1:] == pytest.approx([1000 * wh for wh in made], abs=50)
    assert before[0] == pytest.approx(0.9 * 1000 * sum(made), abs=100)
