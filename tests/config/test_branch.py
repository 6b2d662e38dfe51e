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


ROCKCORE = vendor("rockcore").models


def hub_branch(breaker_a: int, wire_awg: int | None, **counts: int) -> Branch:
    """Build a branch from counts by rated power: W400=13."""
    inverters = [
        {"serial": f"{name}R{n:05d}", "model": f"MI3S-{name.removeprefix('W')}S"}
        for name, count in counts.items()
        for n in range(count)
    ]
    wire = {} if wire_awg is None else {"wire_awg": str(wire_awg)}
    return Branch.model_validate({"id": "south", "breaker_a": breaker_a, "inverters": inverters} | wire)


@pytest.mark.parametrize(
    ("wire_awg", "name", "most"),
    [(12, "W400", 13), (12, "W500", 10), (12, "W600", 8), (10, "W400", 17), (10, "W500", 14), (10, "W600", 10)],
)
def test_the_gauge_of_the_wire_limits_a_branch_as_the_manual_says(wire_awg: int, name: str, most: int) -> None:
    breaker_a = {12: 50, 10: 60}[wire_awg]
    for on in ((breaker_a, wire_awg), (breaker_a, None), (32, wire_awg)):
        full = branch_load(hub_branch(*on, **{name: most}), ROCKCORE).limit
        over = branch_load(hub_branch(*on, **{name: most + 1}), ROCKCORE).limit
        assert full is not None
        assert over is not None
        assert full.used == 1
        assert over.used > 1


def test_a_thin_wire_on_a_large_breaker_takes_what_the_wire_takes() -> None:
    limit = branch_load(hub_branch(60, 12, W400=17), ROCKCORE).limit
    assert limit is not None
    assert limit.permitted == "13 x MI3S-400S"


def test_a_mixture_on_a_wire_may_draw_what_its_best_filling_draws() -> None:
    limit = branch_load(hub_branch(32, 12, W400=5, W600=4), ROCKCORE).limit
    assert limit is not None
    assert limit.permitted == "22.62 A, which 13 x MI3S-400S draw"
    assert limit.used <= 1


def test_without_breaker_or_gauge_that_the_manual_names_there_is_no_limit() -> None:
    assert branch_load(hub_branch(20, None, W400=2), ROCKCORE).limit is None


def test_a_gauge_of_which_no_manual_speaks_is_refused() -> None:
    with pytest.raises(ValueError, match="wire_awg"):
        hub_branch(20, 14, W400=2)
