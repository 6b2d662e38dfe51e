import pytest

from emulator.module import STC, STC_TEMP, Module, cell_temperature

MODULE = Module(430.0)


def power(irradiance: float, temperature: float, module: Module = MODULE) -> float:
    v, i = module.operating_point(irradiance, temperature)
    return v * i


@pytest.mark.parametrize("rated_w", [370.0, 430.0, 495.0, 550.0, 700.0])
def test_gives_its_rating_at_standard_test_conditions(rated_w: float) -> None:
    assert power(STC, STC_TEMP, Module(rated_w)) == pytest.approx(rated_w)


# the De Soto parameters of a 54-cell 430 W module
@pytest.mark.parametrize(
    ("irradiance", "temperature", "watt"),
    [(1000.0, 70.0, 372.0), (1000.0, -10.0, 474.0), (50.0, 25.0, 21.0)],
    ids=["hot", "cold", "dim"],
)
def test_follows_the_single_diode_model(irradiance: float, temperature: float, watt: float) -> None:
    assert power(irradiance, temperature) == pytest.approx(watt, rel=0.05)


def test_the_size_follows_the_rating() -> None:
    assert [Module(w).cells for w in (400.0, 430.0, 480.0, 530.0, 580.0, 700.0)] == [54, 54, 60, 66, 72, 72]
    assert MODULE.operating_point(STC, STC_TEMP)[0] == pytest.approx(32.3, abs=0.1)
    assert MODULE.voc(STC, STC_TEMP) == pytest.approx(38.6, abs=0.1)


def test_no_light_no_voltage() -> None:
    assert MODULE.operating_point(0.0, 10.0) == (0.0, 0.0)
    assert MODULE.voc(0.0, 10.0) == 0.0


def test_the_voltage_rises_to_the_open_circuit_as_less_is_drawn() -> None:
    shares = [1.0, 0.9, 0.5, 0.1, 0.0]
    volts = [MODULE.voltage_at(share, 800.0, 45.0) for share in shares]
    assert volts == sorted(volts)
    assert volts[0] == pytest.approx(MODULE.operating_point(800.0, 45.0)[0])
    assert volts[-1] == pytest.approx(MODULE.voc(800.0, 45.0))


def test_cells_are_twenty_kelvin_warmer_at_nominal_conditions() -> None:
    assert cell_temperature(800.0, 20.0) == pytest.approx(45.0, abs=0.5)
