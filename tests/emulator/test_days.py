"""Whole days of whole plants: what must not be an alarm, and that nothing depends on who asks."""

import pytest

from config.site import Site
from emulator.clouds import Regime
from emulator.inverter import Inverter
from emulator.site import Surroundings, feeders, places, surroundings
from emulator.sky import Sky
from protocols import points as p
from protocols.points import Channel
from protocols.states import InvSt, ThrotSrc
from tests.support.emulated import HOUR, MIDNIGHT, UTRECHT

pytestmark = pytest.mark.day

DAY = 24 * HOUR
AUTUMN = MIDNIGHT + 108 * DAY  # early October: the dewiest time of the year


def built(utc: float, profile: str, **emulation: object) -> tuple[Surroundings, list[Inverter]]:
    slots = [{"serial": f"AT{n:04d}", "model": "MI-500", "module": {"rated_w": 550}} for n in range(6)]
    gateway = {
        "id": "roof",
        "role": "m-combiner",
        "link": {"url": "mem://roof"},
        "branches": [{"id": "b1", "inverters": slots}],
    }
    site = Site.model_validate(
        {"location": UTRECHT, "gateways": [gateway], "grid_profile": profile, "emulation": emulation}
    )
    around = surroundings(site, UTRECHT, now=0.0, utc=utc)
    every = places(site.gateways[0], feeders(site.gateways[0], around), around)
    units = [place.first_unit(serial) for _, serial, place in every]
    for unit in units:
        unit.life.interrupt(utc)
    return around, units


PROFILES = ["eu_en_50549_1_2019", "nl_en_50549_1_2019", "au_as_nzs_4777_2_2020_a", "us_ieee_1547_2018_cat_iii"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("utc", "clouds"),
    [(MIDNIGHT, "clear"), (MIDNIGHT, "broken"), (AUTUMN, "clear"), (MIDNIGHT + 180 * DAY, "changing")],
    ids=["a clear day", "a cloudy day", "a wet morning", "a winter day"],
)
def test_a_usual_day_has_no_alarm(profile: str, utc: float, clouds: str) -> None:
    _, units = built(utc, profile, clouds=clouds)
    before = [unit.counter_wh(0.0) for unit in units]
    for quarter in range(96):
        assert [unit.serial for unit in units if unit.alarms(900.0 * quarter)] == []
    assert [unit.alarm_records(DAY) for unit in units] == [()] * 6
    assert all(unit.counter_wh(DAY) > wh + 100 for unit, wh in zip(units, before, strict=True))


def test_a_wet_morning_is_wet() -> None:
    sky = Sky(UTRECHT, 1, Regime.CLEAR)
    assert max(sky.wetness.at(AUTUMN + HOUR * hour) for hour in range(4, 9)) > 0.3


def test_a_hot_noon_derates_and_alarms_nobody() -> None:
    _, units = built(MIDNIGHT, "eu_en_50549_1_2019", clouds="clear")
    for unit in units:
        unit.life.warmer_k = 33.0
    states = [unit.values(600.0 * n) for n in range(144) for unit in units]
    assert max(float(str(values[Channel(p.TMP_CAB)])) for values in states) > 80.5
    derated = [values for values in states if values[Channel(p.THROT_SRC)] == 1 << ThrotSrc.DERATED]
    assert derated
    assert {values[Channel(p.INV_ST)] for values in derated} == {InvSt.THROTTLED}
    assert [unit.alarm_records(DAY) for unit in units] == [()] * 6


@pytest.mark.parametrize("profile", PROFILES)
def test_who_asks_how_often_changes_nothing(profile: str) -> None:
    def day(every_s: float) -> list[object]:
        around, units = built(MIDNIGHT, profile, clouds="broken")
        t, grid = 0.0, around.grid
        for at, volt in ((9 * HOUR, 1.115), (9 * HOUR + 900, None), (13 * HOUR, 0.7), (13 * HOUR + 60, None)):
            while t < at:
                for unit in units[::2]:
                    unit.values(t)
                t += every_s
            around.order.advance(MIDNIGHT + at)
            grid.volt.set(MIDNIGHT + at, None if volt is None else volt * grid.v_nom, 20.0)
            for unit in units:
                unit.life.interrupt(MIDNIGHT + at)
        return [(unit.alarm_records(DAY), unit.counter_wh(DAY), unit.values(DAY)) for unit in units]

    rarely, often = day(40_000.0), day(47.0)
    assert rarely == often
    assert "AlarmRecord" in str(rarely)


def test_the_counter_is_the_integral_of_the_power_through_trip_wait_ramp_and_droop() -> None:
    around, units = built(MIDNIGHT + 11 * HOUR, "eu_en_50549_1_2019", clouds="broken", service_ohm=1.0)
    unit, start = units[3], MIDNIGHT + 11 * HOUR

    def put(at: float, volt: float | None = None, hertz: float | None = None) -> None:
        around.order.advance(start + at)
        around.grid.volt.set(start + at, volt)
        around.grid.hertz.set(start + at, hertz, 30.0)
        for each in units:
            each.life.interrupt(start + at)

    summed, step, before = 0.0, 0.05, unit.counter_wh(0.0)
    acts = {60.0: (180.0, None), 70.0: (None, None), 400.0: (None, 51.0), 500.0: (None, None)}
    for n in range(int(900 / step)):
        at = round(n * step, 6)
        if at in acts:
            put(at, *acts[at])
        summed += unit.power_w(at + step / 2) * step / 3600
    assert len(unit.alarm_records(900.0)) == 1
    assert unit.counter_wh(900.0) - before == pytest.approx(summed, rel=2e-4)
