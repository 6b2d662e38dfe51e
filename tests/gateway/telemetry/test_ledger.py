from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rows import LedgerRow
from gateway.snapshot import Energy
from gateway.telemetry.ledger import Ledger, rows_by_slot
from protocols.points import DCW, DCWH_INJ, TOT_WH_INJ, Channel, Value, W
from protocols.profile import USUAL_EFFICIENCY, Counter
from protocols.reading import Reading

AC_COUNTER = (Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False),)
DC_COUNTERS = tuple(Counter(DCWH_INJ, port=port, wrap_wh=0xFFFF_FFFF, restarts=False) for port in (1, 2, 3, 4))


def ledger(counters: tuple[Counter, ...], ports: int, stored: dict[int, LedgerRow] | None = None) -> Ledger:
    return Ledger("s1", "A", ports, 800.0, counters, stored or {})


def reading(at: float, values: dict[Channel, Value]) -> Reading:
    return Reading("A", at, values)


def ac(wh: int, ac_w: float | None, *dc_w: float | None) -> dict[Channel, Value]:
    ports = {Channel(DCW, port): w for port, w in enumerate(dc_w, 1)}
    return {Channel(TOT_WH_INJ): wh, Channel(W): ac_w, **ports}


def dc(ac_w: float | None, *ports: tuple[int, float]) -> dict[Channel, Value]:
    values: dict[Channel, Value] = {Channel(W): ac_w}
    for port, (wh, watts) in enumerate(ports, 1):
        values |= {Channel(DCWH_INJ, port): wh, Channel(DCW, port): watts}
    return values


def test_a_slot_without_history_knows_nothing() -> None:
    assert ledger(AC_COUNTER, 1).energy == {}


def test_ports_are_derived_from_the_ac_counter_interval_by_interval() -> None:
    kept = ledger(AC_COUNTER, 2)
    kept.accept(reading(0.0, ac(1000, 400.0, 300.0, 125.0)), None)
    assert kept.energy == {0: Energy(1000, 0), 1: Energy(0, 0, derived=True), 2: Energy(0, 0, derived=True)}
    kept.accept(reading(1000.0, ac(1096, 384.0, 300.0, 100.0)), None)  # 96 %
    assert kept.energy == {0: Energy(1096, 96), 1: Energy(75, 75, derived=True), 2: Energy(25, 25, derived=True)}
    kept.accept(reading(2000.0, ac(1192, 384.0, 100.0, 300.0)), None)
    assert kept.energy[1] == Energy(100, 100, derived=True)
    assert kept.energy[2] == Energy(100, 100, derived=True)


def test_ac_is_derived_from_the_dc_counters() -> None:
    kept = ledger(DC_COUNTERS, 2)
    kept.accept(reading(0.0, dc(380.0, (5000, 200.0), (6000, 200.0))), None)
    kept.accept(reading(1000.0, dc(380.0, (5050, 200.0), (6050, 200.0))), None)  # 95 %
    assert kept.energy == {0: Energy(95, 95, derived=True), 1: Energy(5050, 50), 2: Energy(6050, 50)}


@pytest.mark.parametrize(
    "powers",
    [
        pytest.param((0.0, 0.0), id="no power at dusk"),
        pytest.param((None, 100.0), id="AC power not available"),
        pytest.param((100.0, None), id="DC power not available"),
        pytest.param((100.0, 20.0), id="more out than in"),
        pytest.param((-5.0, 100.0), id="AC power drawn"),
    ],
)
def test_without_plausible_powers_the_last_ratio_holds(powers: tuple[float | None, float | None]) -> None:
    kept = ledger(AC_COUNTER, 1)
    kept.accept(reading(0.0, ac(1000, 90.0, 100.0)), None)
    kept.accept(reading(1000.0, ac(1090, *powers)), None)
    assert kept.energy[1] == Energy(100, 100, derived=True)


def test_before_the_first_powers_a_usual_efficiency_holds() -> None:
    kept = ledger(AC_COUNTER, 2)
    kept.accept(reading(0.0, ac(1000, None)), None)
    kept.accept(reading(1000.0, ac(1100, None)), None)
    assert kept.energy[1].total_wh == int(50 / USUAL_EFFICIENCY)


def test_a_device_that_counts_both_sides_has_nothing_derived() -> None:
    kept = ledger((*AC_COUNTER, DC_COUNTERS[0]), 1)
    values = ac(1000, 95.0, 100.0) | dc(95.0, (1050, 100.0))
    kept.accept(reading(0.0, values), None)
    assert kept.energy == {0: Energy(1000, 0), 1: Energy(1050, 0)}


def test_an_answer_without_counters_changes_nothing() -> None:
    kept = ledger(AC_COUNTER, 1)
    assert not kept.accept(reading(0.0, {Channel(W): 100.0, Channel(TOT_WH_INJ): None}), None)
    assert kept.energy == {}


def test_a_side_that_draws_power_takes_no_energy_from_the_other() -> None:
    kept = ledger(AC_COUNTER, 2)
    kept.accept(reading(0.0, ac(1000, 190.0, 100.0, 100.0)), None)
    kept.accept(reading(1000.0, ac(1100, 190.0, 205.0, -5.0)), None)
    assert (kept.energy[1], kept.energy[2]) == (Energy(52, 52, derived=True),) * 2


POWERS = st.none() | st.floats(-1000, 1000)


@given(st.lists(st.tuples(st.integers(0, 300), POWERS, POWERS, POWERS)), st.sampled_from([AC_COUNTER, DC_COUNTERS[:2]]))
def test_whatever_a_device_says_no_side_ever_falls(
    rows: list[tuple[int, float | None, float | None, float | None]], counters: tuple[Counter, ...]
) -> None:
    kept, before = ledger(counters, 2), [0, 0, 0]
    for at, (wh, *powers) in enumerate(rows):
        counts = {Channel(TOT_WH_INJ): wh, Channel(DCWH_INJ, 1): wh, Channel(DCWH_INJ, 2): wh}
        kept.accept(reading(600.0 * at, ac(wh, *powers) | counts), None)
        after = [kept.rows[port].total_mwh for port in range(3)]
        assert all(now >= then for now, then in zip(after, before, strict=True))
        before = after


def test_a_day_begins_at_zero_and_can_be_undone() -> None:
    kept = ledger(AC_COUNTER, 1)
    kept.accept(reading(0.0, ac(1000, 90.0, 100.0)), None)
    kept.accept(reading(1000.0, ac(1090, 90.0, 100.0)), None)
    kept.next_day()
    assert kept.energy == {0: Energy(1090, 0), 1: Energy(100, 0, derived=True)}
    kept.accept(reading(1100.0, ac(1099, 90.0, 100.0)), None)
    kept.previous_day()
    assert kept.energy == {0: Energy(1099, 99), 1: Energy(110, 110, derived=True)}


def test_stored_rows_are_taken_up() -> None:
    kept = ledger(AC_COUNTER, 1)
    kept.accept(reading(0.0, ac(1000, 90.0, 100.0)), 1_700_000_000)
    kept.accept(reading(1000.0, ac(1090, 90.0, 100.0)), 1_700_001_000)
    copies = rows_by_slot(replace(row) for row in kept.rows.values())["s1"]
    again = ledger(AC_COUNTER, 1, copies)
    assert again.energy == kept.energy
    again.accept(reading(5.0, ac(1091, 90.0, 100.0)), 1_700_001_010)
    assert again.energy[0] == Energy(1091, 91)


def test_a_side_that_was_derived_and_is_counted_now_is_not_counted_twice() -> None:
    stored = {1: LedgerRow("s1", 1, "A", total_mwh=500_000)}
    kept = ledger((*AC_COUNTER, DC_COUNTERS[0]), 1, stored)
    kept.accept(reading(0.0, dc(95.0, (9000, 100.0))), None)
    assert kept.energy[1].total_wh == 500
