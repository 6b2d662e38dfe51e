import pytest

from emulator.firmware import RESTART_SILENCE_S, SELF_TEST_S, WIDE, Firmware, Inputs, Phase
from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.states import InvSt

DAY = Inputs(lit=True, starved=False, collapsed=False, grid_fit=True)
DIM = Inputs(lit=False, starved=True, collapsed=False, grid_fit=True)
NIGHT = Inputs(lit=False, starved=True, collapsed=True, grid_fit=True)
ODD_GRID = Inputs(lit=True, starved=False, collapsed=False, grid_fit=False)


def live(firmware: Firmware, rows: list[tuple[float, Inputs | Command | None, Phase]]) -> None:
    """Go through rows of (at, stimulus, phase then); every deadline on the way is met when it is due."""
    inputs: Inputs | None = None
    for at, stimulus, phase in rows:
        while (deadline := firmware.next_deadline()) is not None and deadline <= at:
            firmware.tick(deadline)
            assert inputs is not None
            firmware.observe(deadline, inputs)
        if isinstance(stimulus, Inputs):
            inputs = stimulus
        elif stimulus is not None:
            firmware.command(stimulus, at)
        if inputs is not None:
            firmware.observe(at, inputs)
        assert firmware.phase is phase, f"at {at}: {firmware.phase}"


def test_from_dawn_to_dusk() -> None:
    live(
        Firmware(WIDE),
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
    firmware = Firmware(WIDE)
    firmware.power_up(0.0, running=True)
    live(firmware, [(0, DAY, Phase.RUNNING), (10, DIM, Phase.RUNNING), (69, DAY, Phase.RUNNING)])
    assert firmware.next_deadline() is None


def test_a_flicker_at_dawn_starts_the_hold_time_anew() -> None:
    live(
        Firmware(WIDE),
        [
            (0, DAY, Phase.DARK),
            (4, DIM, Phase.DARK),
            (6, DAY, Phase.DARK),
            (10.9, None, Phase.DARK),
            (11, None, Phase.SELF_TEST),
        ],
    )


def test_a_collapsed_voltage_is_dark_at_once() -> None:
    firmware = Firmware(WIDE)
    firmware.power_up(0.0, running=True)
    live(firmware, [(0, DAY, Phase.RUNNING), (10, NIGHT, Phase.DARK)])
    assert firmware.silent
    assert firmware.state is InvSt.SLEEPING


def test_the_grid_must_fit_without_a_break_for_the_whole_delay() -> None:
    firmware = Firmware(WIDE)
    firmware.power_up(0.0, running=False)
    live(
        firmware,
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
    firmware = Firmware(WIDE)
    firmware.power_up(0.0, running=True)
    live(firmware, [(0, DAY, Phase.RUNNING), (5, off, Phase.WAITING)])
    assert firmware.state is state
    assert firmware.next_deadline() is None
    live(firmware, [(900, on, Phase.WAITING), (900, DAY, Phase.WAITING)])
    assert firmware.state is InvSt.STARTING
    live(firmware, [(900, DAY, Phase.WAITING)])
    assert firmware.next_deadline() == 960


def test_a_restart_is_a_short_silence_and_a_new_boot() -> None:
    firmware = Firmware(WIDE)
    firmware.power_up(0.0, running=True)
    silent = []
    live(firmware, [(0, DAY, Phase.RUNNING), (100, Restart(), Phase.RESTARTING)])
    silent.append(firmware.silent)
    live(firmware, [(100, DAY, Phase.RESTARTING), (100 + RESTART_SILENCE_S, None, Phase.SELF_TEST)])
    silent.append(firmware.silent)
    assert silent == [True, False]
    assert firmware.booted_at == 100 + RESTART_SILENCE_S
    assert firmware.next_deadline() == 100 + RESTART_SILENCE_S + SELF_TEST_S


@pytest.mark.parametrize("pct", [-0.1, 100.1, float("nan")])
def test_a_limit_outside_the_rating_is_refused(pct: float) -> None:
    firmware = Firmware(WIDE)
    assert not firmware.command(WMaxLimPct(pct), 0.0)
    assert firmware.limit_pct == 100


def test_a_reset_is_admitted_though_nothing_latches() -> None:
    firmware = Firmware(WIDE)
    firmware.power_up(0.0, running=True)
    assert firmware.command(AlarmReset(), 1.0)
    assert firmware.phase is Phase.RUNNING


def test_a_factory_new_unit_is_not_activated_and_never_feeds_in() -> None:
    firmware = Firmware(WIDE, activated=False)
    live(firmware, [(0, DAY, Phase.DARK), (15, None, Phase.WAITING), (1000, None, Phase.WAITING)])
    assert firmware.state is InvSt.STANDBY
