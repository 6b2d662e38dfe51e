"""What the SunSpec face says of a site that stands still."""

from dataclasses import replace

import pytest

from gateway.alarms.states import AlarmState
from gateway.faces.desk import InForce
from gateway.faces.sunspec_units import IDS, MODULES, WHOLE
from gateway.snapshot import CommState, Energy
from protocols import points
from protocols.events import Event, EventKind
from protocols.modbus.pdu import ExceptionCode
from protocols.points import Channel
from protocols.states import InvSt
from protocols.sunspec.chain import inverter_chain
from tests.support.face_plant import NOON, STALE_S, VALUES, Port, StillPlant, site, standing, unit

CHAIN = [1, 101, 120, 121, 122, 123, 160]
DER = [1, 701, 702, 703, 704, 714, 715]


def port(**settings: object) -> Port:
    return Port(site(), **settings)  # type: ignore[arg-type]


def changed(**changes: object) -> StillPlant:
    """Return a plant whose first unit is different."""
    plant = StillPlant()
    plant.views["u1"] = unit("u1", **changes)
    return plant


@pytest.mark.parametrize(("models", "chain"), [("inverter", CHAIN), ("der", DER)])
@pytest.mark.parametrize("number", [1, 3, WHOLE])
def test_the_chain_is_walked_from_mark_to_end(models: str, chain: list[int], number: int) -> None:
    face = port(models=models)
    assert face.read(number, 40000, 2) == b"SunS"
    found, at = [], 40002
    while (header := face.read(number, at, 2)) != b"\xff\xff\0\0":
        found.append(int.from_bytes(header[:2], "big"))
        at += 2 + int.from_bytes(header[2:], "big")
    assert found == chain
    assert face.face.answer(face.plant, number, at + 1, 2) is ExceptionCode.ILLEGAL_ADDRESS


@pytest.mark.parametrize(
    ("start", "count"),
    [(40070, 52), (40070, 50), (40072, 1), (40002, 68), (40000, 125), (40069, 3), (40251, 10)],
    ids=str,
)
def test_any_piece_of_the_chain_is_the_same_as_in_a_whole_read(start: int, count: int) -> None:
    face = port()
    whole = b"".join(face.read(1, at, 71) for at in range(40000, 40284, 71))
    assert face.read(1, start, count) == whole[2 * (start - 40000) :][: 2 * count]


@pytest.mark.parametrize(
    ("number", "start"), [(1, 0), (1, 39999), (1, 50000), (WHOLE, 0)], ids=["0", "39999", "50000", "0 of the site"]
)
def test_other_addresses_are_refused(number: int, start: int) -> None:
    assert port().face.answer(StillPlant(), number, start, 2) is ExceptionCode.ILLEGAL_ADDRESS


@pytest.mark.parametrize("number", [0, 4, 125, 127, 247, 248, 255])
def test_unit_ids_without_an_inverter_are_refused(number: int) -> None:
    assert port().face.answer(StillPlant(), number, 40000, 2) is ExceptionCode.NO_SUCH_UNIT


def test_a_large_plant_goes_round_the_site_s_number_and_on_at_a_second_port() -> None:
    plant = site(300)
    first, second = Port(plant), Port(plant, first=247)
    assert list(first.units) == [*IDS, WHOLE]
    assert [first.units[n].target for n in (1, 125, 127, 247)] == ["u1", "u125", "u126", "u246"]
    assert [second.units[n].target for n in (1, 54)] == ["u247", "u300"]
    assert 55 not in second.units
    assert second.units[WHOLE].plate.rated_w == 300 * 450
    assert second.units[WHOLE].plate.ports == MODULES


def test_a_large_plant_fits_its_registers() -> None:
    face = Port(site(200), plant=StillPlant({f"u{n}": unit(f"u{n}") for n in range(1, 201)}))
    values = face.values(WHOLE, 101, 120)
    assert values["W"] == pytest.approx(200 * 401.2, rel=0.001)
    assert values["A"] == pytest.approx(200 * 1.74, rel=0.001)
    assert values["WRtg"] == 200 * 450


def test_an_inverter_shows_itself() -> None:
    values = port().values(2)
    wanted = {"Mn": "Atmoce", "Md": "MI-450", "SN": "A0002", "Vr": "1.4.2", "DA": 2, "W": 401.2, "LNV": 230.1}
    wanted |= {"TotWhInj": 1_234_567, "DCWhInj.1": 1_300_000, "DCV.1": 33.2, "St": 4, "Ris": 2_000_000, "WRtg": 450}
    assert {name: values[name] for name in wanted} == wanted


def test_the_current_of_the_site_is_not_implemented_where_one_inverter_does_not_tell_its_part() -> None:
    values = port(plant=changed(values={**VALUES, Channel(points.A): None})).values(WHOLE)
    assert values["A"] is None
    assert values["W"] == pytest.approx(3 * 401.2)


def test_the_site_is_the_sum_of_its_inverters() -> None:
    values = port().values(WHOLE)
    assert values["W"] == pytest.approx(3 * 401.2)
    assert values["A"] == pytest.approx(3 * 1.74)
    assert values["LNV"] == 230.1
    assert values["TotWhInj"] == 3 * 1_234_567
    assert (values["WRtg"], values["DA"], values["Mn"]) == (1350, WHOLE, "OpenCombiner")
    assert values["DCW"] == pytest.approx(3 * 410.5)
    assert [values[f"DCW.{n}"] for n in (1, 2, 3)] == [410.5] * 3


@pytest.mark.parametrize("models", ["inverter", "der"])
def test_an_old_measurement_is_not_implemented_and_a_counter_stays(models: str) -> None:
    face = port(models=models, plant=changed(ts=NOON - STALE_S - 1))
    values = face.values(1)
    assert [values[name] for name in ("W", "LNV", "Hz", "TmpCab", "DCW.1")] == [None] * 5
    assert (values["TotWhInj"], values["DCWhInj.1"]) == (1_234_567, 1_300_000)
    fresh = port(models=models, plant=changed(ts=NOON - STALE_S)).values(1)
    assert fresh["W"] == 401.2


@pytest.mark.parametrize("models", ["inverter", "der"])
def test_a_sleeper_delivers_nothing_and_keeps_its_energy(models: str) -> None:
    values = port(models=models, plant=changed(comm=CommState.ASLEEP, ts=NOON - 30_000)).values(1)
    state = values["St"] if models == "inverter" else values["InvSt"]
    assert (values["W"], values["DCW.1"], values["LNV"]) == (0, 0, None)
    assert state == (2 if models == "inverter" else 1)
    assert values["TotWhInj"] == 1_234_567


def test_a_unit_that_was_never_heard_shows_what_the_ledger_knows() -> None:
    fresh = changed(comm=CommState.UNKNOWN, ts=None, values={}, state=None)
    values = port(plant=fresh).values(1)
    assert (values["W"], values["St"], values["TotWhInj"]) == (None, None, 1_234_567)


def test_the_energy_of_the_site_does_not_vanish_while_one_counter_is_unknown() -> None:
    plant = changed(comm=CommState.UNKNOWN, ts=None, values={}, state=None, energy={})
    assert port(plant=plant).values(WHOLE, 101)["TotWhInj"] == 2 * 1_234_567


def test_an_energy_counter_goes_round_at_32_bits_but_not_at_64() -> None:
    plant = changed(energy={0: Energy(2**32 + 5, 0)})
    assert port(plant=plant).values(1, 101)["TotWhInj"] == 5
    assert port(models="der", plant=plant).values(1, 701)["TotWhInj"] == 2**32 + 5


BITS = [  # code, Evt1, DC side, 701 Alrm beside bit 16
    (1, 1 << 1, 1 << 1),
    (2, 1 << 4, 0),
    (3, 1 << 9, 0),
    (4, 1 << 11, 0),
    (5, 1 << 10, 0),
    (6, 1 << 8, 0),
    (7, 0, 0),
    (8, 0, 0),
    (9, 1 << 0, 1 << 0),
    (10, 1 << 15, 1 << 20),
]


@pytest.mark.parametrize(("code", "event", "dc"), BITS, ids=[f"code {code}" for code, _, _ in BITS])
def test_an_alarm_is_a_bit_of_each_family(code: int, event: int, dc: int) -> None:
    plant = StillPlant(alarms=[standing(code)])
    values = port(plant=plant).values(1)
    assert (values["Evt1"], values["DCEvt.1"], values["EvtVnd1"]) == (event, dc, 1 << code - 1)
    newer = port(models="der", plant=plant).values(1)
    assert (newer["Alrm"], newer["DCEvt.1"]) == (event | 1 << 16, dc)
    assert str(newer["MnAlrmInfo"]).startswith(f"ATM-{code:02d} ")
    whole = port(models="der", plant=plant).values(WHOLE)
    assert whole["Alrm"] == event | 1 << 16
    assert str(whole["MnAlrmInfo"]).startswith(f"u1 ATM-{code:02d} ")
    assert port(plant=plant).values(2)["Evt1"] == 0


@pytest.mark.parametrize(
    ("alarm", "shown"),
    [
        pytest.param(standing(9, state=AlarmState.LATCHED_ACKED), 1, id="a latched one shows"),
        pytest.param(standing(9, state=AlarmState.RTNUN), 0, id="one that is gone does not"),
        pytest.param(standing(9, hidden_by="102"), 0, id="one that another explains does not"),
    ],
)
def test_of_the_alarms(alarm: object, shown: int) -> None:
    assert port(plant=StillPlant(alarms=[alarm])).values(1)["Evt1"] == shown  # type: ignore[list-item]


def test_what_the_device_says_shows_without_an_alarm() -> None:
    event = Event(9, EventKind.OVER_TEMP, "case too hot", 8)
    values = port(plant=changed(events=frozenset({event}))).values(1)
    assert (values["Evt1"], values["DCEvt.1"], values["EvtVnd1"]) == (1 << 7, 1 << 7, 1 << 7)


def test_a_lost_unit_says_so() -> None:
    values = port(plant=changed(comm=CommState.LOST)).values(1)
    assert (values["Evt1"], values["EvtVnd2"]) == (1 << 14, 1)
    newer = port(models="der", plant=changed(comm=CommState.LOST)).values(1)
    assert (newer["Alrm"], newer["MnAlrmInfo"]) == (1 << 14, "no communication")


def test_gfdi_and_darkness_are_bits_of_the_gateway() -> None:
    assert port(plant=StillPlant(alarms=[standing(9, cause="gfdi")])).values(1)["EvtVnd2"] == 2
    assert port(plant=changed(comm=CommState.ASLEEP)).values(1)["EvtVnd2"] == 16


def test_a_stopped_unit_is_disconnected_by_its_owner() -> None:
    values = port(plant=changed(state=InvSt.OFF)).values(1)
    assert (values["Conn"], values["St"], values["Evt1"]) == (0, 1, 1 << 6)
    newer = port(models="der", plant=changed(state=InvSt.OFF)).values(1)
    assert (newer["OpCtl"], newer["ES"], newer["St"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ((InvSt.RUNNING, InvSt.SLEEPING, InvSt.FAULT), 4),
        ((InvSt.RUNNING, InvSt.THROTTLED, InvSt.FAULT), 5),
        ((InvSt.FAULT, InvSt.SLEEPING, InvSt.OFF), 7),
        ((InvSt.SLEEPING, InvSt.SLEEPING, InvSt.SLEEPING), 2),
    ],
    ids=["one runs", "one is throttled", "one is at fault and none runs", "all sleep"],
)
def test_the_site_does_what_its_inverters_do(states: tuple[InvSt, ...], shown: int) -> None:
    plant = StillPlant({f"u{n}": unit(f"u{n}", state=state) for n, state in enumerate(states, 1)})
    assert port(plant=plant).values(WHOLE, 101)["St"] == shown


def test_why_power_is_limited() -> None:
    held = VALUES | {Channel(points.W_MAX_LIM_PCT): 60}
    plant = changed(values=held, state=InvSt.THROTTLED)
    values = port(models="der", plant=plant).values(1, 701)
    assert (values["ThrotSrc"], values["ThrotPct"]) == (1, 60)
    told = held | {Channel(points.THROT_SRC): 1 << 10}
    assert port(models="der", plant=changed(values=told)).values(1, 701)["ThrotSrc"] == 1 << 10


def test_the_service_window_is_that_of_the_grid_profile() -> None:
    values = port(models="der").values(1, 703)
    assert (values["ESVHi"], values["ESVLo"], values["ESHzHi"], values["ESHzLo"]) == (110.0, 85.0, 50.2, 49.5)


def test_a_port_without_writes_is_locally_controlled() -> None:
    assert port(models="der", writes=False).values(1, 715)["LocRemCtl"] == 1
    assert port(models="der").values(1, 715)["LocRemCtl"] == 0


def test_what_follows_a_limit_is_the_fallback_of_the_site_file() -> None:
    face = Port(site(fallback_limit_pct=70), "der")
    face.plant.limits["u1"] = InForce(50, "%", 33.0)
    values = face.values(1, 704)
    assert (values["WMaxLimPctRvrt"], values["WMaxLimPctEnaRvrt"], values["WMaxLimPctRvrtRem"]) == (70, 1, 33)


def test_texts_from_outside_fit_their_registers() -> None:
    who = replace(unit("u1").identity, firmware="ünïcode" * 9)
    assert port(plant=changed(identity=who)).values(1, 1)["Vr"] == ("?n?code" * 9)[:16]


def test_a_gateway_s_own_alarm_is_told_by_its_own_name() -> None:
    values = port(models="der", plant=StillPlant(alarms=[standing(101)])).values(WHOLE, 701)
    assert str(values["MnAlrmInfo"]).startswith("u1 GW-101 ")


def test_three_phases_show_line_by_line() -> None:
    face = port()
    served = face.units[1]
    chain = inverter_chain(1, 3, -1, -2)
    face.units[1] = replace(served, phases=3, three_phase=True, models=chain)
    lines = dict(zip((points.VL1, points.VL2, points.VL3), (229.0, 230.0, 231.0), strict=True))
    lines |= dict(zip((points.AL1, points.AL2, points.AL3), (1.1, 1.2, 1.3), strict=True))
    face.plant.views["u1"] = unit("u1", values=VALUES | {Channel(line): value for line, value in lines.items()})
    values = face.values(1, 103)
    assert {line.name: values[line.name] for line in lines} == {line.name: value for line, value in lines.items()}
    assert (values["W"], values["VL1L2"]) == (401.2, None)
