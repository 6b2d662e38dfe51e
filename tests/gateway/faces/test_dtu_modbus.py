"""The Modbus map of a DTU: its records, byte addresses and control."""

from dataclasses import replace
from typing import Any

import pytest

from config.faces import DTU_INPUTS
from gateway.control.order import Order, Verb
from gateway.faces.desk import InForce
from gateway.faces.dtu_modbus import RECORD_BYTES, DtuModbus, record
from gateway.faces.dtu_units import Unit
from gateway.faces.now import Now
from gateway.snapshot import CommState, Energy
from protocols.events import Event, EventKind
from protocols.modbus.pdu import ExceptionCode
from protocols.points import CONN, DCA, DCV, DCW, HZ, LNV, TMP_CAB, W_MAX_LIM_PCT, Channel
from protocols.states import InvSt, Quality
from protocols.vendors.hoymiles.northbound import ALARM, ALARM_COUNT, LINK, PORT_RECORD, STATUS
from tests.support.face_plant import StillPlant
from tests.support.still_dtu import DTU_SERIAL, UNITS, plant, served, view
from tests.support.vectors import one

BAD_ADDRESS, BAD_VALUE = ExceptionCode.ILLEGAL_ADDRESS, ExceptionCode.ILLEGAL_VALUE
BY = "dtu_modbus 10.0.0.7"
FACE = DtuModbus(served(), 1503)


def read(address: int, count: int, still: StillPlant | None = None) -> bytes:
    data = FACE.answer(still or plant(), 1, address, count)
    assert isinstance(data, bytes)
    return data


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Return a record by names; `changes` are of the first unit."""
    raw = read(0x1000 + RECORD_BYTES * number, 20, plant(**changes))
    return {channel.point.name: value for channel, value in PORT_RECORD.unpack(raw).items()}


@pytest.mark.parametrize("name", ["modbus_port_record_hm", "modbus_port_record_mi"])
def test_a_captured_record_is_made_from_its_values(name: str) -> None:
    vector = one("hoymiles", name)
    told = vector.decoded
    values = {
        Channel(DCV, 1): told["pv_voltage_V"],
        Channel(DCA, 1): told["pv_current_A"],
        Channel(DCW, 1): told["pv_power_W"],
        Channel(LNV): told["grid_voltage_V"],
        Channel(HZ): told["grid_frequency_Hz"],
        Channel(TMP_CAB): told["temperature_C"],
    }
    shown = view("u", told["serial"], "HM-400", values=values, energy={1: Energy(told["total_Wh"], told["today_Wh"])})
    made = record(Unit("u", told["serial"], 1, 1, 400.0), told["port"], Now(shown))
    assert (made[0], made[1:]) == (0x3C, vector.raw[1:])


def test_a_real_dtu_may_say_a_wrong_length_of_its_serial_and_we_say_the_right_one() -> None:
    vector = one("hoymiles", "modbus_wrong_byte_count")
    function, wrong, serial = vector.raw[0], vector.raw[1], vector.raw[2:]
    assert (function, wrong) == (vector.decoded["function"], vector.decoded["wrong_byte_count"])
    data = DtuModbus(replace(served(), serial=serial.hex()), 1503).answer(plant(), 1, 0x2000, 3)
    assert data == serial
    assert int.from_bytes(serial[:2], "big") == vector.decoded["first_register"]
    assert len(serial) == 6 != wrong


def test_a_record_stands_for_each_input_and_an_empty_one_ends_the_list() -> None:
    inputs = [(unit.serial, port) for unit in served().units for port in range(1, unit.ports + 1)]
    for number, (serial, port) in enumerate(inputs):
        raw = read(0x1000 + RECORD_BYTES * number, 20)
        assert (raw[1:7].hex().upper(), raw[7]) == (serial, port)
    for number in (len(inputs), DTU_INPUTS):
        assert read(0x1000 + RECORD_BYTES * number, 20) == b"\x0c" + bytes(39)


def test_addresses_count_bytes() -> None:
    whole = read(0x1000, 100)
    assert len(whole) == 200
    for start in (1, 39, 40, 77):
        assert read(0x1000 + start, 3) == whole[start : start + 6]


def test_the_rest_of_the_map() -> None:
    assert read(0x2000, 3) == bytes.fromhex(DTU_SERIAL)
    assert read(0x2056, 9) == bytes.fromhex("".join(serial for serial, _ in UNITS.values()))
    assert read(0x2501, 1) == (1503).to_bytes(2, "big")
    assert read(0x2503, 1) == b"\x01\x01"


@pytest.mark.parametrize(
    ("address", "count"),
    [(0x0FFF, 1), (0x1000 + RECORD_BYTES * (DTU_INPUTS + 1) - 1, 1), (0x2000, 4), (0x2505, 1), (0xC000, 1), (0, 1)],
    ids=["before", "over the end of the records", "over the end of the serial", "behind the port", "control", "0"],
)
def test_nothing_is_read_where_nothing_is(address: int, count: int) -> None:
    assert FACE.answer(plant(), 1, address, count) is BAD_ADDRESS


def test_a_unit_that_is_lost_keeps_its_energy_and_nothing_else() -> None:
    shown = row(0, comm=CommState.LOST, quality=Quality.STALE)
    assert shown[LINK.name] == shown[STATUS.name] == shown["DCV"] == shown["DCW"] == shown["LNV"] == 0
    assert (shown["DCWhInj"], shown["DCWhDay"]) == (300_001, 501)


def test_a_unit_that_was_never_heard_is_a_row_of_zeros() -> None:
    shown = row(1, comm=CommState.UNKNOWN, quality=Quality.INVALID, values={}, state=None, energy={})
    assert {name for name, value in shown.items() if value} == {"RecKind", "SNHigh", "SNLow", "Prt"}


def test_the_unit_s_own_code_of_an_alarm_stands_at_its_input() -> None:
    at_two = Event(217, EventKind.DC_OVER_VOLT, "too high", 1, 2)
    everywhere = Event(147, EventKind.GRID_DISCONNECT, "no grid", 2)
    derating = Event(71, EventKind.AC_OVER_VOLT, "reduced", None)
    events = frozenset({at_two, everywhere, derating})
    found = [
        (row(number, events=events)[ALARM.name], row(number, events=events)[ALARM_COUNT.name]) for number in (0, 1)
    ]
    assert found == [(147, 1), (147, 2)]
    assert row(0, events=frozenset({derating}))[ALARM.name] == 0


def test_what_does_not_fit_is_as_much_as_fits() -> None:
    shown = row(0, energy={1: Energy(2**40, 2**20)}, values={Channel(DCV, 1): 7000.0, Channel(DCA, 1): -0.3})
    assert (shown["DCWhInj"], shown["DCWhDay"], shown["DCV"], shown["DCA"]) == (2**32 - 1, 65_535, 6553.5, 0)


def test_a_throttled_unit_produces_and_one_on_standby_does_not() -> None:
    assert [row(0, state=state)[STATUS.name] for state in (InvSt.THROTTLED, InvSt.STANDBY)] == [3, 0]


def items(first: int, count: int, still: StillPlant | None = None) -> list[int]:
    data = FACE.coils(still or plant(), 1, first, count)
    assert isinstance(data, bytes)
    assert len(data) == 2 * count
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def test_control_reads_back_what_the_units_hold() -> None:
    off = plant(values={Channel(CONN): 0, Channel(W_MAX_LIM_PCT): 30.0})
    assert items(0xC000, 6, off) == [1, 69, 0, 0, 0, 0]  # of 4 750 W, 1 000 W are at 30 %, the others at 80 %
    assert items(0xC006, 2, off) == items(0xC00C, 2, off) == [0, 30]
    assert items(0xC012, 2, off) == [1, 80]
    silent = plant(values={})
    assert items(0xC006, 2, silent) == [1, 100]


@pytest.mark.parametrize(("value", "unit", "shown"), [(40.0, "%", 40), (1900.0, "W", 40), (9000.0, "W", 100)], ids=str)
def test_the_limit_of_all_is_what_was_given(value: float, unit: str, shown: int) -> None:
    still = plant()
    still.limits["gateway/dtu"] = InForce(value, unit, None)
    assert items(0xC001, 1, still) == [shown]


def written(address: int, value: int, still: StillPlant | None = None) -> Any:
    return FACE.coil_written(still or plant(), 1, address, value, BY)


def limit(target: str, pct: float) -> Order:
    return Order(target=target, verb=Verb.LIMIT, by=BY, value=pct, unit="%")


ROOF = 0xC006 + 6 * 3  # its second input
WRITES = [
    pytest.param(0xC000, 0, [Order(target="gateway/dtu", verb=Verb.DISABLE, by=BY)], id="all off"),
    pytest.param(0xC000, 1, [Order(target="gateway/dtu", verb=Verb.ENABLE, by=BY)], id="all on by 1"),
    pytest.param(0xC000, 0xFF00, [Order(target="gateway/dtu", verb=Verb.ENABLE, by=BY)], id="all on by ff00"),
    pytest.param(0xC000, 2, BAD_VALUE, id="neither on nor off"),
    pytest.param(0xC001, 50, [limit("gateway/dtu", 50.0)], id="all limited"),
    pytest.param(0xC001, 2, [limit("gateway/dtu", 2.0)], id="the least"),
    pytest.param(0xC001, 1, BAD_VALUE, id="less than the least"),
    pytest.param(0xC001, 101, BAD_VALUE, id="more than all"),
    pytest.param(0xC001, 0xFF00, BAD_VALUE, id="true is no limit"),
    pytest.param(ROOF, 0, [Order(target="roof", verb=Verb.DISABLE, by=BY)], id="one off, by its second input"),
    pytest.param(ROOF + 1, 70, [limit("roof", 70.0)], id="one limited"),
    pytest.param(0xC002, 1, BAD_ADDRESS, id="what is reserved"),
    pytest.param(0xBFFF, 1, BAD_ADDRESS, id="before control"),
    pytest.param(0xC006 + 6 * 12, 1, BAD_ADDRESS, id="behind the last input"),
]


@pytest.mark.parametrize(("address", "value", "wishes"), WRITES)
def test_a_write(address: int, value: int, wishes: object) -> None:
    assert written(address, value) == wishes


def test_a_limit_of_all_replaces_those_of_single_units() -> None:
    still = plant()
    still.limits |= {"roof": InForce(30, "%", None), "gateway/dtu": InForce(60, "%", None)}
    assert written(0xC001, 100, still) == [limit("gateway/dtu", 100.0), limit("roof", 100.0)]


def test_registers_are_not_written() -> None:
    assert FACE.written(plant(), 1, 0xC000, b"\0\1", BY) is ExceptionCode.ILLEGAL_FUNCTION


def test_control_ends_behind_the_last_input() -> None:
    assert items(0xC006 + 6 * 11, 6)[:2] == [1, 80]
    assert FACE.coils(plant(), 1, 0xC006 + 6 * 12, 1) is BAD_ADDRESS
    assert FACE.coils(plant(), 1, 0xBFFF, 1) is BAD_ADDRESS
