import pytest

from config.site import Site
from emulator.inverter import Inverter
from emulator.site import feeders, places, surroundings
from protocols import points as p
from protocols.points import Channel
from tests.support.emulated import HOUR, NOON, UTRECHT


def built(utc: float = NOON, *, clouds: str = "clear", warm: bool = True, count: int = 6) -> list[Inverter]:
    slots = [{"serial": f"AT{n:04d}", "model": "MI-500", "module": {"rated_w": 400}} for n in range(count)]
    gateway = {
        "id": "roof",
        "role": "m-combiner",
        "link": {"url": "mem://roof"},
        "branches": [{"id": "b1", "inverters": slots}],
    }
    emulation = {"clouds": clouds, "warm": warm}
    site = Site.model_validate({"location": UTRECHT, "gateways": [gateway], "emulation": emulation})
    around = surroundings(site, UTRECHT, now=0.0, utc=utc)
    gateway_ = site.gateways[0]
    units = [place.first_unit(serial) for _, serial, place in places(gateway_, feeders(gateway_, around), around)]
    for each in units:
        each.life.interrupt(utc)  # now that all are there
    return units


def test_units_carry_their_nameplate() -> None:
    values = built()[2].values(0.0)
    assert [values[Channel(point)] for point in (p.SN, p.MN, p.MD)] == ["AT0002", "Atmoce", "MI-500"]


def test_units_of_a_branch_differ_a_little_and_the_voltage_rises_along_it() -> None:
    units = built()
    powers = [unit.power_w(0.0) for unit in units]
    volts = [float(str(unit.values(0.0)[Channel(p.LNV)])) for unit in units]
    assert len(set(powers)) == len(powers)
    assert max(powers) < 1.1 * min(powers)
    assert volts[-1] > volts[0] + 0.2


def test_warm_units_have_a_past_that_goes_on_when_the_emulator_is_started_later() -> None:
    now, later = built(), built(NOON + 1000 * HOUR)
    for unit, again in zip(now, later, strict=True):
        assert unit.counter_wh(0.0) > 100_000
        assert again.counter_wh(0.0) - unit.counter_wh(0.0) == pytest.approx(1000 * 500 * 0.12)


def test_cold_units_have_none() -> None:
    assert {unit.counter_wh(0.0) for unit in built(warm=False)} == {0.0}


@pytest.mark.parametrize("clouds", ["clear", "broken", "overcast", "changing"])
def test_every_kind_of_sky_of_the_site_file_gives_power(clouds: str) -> None:
    produced = built(clouds=clouds, count=1)[0]
    before = produced.counter_wh(0.0)
    assert 20 < produced.counter_wh(2 * HOUR) - before < 850
