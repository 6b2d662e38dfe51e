from types import MappingProxyType

import pytest

from config.branch import branch_load
from config.site import Branch
from protocols.registry import vendor

ATMOCE = vendor("atmoce").models
MANUAL = "Atmoce MI-400/425/450/500 user manual, draft 2024-09, §4.1.3 and §7.1"


def branch(breaker_a: int, **units: int) -> Branch:
    """Build a branch from counts by power: MI400=3."""
    inverters = [
        {"serial": f"{name}E{n:05d}", "model": name.replace("MI", "MI-")}
        for name, count in units.items()
        for n in range(count)
    ]
    return Branch.model_validate({"id": "south", "breaker_a": breaker_a, "inverters": inverters})


@pytest.mark.parametrize(
    ("breaker_a", "model", "most"),
    [
        *((20, "MI400", 8), (20, "MI425", 7), (20, "MI450", 7), (20, "MI500", 6)),
        *((25, "MI400", 11), (25, "MI425", 10), (25, "MI450", 10), (25, "MI500", 9)),
    ],
)
def test_units_of_one_model_fill_a_breaker_as_the_manual_says(breaker_a: int, model: str, most: int) -> None:
    full = branch_load(branch(breaker_a, **{model: most}), ATMOCE).limit
    over = branch_load(branch(breaker_a, **{model: most + 1}), ATMOCE).limit
    assert full is not None
    assert over is not None
    assert (full.used, full.permitted, full.source) == (1.0, f"{most} x MI-{model[2:]}", MANUAL)
    assert over.used > 1


MIXTURES = [
    pytest.param(20, {"MI400": 4, "MI500": 3}, 13.47, True, id="four small and three large draw less than eight small"),
    pytest.param(20, {"MI400": 5, "MI500": 3}, 15.21, False, id="one more is too much"),
    pytest.param(20, {"MI400": 7, "MI425": 1}, 14.03, False, id="one larger unit among seven is too much"),
    pytest.param(25, {"MI400": 5, "MI500": 5}, 19.55, True, id="a larger breaker takes ten of both"),
    pytest.param(25, {"MI400": 9, "MI450": 2}, 19.58, True, id="it takes as much as ten of 450 W draw"),
    pytest.param(25, {"MI400": 10, "MI500": 1}, 19.57, True, id="and eleven with one large among them"),
    pytest.param(25, {"MI400": 10, "MI450": 2}, 21.32, False, id="but not twelve"),
]


@pytest.mark.parametrize(("breaker_a", "units", "drawn_a", "fits"), MIXTURES)
def test_a_mixture_may_draw_what_the_best_filling_draws(
    breaker_a: int, units: dict[str, int], drawn_a: float, *, fits: bool
) -> None:
    load = branch_load(branch(breaker_a, **units), ATMOCE)
    assert load.drawn_a == drawn_a
    assert load.limit is not None
    assert (load.limit.used <= 1) is fits
    assert (
        load.limit.permitted
        == {
            20: "13.92 A, which 8 x MI-400 draw",
            25: "19.60 A, which 10 x MI-450 draw",
        }[breaker_a]
    )


@pytest.mark.parametrize("units", [{"MI400": 1}, {"MI400": 1, "MI500": 1}], ids=["one model", "a mixture"])
def test_a_breaker_that_the_manual_does_not_name_has_no_limit(units: dict[str, int]) -> None:
    assert branch_load(branch(16, **units), ATMOCE).limit is None


def test_the_load_is_told_in_words() -> None:
    load = branch_load(branch(20, MI400=2, MI500=1), ATMOCE)
    assert load.text == "2 x MI-400 + 1 x MI-500"
    assert MappingProxyType(load.units) == {"MI-400": 2, "MI-500": 1}
