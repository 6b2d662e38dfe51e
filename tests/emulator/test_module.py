from typing import NamedTuple

import pytest

from emulator.module import STC, STC_TEMP, TYPES, Module, cell_temperature

MODULE = Module(430.0)
IRRADIANCES = (20.0, 50.0, 100.0, 200.0, 400.0, 600.0, 800.0, 1000.0, 1200.0)
CELL_TEMPS = (-20.0, -5.0, 10.0, 25.0, 40.0, 55.0, 75.0)
PVLIB = 1e-9  # relative: the same equation, but for the last digits of Boltzmann's constant and of the searches


class Oracle(NamedTuple):
    """A curve as pvlib has it."""

    parameters: tuple[float, ...]

    def points(self) -> dict[str, float]:
        from pvlib import pvsystem  # noqa: PLC0415 - a second to import

        return {name: float(value) for name, value in pvsystem.singlediode(*self.parameters).items()}

    def current(self, volt: float) -> float:
        from pvlib import pvsystem  # noqa: PLC0415 - a second to import

        return float(pvsystem.i_from_v(volt, *self.parameters))


def oracle(count: int, irradiance: float, cell_temp: float) -> Oracle:
    from pvlib import pvsystem  # noqa: PLC0415 - a second to import

    cells = TYPES[count]
    parameters = pvsystem.calcparams_desoto(
        irradiance,
        cell_temp,
        alpha_sc=cells.current_per_k,
        a_ref=cells.scale_v,
        I_L_ref=cells.light_a,
        I_o_ref=cells.dark_a,
        R_sh_ref=cells.shunt_ohm,
        R_s=cells.series_ohm,
    )
    return Oracle(tuple(float(value) for value in parameters))


def power(irradiance: float, temperature: float, module: Module = MODULE) -> float:
    v, i = module.operating_point(irradiance, temperature)
    return v * i


def unscaled(count: int) -> Module:
    """Return the module of a type as it stands in the table."""
    small = Module(100.0, count)
    return Module(100.0 / small.area, count)


@pytest.mark.parametrize("count", TYPES)
def test_every_point_of_the_curve_is_pvlibs(count: int) -> None:
    module = unscaled(count)
    for where in [(g, t) for g in IRRADIANCES for t in CELL_TEMPS]:
        reference = oracle(count, *where)
        points = reference.points()
        v, i = module.operating_point(*where)
        # pvlib searches the maximum by golden section: flat there, so the voltage is less exact than the power
        assert v == pytest.approx(points["v_mp"], rel=1e-6)
        assert v * i == pytest.approx(points["p_mp"], rel=PVLIB)
        assert module.voc(*where) == pytest.approx(points["v_oc"], rel=PVLIB)
        assert module.isc(*where) == pytest.approx(points["i_sc"], rel=PVLIB)
        for share in (0.3, 0.7, 0.9, 0.97):
            volt = share * points["v_oc"]
            assert module.current_at(volt, *where) == pytest.approx(reference.current(volt), rel=1e-8)


@pytest.mark.parametrize("count", TYPES)
@pytest.mark.parametrize("share", [0.0, 1e-4, 0.3, 0.9, 0.999, 1 - 1e-9])
def test_a_share_of_the_power_lies_on_pvlibs_curve_right_of_its_maximum(count: int, share: float) -> None:
    module = unscaled(count)
    for where in [(g, t) for g in IRRADIANCES[::2] for t in CELL_TEMPS[::2]]:
        reference = oracle(count, *where)
        points = reference.points()
        volt = module.voltage_at(share, *where)
        assert points["v_mp"] * (1 - 1e-6) <= volt <= points["v_oc"] * (1 + PVLIB)
        assert volt * reference.current(volt) == pytest.approx(share * points["p_mp"], abs=1e-7 * points["p_mp"])


@pytest.mark.parametrize("rated_w", [370.0, 430.0, 495.0, 550.0, 700.0])
def test_gives_its_rating_at_standard_test_conditions(rated_w: float) -> None:
    assert power(STC, STC_TEMP, Module(rated_w)) == pytest.approx(rated_w)


def test_a_specimen_differs_from_its_rating_in_current_only() -> None:
    weak = Module(430.0, tolerance=0.97)
    (v, i), (weak_v, weak_i) = (module.operating_point(700.0, 50.0) for module in (MODULE, weak))
    assert weak_v == v
    assert weak_i == pytest.approx(0.97 * i)
    assert weak.isc(700.0, 50.0) == pytest.approx(0.97 * MODULE.isc(700.0, 50.0))


# figures of the fitted data sheets
@pytest.mark.parametrize(
    ("rated_w", "count", "v", "i"),
    [(430.0, 54, 32.3, 13.33), (370.0, 60, 34.4, 10.76), (495.0, 66, 38.0, 13.04), (550.0, 72, 42.1, 13.10)],
)
def test_the_type_follows_the_rating(rated_w: float, count: int, v: float, i: float) -> None:
    module = Module(rated_w)
    assert module.cells.count == count
    assert module.operating_point(STC, STC_TEMP) == pytest.approx((v, i), rel=0.005)


def test_a_rating_between_two_types_takes_the_nearer_and_of_equals_the_smaller() -> None:
    assert [Module(w).cells.count for w in (300.0, 390.0, 400.0, 470.0, 530.0, 700.0)] == [60, 60, 54, 66, 72, 72]


@pytest.mark.parametrize(
    ("irradiance", "temperature", "watt"),
    [(1000.0, 70.0, 372.0), (1000.0, -10.0, 474.0), (50.0, 25.0, 20.1)],
    ids=["hot", "cold", "dim"],
)
def test_a_430_w_module_in_other_weather(irradiance: float, temperature: float, watt: float) -> None:
    assert power(irradiance, temperature) == pytest.approx(watt, rel=0.01)


# open-circuit voltage in frost: a 60 V input can take every usual module, but not one of 96 cells
@pytest.mark.parametrize(
    ("count", "at_stc", "in_frost"),
    [(54, 38.6, 44.8), (60, 41.0, 48.3), (66, 45.5, 53.3), (72, 49.9, 58.5), (96, 61.9, 72.6)],
)
def test_the_open_circuit_voltage_grows_in_frost(count: int, at_stc: float, in_frost: float) -> None:
    module = Module(400.0, count)
    assert module.voc(STC, STC_TEMP) == pytest.approx(at_stc, abs=0.1)
    assert module.voc(STC, -40.0) == pytest.approx(in_frost, abs=0.15)


def test_two_modules_in_series_are_one_of_twice_the_voltage() -> None:
    pair, where = Module(430.0, in_series=2, tolerance=0.99), (700.0, 50.0)
    one = Module(430.0, tolerance=0.99)
    assert pair.voc(*where) == pytest.approx(2 * one.voc(*where))
    (v, i), (pair_v, pair_i) = one.operating_point(*where), pair.operating_point(*where)
    assert (pair_v, pair_i) == pytest.approx((2 * v, i))
    assert pair.voc(STC, 75.0) > 60


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(KeyError, match="55"):
        Module(400.0, 55).voc(STC, STC_TEMP)


def test_no_light_no_voltage() -> None:
    assert MODULE.operating_point(0.0, 10.0) == (0.0, 0.0)
    assert MODULE.voc(0.0, 10.0) == 0.0
    assert MODULE.isc(0.0, 10.0) == 0.0
    assert MODULE.voltage_at(0.5, 0.0, 10.0) == 0.0


def test_the_voltage_rises_to_the_open_circuit_as_less_is_drawn() -> None:
    shares = [1.0, 0.999, 0.9, 0.5, 0.1, 0.0]
    volts = [MODULE.voltage_at(share, 800.0, 45.0) for share in shares]
    assert volts == sorted(volts)
    assert volts[0] == pytest.approx(MODULE.operating_point(800.0, 45.0)[0])
    assert volts[-1] == pytest.approx(MODULE.voc(800.0, 45.0))


def test_cells_are_twenty_five_kelvin_warmer_at_nominal_conditions() -> None:
    assert cell_temperature(800.0, 20.0) == pytest.approx(45.0, abs=0.5)
