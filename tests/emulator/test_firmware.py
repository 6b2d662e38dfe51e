from collections.abc import Callable

import pytest

from config.grid_profile import GridProfileFile
from config.grid_profiles import grid_profile
from emulator.firmware import RESTART_SILENCE_S, SELF_TEST_S, Firmware
from emulator.phase import Inputs, Phase
from emulator.stages import Quantity
from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.states import InvSt
from tests.support.emulated import model

EN = grid_profile("eu_en_50549_1_2019")


def see(
    volt: float | None = 230.0,
    hertz: float | None = 50.0,
    *,
    lit: bool = True,
    starved: bool = False,
    collapsed: bool = False,
    **others: float,
) -> Inputs:
    """Return what the sensors say; further quantities by their names."""
    measured = {Quantity.VOLT: volt, Quantity.HERTZ: hertz}
    measured |= {Quantity[name.upper()]: value for name, value in others.items()}
    return Inputs(lit=lit, starved=starved, collapsed=collapsed, measured=measured, watt=300.0)


DAY = see()
DIM = see(lit=False, starved=True)
NIGHT = see(lit=False, starved=True, collapsed=True)
ODD_GRID = see(hertz=50.3)


def firmware(
    profile: GridProfileFile = EN, ohm: Callable[[float], float] = lambda _: 1e6, **settings: bool
) -> Firmware:
    return Firmware(profile, model(), ohm, **settings)


def running(profile: GridProfileFile = EN) -> Firmware:
    unit = firmware(profile)
    unit.power_up(0.0, 0.0, running=True)
    return unit


def live(unit: Firmware, rows: list[tuple[float, Inputs | Command | None, Phase]]) -> None:
    """Go through rows of (at, stimulus, phase then); every deadline on the way is met when it is due."""
    inputs = DAY
    for at, stimulus, phase in rows:
        while (deadline := unit.next_deadline()) <= at:
            unit.tick(deadline)
            unit.observe(deadline, inputs)
        if isinstance(stimulus, Inputs):
            inputs = stimulus
        elif stimulus is not None:
            unit.command(stimulus, at)
        unit.observe(at, inputs)
        assert unit.phase is phase, f"at {at}: {unit.phase}"


def codes(unit: Firmware) -> list[int]:
    return [record.code for record in reversed(unit.guard.memory.records)]


def test_from_dawn_to_dusk() -> None:
    live(
        firmware(),
        [
            (0, DAY, Phase.DARK),
            (4.9, None, Phase.DARK),
            (5, None, Phase.SELF_TEST),
            (14.9, None, Phase.SELF_TEST),
            (15, None, Phase.WAITING),
            (74.9, None, Phase.WAITING),
            (75, None, Phase.RUNNING),
            (1000, DIM, Phase.RUNNING),
            (1059.9, None, Phase.RUNNING),
            (1060, None, Phase.DARK),
            (2000, NIGHT, Phase.DARK),
            (9000, DAY, Phase.DARK),
            (9005, None, Phase.SELF_TEST),
        ],
    )


def test_a_cloud_shorter_than_the_hold_time_is_ridden_through() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, DIM, Phase.RUNNING), (69, DAY, Phase.RUNNING)])
    assert unit.next_deadline() == 600  # the insulation


def test_a_flicker_at_dawn_starts_the_hold_time_anew() -> None:
    live(
        firmware(),
        [
            (0, DAY, Phase.DARK),
            (4, DIM, Phase.DARK),
            (6, DAY, Phase.DARK),
            (10.9, None, Phase.DARK),
            (11, None, Phase.SELF_TEST),
        ],
    )


def test_a_collapsed_voltage_is_dark_at_once() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, NIGHT, Phase.DARK)])
    assert unit.silent
    assert unit.state is InvSt.SLEEPING


def test_the_grid_must_fit_without_a_break_for_the_whole_delay() -> None:
    unit = firmware()
    unit.power_up(0.0, 0.0, running=False)
    live(
        unit,
        [
            (0, DAY, Phase.SELF_TEST),
            (10, None, Phase.WAITING),
            (60, ODD_GRID, Phase.WAITING),
            (80, DAY, Phase.WAITING),
            (139, None, Phase.WAITING),
            (140, None, Phase.RUNNING),
        ],
    )


@pytest.mark.parametrize(
    ("off", "on", "state"),
    [(Conn(on=False), Conn(on=True), InvSt.OFF), (Activate(permitted=False), Activate(permitted=True), InvSt.STANDBY)],
    ids=["the owner's switch", "the activation"],
)
def test_taken_back_stops_at_once_and_given_again_waits_the_delay(off: Command, on: Command, state: InvSt) -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (5, off, Phase.WAITING)])
    assert unit.state is state
    assert unit.next_deadline() > 80_000  # the daily look at the insulation
    live(unit, [(900, on, Phase.WAITING), (900, DAY, Phase.WAITING)])
    assert unit.state is InvSt.STARTING
    live(unit, [(900, DAY, Phase.WAITING)])
    assert unit.next_deadline() == 960


def test_a_restart_is_a_short_silence_and_a_new_boot() -> None:
    unit = running()
    silent = []
    live(unit, [(0, DAY, Phase.RUNNING), (100, Restart(), Phase.RESTARTING)])
    silent.append(unit.silent)
    live(unit, [(100, DAY, Phase.RESTARTING), (100 + RESTART_SILENCE_S, None, Phase.SELF_TEST)])
    silent.append(unit.silent)
    assert silent == [True, False]
    assert unit.booted_at == 100 + RESTART_SILENCE_S
    live(unit, [(100 + RESTART_SILENCE_S + SELF_TEST_S, DAY, Phase.WAITING)])


@pytest.mark.parametrize("pct", [-0.1, 100.1, float("nan")])
def test_a_limit_outside_the_rating_is_refused(pct: float) -> None:
    unit = firmware()
    assert not unit.command(WMaxLimPct(pct), 0.0)
    assert unit.limits.owner_pct == 100


def test_a_reset_without_an_alarm_is_admitted_and_changes_nothing() -> None:
    unit = running()
    assert unit.command(AlarmReset(), 1.0)
    assert unit.phase is Phase.RUNNING


def test_a_factory_new_unit_is_not_activated_and_never_feeds_in() -> None:
    unit = firmware(activated=False)
    live(unit, [(0, DAY, Phase.DARK), (15, None, Phase.WAITING), (1000, None, Phase.WAITING)])
    assert unit.state is InvSt.STANDBY


def test_a_unit_that_is_not_activated_does_not_even_begin_to_run() -> None:
    unit = firmware(activated=False)
    unit.power_up(0.0, 0.0, running=True)
    assert unit.phase is Phase.SELF_TEST


ALARMS: dict[str, tuple[Inputs, float, int]] = {
    "no mains": (see(0.0, None), 0.295, 2),
    "low frequency": (see(hertz=47.4), 0.495, 3),
    "low voltage": (see(195.0), 1.495, 4),
    "high voltage": (see(265.0), 0.195, 5),
    "high mean": (see(254.0, mean=253.5), 2.995, 5),
    "high frequency": (see(hertz=52.1), 0.495, 6),
    "DC in the output": (see(dc=0.021), 0.195, 7),
    "heat": (see(case=90.5), 10.0, 8),
    "high input voltage": (see(input=60.5), 0.02, 1),
}


@pytest.mark.parametrize(("inputs", "after_s", "code"), ALARMS.values(), ids=ALARMS)
def test_every_stage_acts_when_its_time_is_full_and_not_before(inputs: Inputs, after_s: float, code: int) -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, inputs, Phase.RUNNING), (10 + after_s - 1e-6, None, Phase.RUNNING)])
    live(unit, [(10 + after_s + 1e-6, inputs, Phase.WAITING)])
    assert unit.alarms == {code}
    assert unit.state is InvSt.FAULT
    record = unit.guard.memory.records[0]
    assert (record.code, record.crossed_ms, record.opened_ms) == (code, 10_000, round(1000 * (10 + after_s)))


@pytest.mark.parametrize(("inputs", "after_s", "code"), ALARMS.values(), ids=ALARMS)
def test_what_ends_before_its_time_is_full_is_nothing(inputs: Inputs, after_s: float, code: int) -> None:
    unit = running()
    good = see(mean=230.0, dc=0.0, case=40.0, input=36.0)
    live(unit, [(0, good, Phase.RUNNING), (10, inputs, Phase.RUNNING), (10 + 0.99 * after_s, good, Phase.RUNNING)])
    live(unit, [(10 + 0.99 * after_s, good, Phase.RUNNING), (20 + after_s, inputs, Phase.RUNNING)])
    assert code not in codes(unit)


@pytest.mark.parametrize(
    ("code", "clear_s"),
    [(2, 1), (3, 1), (4, 1), (6, 1), (7, 60), (8, 60), (1, 10)],
    ids=str,
)
def test_an_alarm_clears_by_itself_after_its_cause_was_away_for_a_while(code: int, clear_s: float) -> None:
    inputs = next(inputs for inputs, _, each in ALARMS.values() if each == code)
    good = see(mean=230.0, dc=0.0, case=40.0, input=36.0)
    unit = running()
    live(unit, [(0, good, Phase.RUNNING), (10, inputs, Phase.RUNNING), (100, good, Phase.WAITING)])
    live(unit, [(100, good, Phase.WAITING), (100 + clear_s - 0.001, None, Phase.WAITING)])
    assert unit.alarms == {code}
    next_phase = Phase.SELF_TEST if code == 1 else Phase.WAITING
    live(unit, [(100 + clear_s - 0.001, good, Phase.WAITING), (100 + clear_s, None, next_phase)])
    assert unit.alarms == frozenset()
    full_start = SELF_TEST_S if code == 1 else 0.0
    at = 100 + clear_s + full_start + 60
    live(unit, [(100 + clear_s, good, next_phase), (at - 0.001, None, Phase.WAITING), (at, None, Phase.RUNNING)])


def test_a_cause_that_comes_back_while_the_alarm_clears_keeps_it() -> None:
    unit = running()
    rows = [(0.0, DAY), (10.0, see(195.0)), (20.0, DAY), (20.5, see(198.0)), (20.9, DAY)]
    live(unit, [(at, inputs, Phase.RUNNING if at <= 10 else Phase.WAITING) for at, inputs in rows])
    live(unit, [(20.9, DAY, Phase.WAITING), (21.8, None, Phase.WAITING)])
    assert unit.alarms == {4}
    live(unit, [(21.9, DAY, Phase.WAITING)])
    assert unit.alarms == frozenset()


def test_an_outage_that_follows_a_sag_takes_its_place_and_leaves_both_records() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(195.0), Phase.RUNNING), (20, see(0.0, None), Phase.WAITING)])
    live(unit, [(20, see(0.0, None), Phase.WAITING), (30, None, Phase.WAITING)])
    assert unit.alarms == {2}
    assert codes(unit) == [4, 2]


def test_an_outage_ends_only_inside_the_enter_service_window() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(0.0, None), Phase.RUNNING), (20, see(180.0), Phase.WAITING)])
    live(unit, [(20, see(180.0), Phase.WAITING), (60, see(230.0, 50.3), Phase.WAITING), (90, DAY, Phase.WAITING)])
    assert unit.alarms == {2}
    live(unit, [(90, DAY, Phase.WAITING), (91, None, Phase.WAITING)])
    assert unit.alarms == frozenset()
    assert codes(unit) == [2]


def test_two_stages_of_a_code_make_one_record() -> None:
    unit = running(grid_profile("nl_en_50549_1_2019"))
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(150.0), Phase.RUNNING), (20, see(180.0), Phase.WAITING)])
    assert unit.alarms == {4}
    live(unit, [(20, see(180.0), Phase.WAITING), (40, None, Phase.WAITING)])
    assert unit.alarms == {4}
    assert [(record.code, record.stage) for record in unit.guard.memory.records] == [(4, 2)]


def test_an_alarm_at_the_end_of_the_wait_wins() -> None:
    unit = firmware()
    unit.power_up(0.0, 0.0, running=False)
    low = see(input=60.5)
    live(unit, [(0, DAY, Phase.SELF_TEST), (69.98, low, Phase.WAITING), (75, None, Phase.WAITING)])
    assert unit.alarms == {1}


def test_dark_forgets_what_was_no_latch() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(195.0), Phase.RUNNING), (15, None, Phase.WAITING)])
    live(unit, [(20, NIGHT, Phase.DARK)])
    assert unit.alarms == frozenset()
    live(unit, [(30, DAY, Phase.DARK), (40, None, Phase.SELF_TEST)])
    assert unit.alarms == frozenset()
    assert codes(unit) == [4]


def test_the_extreme_is_the_worst_until_the_relay_opened() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(195.0), Phase.RUNNING)])
    for value in (190.0, 185.0, 192.0):
        unit.guard.note({Quantity.VOLT: value, Quantity.HERTZ: None})
    live(unit, [(12, see(185.0), Phase.WAITING)])
    unit.guard.note({Quantity.VOLT: 170.0})
    assert unit.guard.memory.records[0].extreme == 185.0


def test_the_insulation_is_measured_at_every_start_and_three_low_readings_stop_it() -> None:
    readings: list[float] = []

    def ohm(now: float) -> float:
        readings.append(now)
        return 5_000.0

    unit = firmware(ohm=ohm)
    live(unit, [(0, DAY, Phase.DARK), (14, None, Phase.SELF_TEST), (15, None, Phase.WAITING)])
    assert readings == [5, 10, 15]
    assert unit.alarms == {9}
    live(unit, [(15, DAY, Phase.WAITING), (500, None, Phase.WAITING)])
    assert unit.alarms == {9}
