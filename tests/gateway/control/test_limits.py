from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.limits import Limit, Unit, members, shares

FALLBACK = {"east": 100.0, "west": 60.0}


def unit(
    slot: str, rated_w: float = 400.0, *, branch: str = "b1", gateway: str = "east", fixed_pct: float | None = None
) -> Unit:
    return Unit(slot, gateway, branch, rated_w, fixed_pct)


PLANT = (unit("a"), unit("b"), unit("c", 500.0, branch="b2"), unit("d", 500.0, branch="b3", gateway="west"))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, {}),
        ({"a": Limit(50, "%")}, {"a": 50}),
        ({"a": Limit(100, "W")}, {"a": 25}),
        ({"branch/b1": Limit(200, "W")}, {"a": 25, "b": 25}),
        ({"gateway/east": Limit(650, "W")}, {"a": 50, "b": 50, "c": 50}),
        ({"site": Limit(900, "W")}, {"a": 50, "b": 50, "c": 50, "d": 50}),
        (
            {"site": Limit(70, "%"), "branch/b1": Limit(40, "%"), "a": Limit(90, "%")},
            {"a": 40, "b": 40, "c": 70, "d": 70},
        ),
        ({"site": Limit(900, "W"), "a": Limit(0, "%")}, {"a": 0, "b": 64.2, "c": 64.2, "d": 64.2}),
        ({"site": Limit(900, "W"), "branch/b1": Limit(700, "W")}, {"a": 50, "b": 50, "c": 50, "d": 50}),
        ({"site": Limit(1300, "W"), "branch/b1": Limit(400, "W")}, {"a": 50, "b": 50, "c": 90, "d": 90}),
        ({"site": Limit(5000, "W")}, {"a": 100, "b": 100, "c": 100, "d": 100}),
        ({"a": Limit(33.33, "%")}, {"a": 33.3}),
        ({"site": Limit(None, "%")}, {"a": 100, "b": 100, "c": 100, "d": 60}),
        ({"site": Limit(None, "%"), "a": Limit(20, "%")}, {"a": 20, "b": 100, "c": 100, "d": 60}),
    ],
    ids=[
        "without a limit there is no opinion",
        "one unit in percent",
        "one unit in watts",
        "a branch shares by rating",
        "a gateway shares by rating",
        "the site shares by rating",
        "the tightest limit wins",
        "a unit held tighter leaves its rest to the others",
        "a loose inner limit changes nothing",
        "a tight branch leaves its rest to the other branches",
        "more than the rating is no limit",
        "shares are rounded down to what the wire resolves",
        "after a lease each gateway has its own fallback",
        "a fallback does not lift another limit",
    ],
)
def test_shares(limits: Mapping[str, Limit], expected: Mapping[str, float]) -> None:
    assert shares(limits, PLANT, FALLBACK) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("fixed_pct", "others"),
    [(0.0, 80.0), (50.0, 30.0), (100.0, 0.0)],
    ids=[
        "in the dark its share goes to the others",
        "what it may deliver is taken from the others",
        "never below zero",
    ],
)
def test_a_unit_that_does_not_obey(fixed_pct: float, others: float) -> None:
    plant = (unit("a", fixed_pct=fixed_pct), unit("b"))
    assert shares({"site": Limit(320, "W")}, plant, FALLBACK) == {"b": others}


def test_members_are_those_inside() -> None:
    assert [one.slot for one in members("gateway/east", PLANT)] == ["a", "b", "c"]
    assert members("branch/none", PLANT) == []


percent = st.floats(0, 100)
targets = st.sampled_from(["site", "gateway/east", "gateway/west", "branch/b1", "branch/b2", "s0", "s1", "s2"])
limits_in_force = st.dictionaries(
    targets,
    st.one_of(
        st.builds(Limit, percent, st.just("%")),
        st.builds(Limit, st.floats(0, 4000), st.just("W")),
        st.just(Limit(None, "%")),
    ),
)


@st.composite
def plants(draw: st.DrawFn) -> list[Unit]:
    places = st.sampled_from([("east", "b1"), ("east", "b2"), ("west", "b3")])
    ratings = st.sampled_from([400.0, 425.0, 450.0, 500.0])
    units = []
    for n in range(draw(st.integers(1, 6))):
        gateway, branch = draw(places)
        units.append(Unit(f"s{n}", gateway, branch, draw(ratings), draw(st.none() | st.just(0.0) | percent)))
    return units


def delivered_w(units: list[Unit], share: Mapping[str, float]) -> float:
    """Return the most that units may deliver: by their share, or whatever they are asked."""
    most = (share.get(one.slot, 100.0) if one.fixed_pct is None else one.fixed_pct for one in units)
    return sum(pct / 100 * one.rated_w for pct, one in zip(most, units, strict=True))


@given(limits=limits_in_force, plant=plants())
def test_no_limit_is_exceeded_as_far_as_units_obey(limits: dict[str, Limit], plant: list[Unit]) -> None:
    share = shares(limits, plant, FALLBACK)
    for target, limit in limits.items():
        inside = members(target, plant)
        obeying = [one for one in inside if one.fixed_pct is None]
        if limit.value is None:
            assert all(share[one.slot] <= FALLBACK[one.gateway] for one in obeying)
        elif limit.unit == "%":
            assert all(share[one.slot] <= limit.value + 1e-6 for one in obeying)
        else:
            stubborn_w = delivered_w([one for one in inside if one.fixed_pct is not None], {})
            assert delivered_w(inside, share) <= max(limit.value, stubborn_w) + 1e-3


@given(limit_w=st.floats(0, 4000), plant=plants())
def test_a_limit_is_used_up_as_far_as_ratings_allow(limit_w: float, plant: list[Unit]) -> None:
    share = shares({"site": Limit(limit_w, "W")}, plant, FALLBACK)
    obeying_w = sum(one.rated_w for one in plant if one.fixed_pct is None)
    stubborn_w = delivered_w([one for one in plant if one.fixed_pct is not None], {})
    wanted_w = stubborn_w + min(obeying_w, max(0.0, limit_w - stubborn_w))
    assert delivered_w(plant, share) == pytest.approx(wanted_w, abs=0.001 * obeying_w + 1e-3)


@given(limits=limits_in_force, plant=plants(), extra=percent)
def test_another_limit_never_lifts_a_units_share_that_it_covers_alone(
    limits: dict[str, Limit], plant: list[Unit], extra: float
) -> None:
    before = shares(limits | {"s0": Limit(100.0, "%")}, plant, FALLBACK)
    after = shares(limits | {"s0": Limit(extra, "%")}, plant, FALLBACK)
    if "s0" in after:
        assert after["s0"] <= before["s0"]
        assert after["s0"] <= extra + 1e-6
