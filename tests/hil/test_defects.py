"""Deliberately broken firmware: each defect turns the library's verdict to fail, for a reason that names it.

A defect is planted in the emulated units, after they are built; scenario and judge are those of the library.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from config.grid_profile import GridProfileFile
from config.scenarios import Case, load_cases
from emulator import memory
from emulator.firmware import Firmware
from emulator.guard import INSULATION, Guard
from emulator.inverter import Inverter
from hil import library
from hil.lab import Lab
from hil.report import explanation
from hil.run import run_case
from hil.verdict import Verdict
from protocols.points import TOT_WH_INJ, Channel, Value
from protocols.states import InvSt
from protocols.vendors.atmoce.events import alarm_word
from protocols.vendors.atmoce.led import Led, led

pytestmark = pytest.mark.day
BLOCKS = "protocols.vendors.atmoce.blocks"  # where a unit's answers are made
LONG_STAGE_S = 1.0  # of a shorter one a fifth lies inside the tolerance
Plant = Callable[[pytest.MonkeyPatch], Callable[[Lab], None]]  # what is patched before the run, and done as it begins


@dataclass(frozen=True)
class Defect:
    """What is broken, the scenario that must find it, with which choices, and what the explanation must say."""

    plant: Plant
    scenario: str
    says: tuple[str, ...]
    chosen: Mapping[str, str] | None = None


def _units(stack: Lab) -> Iterator[Firmware]:
    return (unit.life.firmware for unit in stack.plant.units.values())


def _trip_time(code: int, share: float) -> Plant:
    def spoil(stack: Lab) -> None:
        for firmware in _units(stack):
            for timer in firmware.guard.protection.timers:
                if timer.stage.code == code:
                    timer.stage = replace(timer.stage, act_s=timer.stage.act_s * share)

    return lambda _: spoil


def _nothing(_: Lab) -> None:
    """Do nothing to the plant: the defect is in the code of its firmware."""


def _missing_latch(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
    """Any start ends every alarm whose cause is gone."""

    patch.setattr(Guard, "_ends", _over)
    return _nothing


def _over(self: Guard, code: int, _: memory.Latch, *, rested: bool) -> bool:  # noqa: ARG001 - as the right one's
    return not self._wrong(code) and (code != INSULATION or self._insulation.sound)


def _no_lockout(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
    def spoil(stack: Lab) -> None:
        for firmware in _units(stack):
            firmware.guard.memory = memory.Memory()

    patch.setattr(memory, "LOCKOUTS", {})
    return spoil


def _swapped(one: int, other: int) -> Plant:
    def spoil(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
        swap = {one: other, other: one}
        patch.setattr(f"{BLOCKS}.alarm_word", lambda codes: alarm_word(swap.get(code, code) for code in codes))
        return _nothing

    return spoil


def _lamp(wrong: Led, instead_of: Led) -> Plant:
    def spoil(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
        def shown(state: InvSt, alarms: frozenset[int]) -> Led:
            right = led(state, alarms)
            return wrong if right is instead_of else right

        patch.setattr(f"{BLOCKS}.led", shown)
        return _nothing

    return spoil


class _Forgetful(memory.Memory):
    """Writes no second record."""

    def note(self, code: int, stage: int, extreme: float, *, crossed_ms: int, opened_ms: int) -> None:
        if not self.records:
            super().note(code, stage, extreme, crossed_ms=crossed_ms, opened_ms=opened_ms)


def _dropped_record(_: pytest.MonkeyPatch) -> Callable[[Lab], None]:
    def spoil(stack: Lab) -> None:
        for firmware in _units(stack):
            firmware.guard.memory = _Forgetful()

    return spoil


def _dropped_alarm(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
    """An alarm that acts, and that nobody is told of: neither a bit nor a record."""
    patch.setattr(f"{BLOCKS}.alarm_word", lambda _: 0)
    patch.setattr(memory.Memory, "note", lambda *_, **__: None)
    return _nothing


def _dropped_bit(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
    patch.setattr(f"{BLOCKS}.alarm_word", lambda _: 0)
    return _nothing


def _hasty(share: float) -> Plant:
    def spoil(stack: Lab) -> None:
        for firmware in _units(stack):
            firmware._entry._delay_s *= share  # noqa: SLF001 - the defect is inside

    return lambda _: spoil


def _falling_counter(patch: pytest.MonkeyPatch) -> Callable[[Lab], None]:
    """Every quarter of an hour the counter loses 40 Wh."""
    right = Inverter.values
    first: dict[str, float] = {}

    def values(self: Inverter, now: float) -> Mapping[Channel, Value]:
        said, began = right(self, now), first.setdefault(self.serial, now)
        counted = said[Channel(TOT_WH_INJ)]
        lost = 40 * int((now - began) // 900)
        return {**said, Channel(TOT_WH_INJ): counted - lost if isinstance(counted, int | float) else counted}

    patch.setattr(Inverter, "values", values)
    return _nothing


DEFECTS = {
    **{
        f"{scenario}, stage {stage} of {profile}, {word}": Defect(
            _trip_time(code, share),
            scenario,
            (f"code {code}, stage {stage}", f"too {word}"),
            {"profile": profile, "stage": stage},
        )
        for scenario, code, stage, profile in (
            ("over_voltage_trip", 5, "1", "gb_g98_g99"),
            ("over_voltage_trip", 5, "1", "us_ieee_1547_2018_cat_iii"),
            ("under_voltage_trip", 4, "1", "de_vde_ar_n_4105_2018_11"),
            ("under_voltage_trip", 4, "1", "eu_en_50549_1_2019"),
            ("under_frequency_trip", 3, "1", "gb_g98_g99"),
            ("over_frequency_trip", 6, "1", "nl_en_50549_1_2019"),
        )
        for share, word in ((0.8, "early"), (1.2, "late"))
    },
    "a latch of code 9 is missing": Defect(_missing_latch, "alarm_09_low_insulation", ("never roof-1 running",)),
    "a latch of code 10 is missing": Defect(_missing_latch, "alarm_10_internal_fault", ("never roof-1 running",)),
    "over- and under-voltage are swapped": Defect(
        _swapped(4, 5),
        "over_voltage_trip",
        ("never alarm 4 of east-1 raised", "alarm 4 raised after"),
        {"profile": "gb_g98_g99", "stage": "1"},
    ),
    "over- and under-frequency are swapped": Defect(
        _swapped(3, 6), "alarm_03_under_frequency", ("never alarm 6 of roof-1 raised", "alarm 6 raised after")
    ),
    "the lamp shows an internal fault for one of the grid": Defect(
        _lamp(Led.RED_SOLID, Led.RED_SLOW), "alarm_02_grid_outage", ("lamp of east-1 red_slow", "red_solid")
    ),
    "the lamp stays green at low insulation": Defect(
        _lamp(Led.GREEN_SLOW, Led.RED_QUICK), "alarm_09_low_insulation", ("lamp of roof-1 red_quick", "green")
    ),
    **{
        f"code {code} never locks out": Defect(_no_lockout, f"alarm_0{code}_lockout", ("roof-1 fault throughout",))
        for code in (5, 7, 8)
    },
    "a record is dropped": Defect(_dropped_record, "alarm_07_lockout", ("relay of roof-1 open by code 7", "nothing")),
    "an alarm is dropped": Defect(
        _dropped_alarm, "alarm_01_dc_over_voltage", ("alarm 1 of roof-1 raised", "no word of any alarm")
    ),
    "an alarm's bit is dropped": Defect(
        _dropped_bit, "alarm_01_dc_over_voltage", ("alarm 1 of roof-1 cleared", "1 clear at")
    ),
    **{
        f"{scenario} comes back early": Defect(
            _hasty(0.5), scenario, ("feeds in again", "too early"), {"profile": profile}
        )
        for scenario, profile in (
            ("enter_service_voltage", "eu_en_50549_1_2019"),
            ("enter_service_frequency", "us_ieee_1547_2018_cat_iii"),
        )
    },
    "comes back early after a trip": Defect(
        _hasty(0.8), "over_voltage_trip", ("feeds in again", "too early"), {"profile": "us_ieee_1547_2018_cat_iii"}
    ),
    "the counter falls": Defect(
        _falling_counter, "energy_at_noon", ("energy counter of roof-1", "fell, stood or leapt")
    ),
}


def _cases(defect: Defect) -> list[Case]:
    [path] = library.files(Path(defect.scenario))
    chosen = {"role": "m-combiner", **(defect.chosen or {})}
    return [case for case in load_cases(path, chosen) if case.absent is None]


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=list(DEFECTS))
def test_a_planted_defect_is_found_and_named(defect: Defect, monkeypatch: pytest.MonkeyPatch) -> None:
    case = _cases(defect)[0]
    result = run_case(case, spoil=defect.plant(monkeypatch))
    assert result.verdict is Verdict.FAIL
    told = explanation(result)
    for words in defect.says:
        assert words in told


@pytest.mark.parametrize(
    "defect", [each for name, each in DEFECTS.items() if "stage 1 of" in name and name.endswith("early")]
)
def test_a_trip_time_is_only_judged_where_a_fifth_of_it_lies_outside_the_tolerance(defect: Defect) -> None:
    [case] = _cases(defect)
    profile = case.profile
    assert isinstance(profile, GridProfileFile)
    trip = profile.trip
    times_s = {
        "over_v": [stage.t for stage in trip.hv],
        "under_v": [stage.t for stage in trip.lv],
        "over_f": [stage.t for stage in trip.hf],
        "under_f": [stage.t for stage in trip.lf],
    }
    [first_s] = [times[0] for side, times in times_s.items() if defect.scenario.startswith(side)]
    assert first_s >= LONG_STAGE_S
