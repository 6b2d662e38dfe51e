"""Captured answers to polls: values, events, and the same bytes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.events import EventKind
from protocols.points import (
    ALRM,
    CONN,
    DCA,
    DCV,
    DCW,
    DCWH_INJ,
    HZ,
    INV_ST,
    LNV,
    PF,
    TMP_CAB,
    UP_TMS,
    VAR,
    Channel,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.vendors.apsystems.captured import Captured, unwrap
from protocols.vendors.apsystems.events import events, named_events
from protocols.vendors.apsystems.family import Family
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.layout import BODIES, SLOTS
from protocols.vendors.apsystems.rows import Body, PowerFactor, Scaled
from protocols.vendors.apsystems.telemetry import body_family, implausible, reading
from tests.support.vectors import Vector, load, one

POLLS = [vector for vector in load("apsystems") if vector.name.startswith("poll_answer")]


def opened(vector: Vector) -> tuple[Captured, L2]:
    captured = unwrap(vector.raw)
    assert captured is not None
    assert captured.frame is not None
    return captured, captured.frame


def read(name: str) -> dict[Channel, Value]:
    vector = one("apsystems", name)
    return dict(reading(Family(vector.decoded["family"]), opened(vector)[1].body))


@pytest.mark.parametrize("vector", POLLS, ids=lambda vector: vector.name)
def test_the_family_and_the_serial_are_found(vector: Vector) -> None:
    captured, frame = opened(vector)
    known = Family.YC600 if vector.decoded["family"] == "YC600" else None
    assert captured.serial == vector.decoded["serial"]
    assert captured.lqi == vector.decoded.get("lqi")
    assert body_family(frame, known).value == vector.decoded["family"]


@pytest.mark.parametrize("vector", POLLS, ids=lambda vector: vector.name)
def test_every_value_is_that_of_the_vector(vector: Vector) -> None:
    said, kind = vector.decoded, Family(vector.decoded["family"])
    values = reading(kind, opened(vector)[1].body)
    alike = {
        HZ: said["frequency_hz"],
        UP_TMS: said["uptime_s"],
        LNV: said.get("ac_voltage_v_div_1.3277_4") or said.get("ac_voltage_v_fw"),
        TMP_CAB: said.get("temperature_c_fw") or said.get("temperature_c_community") or said.get("temperature_c"),
        W: said.get("active_power_w"),
        VAR: said.get("reactive_power_var"),
    }
    if kind is Family.QT2:
        alike[LNV] = sum(said["ac_voltage_v"]) / 3
    for point, value in alike.items():
        if value is not None:
            assert values[Channel(point)] == pytest.approx(value, abs=0.06), point
    assert implausible(kind, values) is None


@pytest.mark.parametrize("vector", [v for v in POLLS if "inputs" in v.decoded], ids=lambda vector: vector.name)
def test_every_input_is_that_of_the_vector(vector: Vector) -> None:
    kind = Family(vector.decoded["family"])
    values = reading(kind, opened(vector)[1].body)
    for said in vector.decoded["inputs"]:
        port = SLOTS[kind].index(said["slot"]) + 1
        volts = said.get("dc_voltage_v", said.get("dc_voltage_v_fw"))
        amps = said.get("dc_current_a", said.get("dc_current_a_fw"))
        watts = said.get("dc_power_w", said.get("dc_power_w_fw"))
        energy = said.get("energy_wh_at_3.756e-8", said.get("energy_wh_at_1.674e-5"))
        assert values[Channel(DCV, port)] == pytest.approx(volts, abs=0.006)
        assert values[Channel(DCA, port)] == pytest.approx(amps, abs=0.0006)
        assert values[Channel(DCW, port)] == pytest.approx(watts, abs=0.06)
        assert values[Channel(DCWH_INJ, port)] == pytest.approx(energy, abs=0.006)


@pytest.mark.parametrize("vector", [v for v in POLLS if v.decoded["family"] == "QT2"], ids=lambda vector: vector.name)
def test_a_qt2_has_inputs_in_pairs(vector: Vector) -> None:
    values, said = reading(Family.QT2, opened(vector)[1].body), vector.decoded
    volts = [values[Channel(DCV, port)] for port in (1, 2, 3, 4)]
    assert volts == pytest.approx([said["dc_voltage_pair_v"][each] for each in (0, 0, 1, 1)], abs=0.006)
    assert [values[Channel(DCA, port)] for port in (1, 2, 3, 4)] == pytest.approx(said["dc_current_a"], abs=0.0006)
    assert [values[Channel(DCWH_INJ, port)] for port in (1, 2, 3, 4)] == pytest.approx(
        said["energy_wh_div_31600"], abs=0.0006
    )


@pytest.mark.parametrize("vector", POLLS, ids=lambda vector: vector.name)
def test_the_same_bytes_are_written_back(vector: Vector) -> None:
    body, layout = opened(vector)[1].body, BODIES[Family(vector.decoded["family"])]
    written = layout.pack(layout.unpack(body))
    assert [written[row.at : row.at + row.size] for row in layout.rows] == [
        body[row.at : row.at + row.size] for row in layout.rows
    ]


def test_every_body_has_a_vector() -> None:
    assert {Family(vector.decoded["family"]) for vector in POLLS} == set(BODIES)


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.value)
@given(data=st.data())
def test_any_body_round_trips(kind: Family, data: st.DataObject) -> None:
    layout = BODIES[kind]
    values = layout.unpack(data.draw(st.binary(min_size=layout.size, max_size=layout.size)))
    if values.get(Channel(PF), 1.0) is None:
        values[Channel(PF)] = 1.0
    again = layout.unpack(layout.pack(values))
    assert {c: v for c, v in again.items() if c.point is not PF} == pytest.approx(
        {c: v for c, v in values.items() if c.point is not PF}, rel=1e-6
    )


@pytest.mark.parametrize("vector", POLLS, ids=lambda vector: vector.name)
def test_the_named_bits_are_the_vector_s_events(vector: Vector) -> None:
    kind = Family(vector.decoded["family"])
    word = reading(kind, opened(vector)[1].body)[Channel(ALRM)]
    assert isinstance(word, int)
    assert {event.code for event in named_events(word)} == {
        each["event"] for each in vector.decoded["events_derived_mapping"]
    }


def test_inputs_that_are_low_are_no_alarm_and_nor_is_what_comes_with_them() -> None:
    found = events(read("poll_answer_qs1_A"))
    assert {(event.code, event.alarm_code) for event in found} == {(n, None) for n in (9, 11, 40, 42, 43)}


def test_a_qt2_without_mains_shows_an_outage_that_no_bit_names() -> None:
    found = events(read("poll_answer_qt2_mains_off_1"))
    assert {event.alarm_code for event in found} == {None, 2, 3, 4}
    assert any(event.kind is EventKind.AC_DISCONNECT for event in found)


@pytest.mark.parametrize(
    ("name", "port"),
    [("poll_answer_yc600_B", 1), ("poll_answer_ds3_D", 2), ("poll_answer_qt2_A", 3)],
    ids=["slot B of a YC600 is socket 1", "slot B of a DS3 is socket 2", "pair 2 of a QT2 is socket 3 and 4"],
)
def test_slot_b_too_low_names_the_socket(name: str, port: int) -> None:
    (event,) = (each for each in events(read(name)) if each.code == 11)
    assert event.port == port


def test_power_that_is_not_sent_is_reckoned() -> None:
    values = read("poll_answer_yc600_A")
    assert values[Channel(W)] == pytest.approx(0.94 * (26.8 + 27.2), abs=0.1)


def test_the_state_follows_from_bits_and_power() -> None:
    assert read("poll_answer_ds3_A")[Channel(INV_ST)] == InvSt.RUNNING
    assert read("poll_answer_ds3_D")[Channel(INV_ST)] == InvSt.STANDBY
    assert read("poll_answer_qt2_mains_off_1")[Channel(INV_ST)] == InvSt.FAULT
    body = bytearray(opened(one("apsystems", "poll_answer_ds3_A"))[1].body)
    body[0x0C] |= 0x02
    off = reading(Family.DS3, bytes(body))
    assert (off[Channel(INV_ST)], off[Channel(CONN)]) == (InvSt.OFF, 0)


@pytest.mark.parametrize(
    ("at", "bit", "code", "cause"),
    [(0x17, 1, 9, "gfdi"), (0x17, 4, 2, None), (0x18, 2, 10, None), (0x17, 3, 8, None), (0x19, 2, 1, None)],
    ids=["ground fault", "no mains", "get data failed alone", "too hot", "DC A too high"],
)
def test_bits_of_a_b1_answer_are_alarms(at: int, bit: int, code: int, cause: str | None) -> None:
    body = bytearray(opened(one("apsystems", "poll_answer_qs1a_fc"))[1].body)
    body[at] |= 1 << bit
    (event,) = events(reading(Family.QS1A, bytes(body)))
    assert (event.alarm_code, event.cause) == (code, cause)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (L2(0xBB, bytes((0xBB, 0x36)) + bytes(89)), "a QS2, which is not supported"),
        (L2(0xBB, bytes((0xBB, 0x99)) + bytes(89)), "an unknown model: model byte 99"),
        (L2(0xBB, bytes((0xBB, 0x20)) + bytes(89), check=0), "without its L2 checksum"),
        (L2(0xBB, bytes(91)), "begins with 00"),
        (L2(0xB1, bytes(79), check=0), "body of 79 bytes"),
        (L2(0xDE, bytes(80)), "no answer to a poll: DE"),
    ],
    ids=["a QS2", "an unknown model", "no checksum", "another body", "another length", "another answer"],
)
def test_other_answers_are_refused(frame: L2, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        body_family(frame, None)


@pytest.mark.parametrize(
    ("channel", "value", "words"),
    [
        (Channel(DCW, 2), 451.0, "451 W at input 2"),
        (Channel(HZ), 29.0, "Hz = 29.0"),
        (Channel(LNV), 441.0, "LNV = 441.0 V"),
        (Channel(TMP_CAB), 151.0, "TmpCab"),
    ],
    ids=["power", "frequency", "voltage", "temperature"],
)
def test_what_no_unit_measures_is_implausible(channel: Channel, value: float, words: str) -> None:
    values = read("poll_answer_yc600_A") | {channel: value}
    assert words in str(implausible(Family.YC600, values))


@pytest.mark.parametrize("volt", [1.25 * 230 + 1, 1.2 * 240 + 5, 230 * 3**0.5], ids=["VDE", "IEEE 1547", "no neutral"])
def test_an_over_voltage_that_trips_units_is_plausible(volt: float) -> None:
    assert implausible(Family.YC600, read("poll_answer_yc600_A") | {Channel(LNV): volt}) is None


@pytest.mark.parametrize(("amps", "state"), [(0.007, InvSt.STANDBY), (0.5, InvSt.RUNNING)])
def test_what_a_unit_takes_for_itself_is_not_fed_in(amps: float, state: InvSt) -> None:
    body = bytearray(opened(one("apsystems", "poll_answer_yc600_A"))[1].body)
    values = BODIES[Family.YC600].unpack(bytes(body))
    changed = {Channel(DCV, port): 45.0 for port in (1, 2)} | {Channel(DCA, port): amps for port in (1, 2)}
    full = BODIES[Family.YC600].pack(values | changed)
    assert reading(Family.YC600, full)[Channel(INV_ST)] == state


@pytest.mark.parametrize(
    ("code", "factor"), [(0x1F, 1.0), (0x14, 0.9), (0x0B, 0.0), (0x07, 0.8), (0x00, None)], ids=str
)
def test_codes_of_the_power_factor(code: int, factor: float | None) -> None:
    assert PowerFactor(0).read(bytes((code,)))[Channel(PF)] == (None if factor is None else pytest.approx(factor))


def test_bodies_check_themselves() -> None:
    with pytest.raises(LocalProtocolError, match="byte 1 is declared twice"):
        Body("x", bytes(4), (Scaled(0, 2, W), Scaled(1, 2, HZ)))
    with pytest.raises(LocalProtocolError, match="needs 5 bytes"):
        Body("x", bytes(4), (Scaled(3, 2, W),))
    with pytest.raises(LocalProtocolError, match="no value for W"):
        Body("x", bytes(4), (Scaled(0, 2, W),)).pack({})
    with pytest.raises(RemoteProtocolError, match="3 bytes instead of 4"):
        Body("x", bytes(4), (Scaled(0, 2, W),)).unpack(bytes(3))
