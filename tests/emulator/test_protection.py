from math import inf

import pytest

from emulator.protection import NOWHERE, Protection, Timer, Watch, since
from emulator.stages import Quantity, Stage

HIGH = Stage(5, 1, Quantity.VOLT, True, 250.0, 245.0, 1.0, 2.0)
HIGHER = Stage(5, 2, Quantity.VOLT, True, 260.0, 255.0, 0.5, 2.0)
LOW = Stage(4, 1, Quantity.VOLT, False, 200.0, 204.0, 1.0, 2.0)
DEAD = Stage(2, 1, Quantity.VOLT, False, 46.0, 47.0, 1.0, 1.0, needs_window=True)
FAST = Stage(6, 1, Quantity.HERTZ, True, 52.0, 51.95, 1.0, 1.0)


def timer(stage: Stage, *rows: tuple[float, float | None]) -> Timer:
    one = Timer(stage)
    for now, value in rows:
        one.observe(now, value, in_window=False)
    return one


@pytest.mark.parametrize(
    ("stage", "rows", "since_s", "due"),
    [
        (HIGH, [(0, 249.0)], None, inf),
        (HIGH, [(0, 250.0)], None, inf),
        (HIGH, [(3, 250.1)], 3, 4),
        (HIGH, [(3, 250.1), (3.5, 246.0)], 3, 4),
        (HIGH, [(3, 250.1), (3.5, 245.0)], 3, 4),
        (HIGH, [(3, 250.1), (3.5, 244.9)], None, inf),
        (HIGH, [(3, 250.1), (3.5, 244.9), (3.6, 251.0)], 3.6, 4.6),
        (HIGH, [(3, 250.1), (3.5, None)], None, inf),
        (HIGH, [(3, None)], None, inf),
        (LOW, [(3, 200.0)], None, inf),
        (LOW, [(3, 199.9), (3.2, 203.9)], 3, 4),
        (LOW, [(3, 199.9), (3.2, 204.0)], 3, 4),
        (LOW, [(3, 199.9), (3.2, 204.1)], None, inf),
    ],
    ids=[
        "below the limit",
        "on the limit",
        "beyond it",
        "back but not over the drop-out",
        "on the drop-out",
        "over the drop-out",
        "beyond again",
        "not measured any more",
        "not measured",
        "under-voltage on the limit",
        "under-voltage back a little",
        "under-voltage on the drop-out",
        "under-voltage back",
    ],
)
def test_a_timer_starts_at_the_crossing_and_anew_after_the_drop_out(
    stage: Stage, rows: list[tuple[float, float | None]], since_s: float | None, due: float
) -> None:
    one = timer(stage, *rows)
    assert (one.since, one.due) == (since_s, due)
    assert one.level == (stage.limit if since_s is None else stage.back)


def test_the_worst_value_is_kept_until_it_acted() -> None:
    one = timer(HIGH, (0, 251.0))
    for value in (255.0, 252.0):
        one.note(value)
    one.acted = True
    one.note(300.0)
    assert one.worst == 255.0
    under = timer(LOW, (0, 190.0))
    for value in (180.0, 195.0):
        under.note(value)
    assert under.worst == 180.0


def test_an_idle_timer_has_no_worst_value() -> None:
    one = timer(HIGH, (0, 230.0))
    one.note(300.0)
    assert one.worst == 0.0


def test_what_acted_clears_when_the_value_was_back_for_a_while() -> None:
    one = timer(HIGH, (0, 251.0))
    one.acted = True
    one.observe(1.0, 251.0, in_window=False)
    assert one.due == inf
    one.observe(5.0, 240.0, in_window=False)
    assert one.due == 7.0
    one.observe(6.0, 244.0, in_window=False)
    assert one.due == 7.0
    one.observe(6.5, 246.0, in_window=False)
    assert one.due == inf


def test_what_needs_the_window_clears_only_inside_it() -> None:
    one = timer(DEAD, (0, 0.0))
    one.acted = True
    one.observe(5.0, 180.0, in_window=False)
    assert one.due == inf
    one.observe(6.0, 230.0, in_window=True)
    assert one.due == 7.0


def watch(*stages: Stage) -> Watch:
    return Watch(Timer(stage) for stage in stages)


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (230.0, (200.0, 250.0)),
        (255.0, (245.0, 260.0)),
        (270.0, (255.0, inf)),
        (190.0, (46.0, 204.0)),
        (10.0, (-inf, 47.0)),
        (250.0, (250.0, 260.0)),
    ],
    ids=["normal", "one stage began", "two stages began", "low", "dead", "exactly on a limit"],
)
def test_the_band_reaches_to_the_next_level_on_each_side(value: float, band: tuple[float, float]) -> None:
    one = watch(HIGH, HIGHER, LOW, DEAD)
    one.observe(0.0, value, in_window=True, suppressed=False)
    assert one.band == band
    assert one.busy is (band != (200.0, 250.0) and value != 250.0)


def test_inside_the_band_nothing_changes_and_beyond_it_something_may() -> None:
    one = watch(HIGH, LOW)
    changes = [one.observe(t, value, in_window=True, suppressed=False) for t, value in enumerate((230.0, 249.0, 251.0))]
    assert changes == [True, False, True]
    assert one.value == 251.0


def test_a_mark_is_a_level_too_and_a_new_one_makes_it_look_again() -> None:
    one = watch(HIGH, LOW)
    one.observe(0.0, 230.0, in_window=True, suppressed=False)
    one.mark(240.0, 210.0)
    assert one.band == NOWHERE
    one.observe(1.0, 230.0, in_window=True, suppressed=False)
    assert one.band == (210.0, 240.0)
    one.mark(240.0, 210.0)
    assert one.band == (210.0, 240.0)


def test_what_cannot_be_measured_has_no_limits() -> None:
    one = watch(HIGH, LOW)
    one.observe(0.0, None, in_window=False, suppressed=False)
    assert one.band == (-inf, inf)


def protection() -> Protection:
    return Protection([DEAD, LOW, HIGH, HIGHER, FAST])


def observe(unit: Protection, now: float, volt: float, hertz: float | None = 50.0, *, in_window: bool = False) -> None:
    unit.observe(now, {Quantity.VOLT: volt, Quantity.HERTZ: hertz}, in_window=in_window)


def test_an_outage_acts_before_what_follows_from_it() -> None:
    unit = protection()
    observe(unit, 0.0, 0.0, None)
    assert unit.due == 1.0
    assert [timer.stage.code for timer in unit.tick(1.0)] == [2]
    assert unit.holding == {2}
    observe(unit, 1.0, 0.0, None)
    assert unit.due == inf  # the sag does not wait behind it


def test_an_outage_takes_the_place_of_what_acted_before_it() -> None:
    unit = protection()
    observe(unit, 0.0, 190.0)
    assert [timer.stage.code for timer in unit.tick(1.0)] == [4]
    observe(unit, 1.5, 0.0, None)
    assert [timer.stage.code for timer in unit.tick(2.5)] == [2]
    assert unit.holding == {2}


def test_after_an_outage_the_grid_is_judged_anew() -> None:
    unit = protection()
    observe(unit, 0.0, 0.0, None)
    unit.tick(1.0)
    observe(unit, 1.0, 0.0, None)
    observe(unit, 5.0, 230.0, 53.0, in_window=True)
    assert unit.tick(6.0) == []
    assert unit.holding == frozenset()
    observe(unit, 6.0, 230.0, 53.0)
    assert unit.due == 7.0


def test_two_stages_that_are_full_at_one_instant_both_act() -> None:
    unit = protection()
    observe(unit, 0.0, 251.0)
    observe(unit, 0.5, 261.0)
    assert [timer.stage.number for timer in unit.tick(1.0)] == [1, 2]
    assert unit.holding == {5}


def test_nothing_acts_before_it_is_full() -> None:
    unit = protection()
    observe(unit, 0.0, 251.0)
    assert unit.tick(0.999) == []
    assert unit.holding == frozenset()


def test_a_quantity_that_is_left_out_stays_as_it_was() -> None:
    unit = protection()
    observe(unit, 0.0, 251.0)
    unit.observe(0.5, {Quantity.HERTZ: 50.0}, in_window=False)
    assert unit.due == 1.0


def test_forgetting_ends_all() -> None:
    unit = protection()
    observe(unit, 0.0, 251.0)
    unit.tick(1.0)
    unit.forget()
    assert (unit.holding, unit.due) == (frozenset(), inf)
    assert unit.watches[Quantity.VOLT].band == NOWHERE


@pytest.mark.parametrize(
    ("then", "holds", "now_since"), [(None, True, 9.0), (3.0, True, 3.0), (3.0, False, None), (None, False, None)]
)
def test_since_when_something_holds(then: float | None, holds: bool, now_since: float | None) -> None:  # noqa: FBT001 - a row
    assert since(then, 9.0, holds=holds) == now_since
