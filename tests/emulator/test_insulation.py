from math import log
from statistics import median

import pytest

from emulator.insulation import Insulation
from emulator.sky import Sky
from tests.support.emulated import HOUR, MIDNIGHT, UTRECHT

TRIP_OHM, CLEAR_OHM = 7_000.0, 10_000.0


def dry(_: float) -> float:
    return 0.0


def soaked(_: float) -> float:
    return 1.0


def test_healthy_units_scatter_about_5_megohm_dry_and_300_kilohm_wet() -> None:
    units = [f"1/AT{n:04d}" for n in range(400)]
    in_the_dry, in_the_wet = ([Insulation(weather, unit).ohm(0.0) for unit in units] for weather in (dry, soaked))
    assert median(in_the_dry) == pytest.approx(5e6, rel=0.1)
    assert median(in_the_wet) == pytest.approx(0.3e6, rel=0.1)
    logs = [log(ohm / 5e6) for ohm in in_the_dry]
    assert sum(wave**2 for wave in logs) / len(logs) == pytest.approx(0.4**2, rel=0.2)
    assert max(map(abs, logs)) <= 1.2


def test_no_healthy_unit_comes_near_an_alarm_on_any_morning_of_a_year() -> None:
    sky = Sky(UTRECHT, 3)
    units = [Insulation(sky.wetness.at, f"3/AT{n:04d}") for n in range(20)]
    ohms = [unit.ohm(MIDNIGHT + HOUR * n) for n in range(0, 365 * 24, 3) for unit in units]
    assert min(ohms) > CLEAR_OHM
    assert min(ohms) < 1e6
    assert max(ohms) > 5e6


def test_not_even_the_worst_of_a_few_ten_thousand_units_soaked() -> None:
    assert min(Insulation(soaked, str(n)).ohm(0.0) for n in range(30_000)) > 80_000


@pytest.mark.parametrize("fault_ohm", [2_000.0, 5_000.0, 12_000.0])
@pytest.mark.parametrize("wetness", [0.0, 1.0], ids=["dry", "wet"])
def test_damage_lies_beside_the_healthy_resistance_and_can_be_repaired(fault_ohm: float, wetness: float) -> None:
    unit = Insulation(lambda _: wetness, "1/AT0001")
    healthy = unit.ohm(0.0)
    unit.fault_ohm = fault_ohm
    assert unit.ohm(0.0) == pytest.approx(fault_ohm * healthy / (fault_ohm + healthy))
    assert (unit.ohm(0.0) < TRIP_OHM) == (fault_ohm < TRIP_OHM)
    unit.fault_ohm = None
    assert unit.ohm(0.0) == healthy


def test_the_seed_decides() -> None:
    one, again, other = (Insulation(dry, seed).ohm(0.0) for seed in ("1/A", "1/A", "2/A"))
    assert one == again != other
