"""What goes wrong between a gateway and its units, and units that answer oddly."""

from random import Random

import pytest

from emulator.faults import Faults, FaultyResponder


class Echo:
    """Answers every datagram with the number of the request."""

    def __init__(self) -> None:
        self.asked = 0

    def concerns(self, datagram: bytes) -> bool:
        return bool(datagram)

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:  # noqa: ARG002 - as the protocol has it
        self.asked += 1
        return (b"answer%d" % self.asked,)


def _answers(count: int, /, **faults: float) -> list[tuple[bytes, ...]]:
    return _asked(FaultyResponder(Echo(), Faults(Random(7), **faults)), count)


def _asked(responder: FaultyResponder, count: int) -> list[tuple[bytes, ...]]:
    return [responder.answer(b"question", 0.0) for _ in range(count)]


@pytest.mark.parametrize(
    ("faults", "answers"),
    [
        pytest.param({}, [(b"answer1",), (b"answer2",), (b"answer3",)], id="a good medium"),
        pytest.param({"loss": 1.0}, [(), (), ()], id="all is lost"),
        pytest.param({"reorder": 1.0}, [(), (b"answer2", b"answer1"), ()], id="one answer behind the next"),
    ],
)
def test_faults_that_are_certain(faults: dict[str, float], answers: list[tuple[bytes, ...]]) -> None:
    assert _answers(3, **faults) == answers


def test_a_doubled_request_is_answered_twice_and_each_answer_comes_twice() -> None:
    [answers] = _answers(1, duplicates=1.0)
    assert answers == (b"answer1", b"answer1", b"answer2", b"answer2")


def test_a_share_is_lost_each_way() -> None:
    arrived = sum(len(answer) for answer in _answers(4000, loss=0.2))
    assert arrived / 4000 == pytest.approx(0.64, abs=0.03)


def test_a_cut_answer_is_a_beginning_of_the_right_one() -> None:
    given = [piece for answer in _answers(50, truncation=1.0) for piece in answer]
    assert given
    assert all(len(piece) < len(b"answer50") and b"answer50".startswith(piece[:6]) for piece in given)


def test_bits_are_wrong_at_the_asked_rate() -> None:
    faults = Faults(Random(3), bit_errors=0.01)
    wrong = sum(bit.bit_count() for _ in range(200) for bit in faults.carried(bytes(100))[0])
    assert wrong / (200 * 800) == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize(
    ("manner", "answers"),
    [
        pytest.param("silent", [(), ()], id="silent"),
        pytest.param("short", [(b"answe",), (b"answe",)], id="cut"),
        pytest.param("long", [(b"answer1\0\0",), (b"answer2\0\0",)], id="too long"),
        pytest.param("stale", [(), (b"answer1",)], id="the answer to the request before"),
    ],
)
def test_a_firmware_that_answers_otherwise(manner: str, answers: list[tuple[bytes, ...]]) -> None:
    responder = FaultyResponder(Echo(), Faults(Random(7)))
    responder.manner = manner
    assert _asked(responder, 2) == answers
