import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.plc.timing import CEILING_S, FIRST_S, FLOOR_S, AirTime, Allowance, Window

# Paper times of a request of 8 bytes with a reply of 40 and of 125 bytes, computed by hand from
# T = (Lq + O) · 8 / R + (Lr + O) · 8 / R + 2 · Tturn
PAPER = [
    (AirTime(100, 0, 0.2), 4.24, 11.04),
    (AirTime(960, 0, 0.1), 0.60, 1.308333),
    (AirTime(2400, 8, 0.03), 0.273333, 0.556667),
    (AirTime(4800, 8, 0.03), 0.166667, 0.308333),
    (AirTime(4800, 20, 0.06), 0.266667, 0.408333),
]


@pytest.mark.parametrize(
    ("air", "short_s", "long_s"), PAPER, ids=["KQ 100", "KQ 960", "ST7540 2400", "ST7540 4800", "ST7580 4800"]
)
def test_paper_time_of_a_transaction(air: AirTime, short_s: float, long_s: float) -> None:
    assert air.transaction_s(8, 40) == pytest.approx(short_s, abs=1e-6)
    assert air.transaction_s(8, 125) == pytest.approx(long_s, abs=1e-6)


def test_a_broadcast_turns_the_line_round_once() -> None:
    assert AirTime(2400, 8, 0.03).transaction_s(16, 0) == pytest.approx(0.11)


@pytest.mark.parametrize(
    ("excesses", "seconds"),
    [
        ([], FIRST_S),
        ([0.04], 0.04 + 4 * 0.02),  # RFC 6298 2.2: mean = R, deviation = R / 2
        ([0.04, 0.12], 0.05 + 4 * (0.75 * 0.02 + 0.25 * 0.08)),  # 2.3: 3/4 and 1/4, 7/8 and 1/8
        ([0.0] * 5, FLOOR_S),
        ([-1.0], FLOOR_S),
        ([3.0], CEILING_S),
    ],
    ids=["unknown", "one", "two", "on paper", "earlier than on paper", "far too late"],
)
def test_the_allowance_is_smoothed_as_round_trips_are(excesses: list[float], seconds: float) -> None:
    allowance = Allowance()
    for excess in excesses:
        allowance.answered(excess)
    assert allowance.seconds == pytest.approx(seconds)


def test_misses_double_the_allowance_until_an_answer() -> None:
    allowance = Allowance()
    allowance.answered(0.0)
    heights = []
    for _ in range(5):
        allowance.missed()
        heights.append(allowance.seconds)
    assert heights == pytest.approx([0.1, 0.2, 0.4, 0.5, 0.5])
    allowance.answered(0.0)
    assert allowance.seconds == FLOOR_S


AIR = AirTime(800, 0, 1.0)  # a byte takes 0.01 s
REQUEST, REPLY, WAIT_S = 10, 50, 2.0  # sent at 0.1, free at 1.1, first byte due at 3.1 + 0.03, last at 3.6


def window(*, early: bool, reply_bytes: int = REPLY, confirm_s: float = 0.0) -> Window:
    return Window(AIR, 0.0, REQUEST, reply_bytes, wait_s=WAIT_S, early=early, confirm_s=confirm_s)


@pytest.mark.parametrize(
    ("early", "reply_bytes", "confirm_s", "deadline"),
    [
        (True, REPLY, 0.0, 3.13),
        (False, REPLY, 0.0, 3.6),
        (True, 2, 0.0, 3.12),
        (True, 0, 0.0, 1.1),
        (False, 0, 5.0, 5.1),
        (False, REPLY, 5.0, 5.1),
    ],
    ids=["early", "whole frames", "tiny answer", "no answer", "unconfirmed broadcast", "unconfirmed"],
)
def test_when_silence_ends_a_window(
    early: bool,  # noqa: FBT001 - a row
    reply_bytes: int,
    confirm_s: float,
    deadline: float,
) -> None:
    assert window(early=early, reply_bytes=reply_bytes, confirm_s=confirm_s).deadline == pytest.approx(deadline)


@pytest.mark.parametrize(
    ("bytes_heard", "deadline"),
    [
        ([(1.2, 1)], 3.13),
        ([(3.0, 1)], 3.0 + 0.49 + 0.1),
        ([(3.0, 1), (3.2, 20)], 3.2 + 0.30 + 0.1),
        ([(3.1, 40)], 3.1 + 0.10 + 0.1),
        ([(3.0, 60)], 3.13),
        ([(3.5, 1)], 3.7),
        ([(3.0, 1), (3.1, 0)], 3.13),
    ],
    ids=["noise early", "first byte", "half way", "most", "more than asked", "no later than whole", "was noise"],
)
def test_bytes_keep_the_window_open_until_the_last_is_due(
    bytes_heard: list[tuple[float, int]], deadline: float
) -> None:
    open_window = window(early=True)
    for at, pending in bytes_heard:
        open_window.heard(at, pending, 0.1)
    assert open_window.deadline == pytest.approx(deadline)


def test_a_late_confirmation_moves_the_window_and_an_early_one_does_not() -> None:
    moved = window(early=False, confirm_s=1.0)
    moved.confirmed(0.6)
    assert moved.deadline == pytest.approx(3.6 + 0.5)
    assert moved.paper_end == pytest.approx(1.6 + 0.5)
    kept = window(early=False, confirm_s=9.0)
    kept.confirmed(0.05)
    assert kept.deadline == pytest.approx(3.6)


def test_a_refusal_ends_the_window() -> None:
    refused = window(early=False, confirm_s=9.0)
    refused.over(0.5)
    refused.heard(0.6, 0, 0.1)
    assert refused.deadline == pytest.approx(0.5)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 300)), max_size=20),
    st.booleans(),
    st.integers(0, 256),
)
def test_whatever_is_heard_the_window_ends(heard: list[tuple[float, int]], early: bool, reply_bytes: int) -> None:  # noqa: FBT001 - drawn
    open_window = window(early=early, reply_bytes=reply_bytes)
    at_first = open_window.deadline
    for at, pending in heard:
        open_window.heard(at, pending, 0.1)
        assert at_first <= open_window.deadline <= AIR.transaction_s(REQUEST, reply_bytes) + WAIT_S + 0.1
