"""Each parser, for a moment: its seeds, what becomes of them, and noise; `make fuzz` goes on for longer."""

from collections.abc import Iterator
from random import Random

import pytest
import structlog
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import MAX_SIZE, mutated
from tests.fuzz.target import FoundError, Target, accepts
from tests.fuzz.targets import every_target

ROUNDS = 120  # inputs for the usual target; a dear one gets fewer
TARGETS = every_target()

each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Let nobody spend the time on log lines."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("target", [one for one in TARGETS.values() if not one.vague], ids=lambda target: target.name)
def test_an_input_in_order_is_taken(target: Target) -> None:
    assert any(accepts(target, seed) for seed in target.seeds)


@each_target
def test_every_seed_and_what_becomes_of_it_is_taken_or_refused_as_declared(target: Target) -> None:
    rng = Random(target.name)
    inputs = [*target.seeds, *(mutated(rng, target.seeds) for _ in range(max(ROUNDS // target.cost, 3)))]
    assert len([accepts(target, data) for data in inputs]) == len(inputs)


@each_target
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(b"")
@given(data=st.binary(max_size=300))
def test_noise_is_taken_or_refused_as_declared(target: Target, data: bytes) -> None:
    assert accepts(target, data) in {True, False}


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(IndexError("no such byte"), id="an error of another kind"),
        pytest.param(ValueError("x\x1b[2J"), id="a text that acts on a terminal"),
        pytest.param(ValueError("x" * 100_000), id="a text without end"),
        pytest.param(AssertionError("5000 bytes are held"), id="something that grows"),
    ],
)
def test_a_broken_promise_is_noticed(error: Exception) -> None:
    target = Target("planted", lambda _: _raise(error), (b"a",), allowed=(ValueError,))
    with pytest.raises(FoundError, match=r"planted|error text"):
        accepts(target, b"a")


def test_one_seed_makes_the_same_inputs_every_time() -> None:
    seeds = [bytes(range(50)), b"x" * MAX_SIZE]
    once, again = ([mutated(Random(7), seeds) for _ in range(2)] for _ in range(2))
    assert once == again
    assert max(len(mutated(Random(n), seeds)) for n in range(100)) <= MAX_SIZE
