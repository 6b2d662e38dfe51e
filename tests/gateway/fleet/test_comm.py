from dataclasses import replace
from itertools import product

import pytest

from gateway.fleet.comm import DEFAULTS, VERDICTS, Comm, Daylight, Light, is_dim
from gateway.snapshot import CommState
from protocols.points import DCV, DCW, Channel, Value, W
from protocols.states import InvSt
from tests.gateway.acme import MODEL

UNKNOWN, ONLINE, DEGRADED, ASLEEP, LOST, _ = CommState
NIGHT, TWILIGHT, DAY, UNSEEN = Light


def test_every_silence_has_a_verdict() -> None:
    assert set(VERDICTS) == set(product(Light, (True, False)))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(0, None)], [UNSEEN], id="a guessed clock sees nothing"),
        pytest.param([(0, 2.9), (1, 3.0), (2, 5.9)], [NIGHT, TWILIGHT, TWILIGHT], id="below three degrees it is night"),
        pytest.param([(0, 40.0)], [DAY], id="a start at noon is day at once"),
        pytest.param(
            [(0, 5.9), (60, 6.0), (1859, 9.0), (1860, 9.0)],
            [TWILIGHT, TWILIGHT, TWILIGHT, DAY],
            id="after dawn sleepers have half an hour to wake",
        ),
        pytest.param([(0, 6.1), (900, 12.0)], [TWILIGHT, DAY], id="a high sun needs no patience"),
        pytest.param(
            [(0, 6.0), (1000, 5.9), (1100, 6.0), (2800, 6.0), (2900, 6.0)],
            [TWILIGHT, TWILIGHT, TWILIGHT, TWILIGHT, DAY],
            id="a sun that sinks again begins the wait anew",
        ),
        pytest.param(
            [(0, 40.0), (10, None), (20, 7.0)], [DAY, UNSEEN, TWILIGHT], id="a clock that was lost begins the wait anew"
        ),
        pytest.param([(0, 20.0), (10, 5.0), (20, 2.0)], [DAY, TWILIGHT, NIGHT], id="dusk goes the other way at once"),
    ],
)
def test_daylight(rows: list[tuple[float, float | None]], expected: list[Light]) -> None:
    daylight = Daylight()
    assert [daylight.observe(now, elevation) for now, elevation in rows] == expected


# A stimulus is "+" (answered), "+dim" (answered with little light) or the light in which a conversation failed.
Stimulus = str | Light
SCENARIOS: dict[str, list[tuple[float, Stimulus, CommState]]] = {
    "an answer makes online": [(0, "+", ONLINE)],
    "five misses by day make lost": [
        (0, "+", ONLINE),
        (5, DAY, ONLINE),
        (10, DAY, ONLINE),
        (15, DAY, ONLINE),
        (20, DAY, ONLINE),
        (25, DAY, LOST),
        (30, "+", ONLINE),
    ],
    "an answer between misses counts them afresh": [
        (0, "+", ONLINE),
        *[(5.0 * n, DAY, ONLINE) for n in range(1, 5)],
        (25, "+", ONLINE),
        *[(25 + 5.0 * n, DAY, ONLINE) for n in range(1, 4)],
        (45, DAY, DEGRADED),
    ],
    "three misses at night make asleep": [
        (0, "+", ONLINE),
        (5, NIGHT, ONLINE),
        (10, NIGHT, ONLINE),
        (15, NIGHT, ASLEEP),
    ],
    "a unit never heard at night is asleep": [(0, NIGHT, UNKNOWN), (5, NIGHT, UNKNOWN), (10, NIGHT, ASLEEP)],
    "a unit never heard by day is lost": [*[(5.0 * n, DAY, UNKNOWN) for n in range(4)], (20, DAY, LOST)],
    "a unit never heard with a guessed clock is asleep": [
        (0, UNSEEN, UNKNOWN),
        (5, UNSEEN, UNKNOWN),
        (10, UNSEEN, ASLEEP),
    ],
    "a bright unit that falls silent with a guessed clock is lost": [
        (0, "+", ONLINE),
        *[(5.0 * n, UNSEEN, ONLINE) for n in range(1, 5)],
        (25, UNSEEN, LOST),
    ],
    "a dim unit that falls silent with a guessed clock is asleep": [
        (0, "+dim", ONLINE),
        (5, UNSEEN, ONLINE),
        (10, UNSEEN, ONLINE),
        (15, UNSEEN, ASLEEP),
    ],
    "a bright unit that falls silent in twilight is lost": [
        (0, "+", ONLINE),
        *[(5.0 * n, TWILIGHT, ONLINE) for n in range(1, 5)],
        (25, TWILIGHT, LOST),
    ],
    "a dim unit sleeps in twilight": [
        (0, "+dim", ONLINE),
        (5, TWILIGHT, ONLINE),
        (10, TWILIGHT, ONLINE),
        (15, TWILIGHT, ASLEEP),
    ],
    "a sleeper that does not wake is lost five misses into the day": [
        (0, "+", ONLINE),
        *[(5.0 * n, NIGHT, ONLINE) for n in (1, 2)],
        (15, NIGHT, ASLEEP),
        *[(60.0 * n, TWILIGHT, ASLEEP) for n in range(1, 20)],
        *[(2000 + 60.0 * n, DAY, ASLEEP) for n in range(4)],
        (2240, DAY, LOST),
    ],
    "a sleeper wakes without a fault": [
        (0, NIGHT, UNKNOWN),
        (1, NIGHT, UNKNOWN),
        (2, NIGHT, ASLEEP),
        (9000, TWILIGHT, ASLEEP),
        (9030, "+dim", ONLINE),
    ],
    "a unit lost by day stays lost over night": [
        *[(5.0 * n, DAY, UNKNOWN) for n in range(4)],
        (20, DAY, LOST),
        (50_000, NIGHT, LOST),
        (60_000, "+", ONLINE),
    ],
    "with no clock a silence longer than any night is a loss": [
        (0, UNSEEN, UNKNOWN),
        (1, UNSEEN, UNKNOWN),
        (2, UNSEEN, ASLEEP),
        (86_400, UNSEEN, ASLEEP),
        (86_401, UNSEEN, LOST),
    ],
    "a polar night is no fault": [
        (0, NIGHT, UNKNOWN),
        (1, NIGHT, UNKNOWN),
        (2, NIGHT, ASLEEP),
        (5_000_000, NIGHT, ASLEEP),
    ],
}


@pytest.mark.parametrize("rows", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_reachability(rows: list[tuple[float, Stimulus, CommState]]) -> None:
    comm = Comm()
    for at, stimulus, expected in rows:
        found = comm.missed(at, stimulus) if isinstance(stimulus, Light) else comm.answered(dim=stimulus == "+dim")
        assert (at, found) == (at, expected)


def outcomes(comm: Comm, pattern: str, times: int) -> list[CommState]:
    return [
        comm.answered(dim=False) if mark == "+" else comm.missed(float(n), DAY)
        for n, mark in enumerate(pattern * times)
    ]


def test_one_miss_in_three_is_degraded_and_recovers_with_hysteresis() -> None:
    comm = Comm()
    states = outcomes(comm, "++-", 10)
    assert states[0] is ONLINE
    assert states[-1] is DEGRADED
    assert outcomes(comm, "+++++-", 4)[-1] is DEGRADED  # 83 % is not enough to come back
    assert outcomes(comm, "+", 20)[-1] is ONLINE


def test_one_miss_in_ten_is_not_degraded() -> None:
    assert set(outcomes(Comm(), "+++++++++-", 10)) == {ONLINE}


def test_a_few_conversations_judge_nobody() -> None:
    assert set(outcomes(Comm(), "+-", 4)) == {ONLINE}


def test_after_a_loss_the_ratio_starts_afresh() -> None:
    comm = Comm()
    outcomes(comm, "+", 20)
    assert outcomes(comm, "-", 5)[-1] is LOST
    assert outcomes(comm, "+", 1) == [ONLINE]


def test_thresholds_are_data() -> None:
    comm = Comm(replace(DEFAULTS, lost_misses=2))
    assert [comm.missed(t, DAY) for t in (0.0, 1.0)] == [UNKNOWN, LOST]


@pytest.mark.parametrize(
    ("state", "values", "dim"),
    [
        pytest.param(InvSt.RUNNING, {Channel(DCV, 1): 36.0, Channel(W): 200.0}, False, id="full light"),
        pytest.param(InvSt.SLEEPING, {}, True, id="the unit says that it sleeps"),
        pytest.param(InvSt.STANDBY, {Channel(DCV, 1): 21.9}, True, id="below start-up voltage"),
        pytest.param(InvSt.STANDBY, {Channel(DCV, 1): 22.0}, False, id="at start-up voltage"),
        pytest.param(InvSt.RUNNING, {Channel(DCV, 1): 30.0, Channel(W): 19.9}, True, id="hardly any power"),
        pytest.param(InvSt.RUNNING, {Channel(DCV, 1): 30.0, Channel(W): 20.0}, False, id="little power"),
        pytest.param(InvSt.THROTTLED, {Channel(DCV, 1): 40.0, Channel(W): 0.0}, False, id="limited to nothing"),
        pytest.param(None, {}, False, id="nothing is known"),
        pytest.param(None, {Channel(DCW, 1): 19.0, Channel(W): 300.0}, True, id="hardly any DC power now"),
        pytest.param(None, {Channel(DCW, 1): 21.0, Channel(W): 300.0}, False, id="some DC power now"),
        pytest.param(InvSt.STANDBY, {Channel(DCW, 1): 0.0}, False, id="it waits for something else than light"),
    ],
)
def test_dim(state: InvSt | None, values: dict[Channel, Value], dim: bool) -> None:  # noqa: FBT001 - a column
    assert is_dim(MODEL, state, values) is dim
