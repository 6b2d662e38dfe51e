"""What the TCP interface of an ECU answers, against captured answers where there are some."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faces.ecu_tcp import EcuTcp
from gateway.snapshot import CommState, Energy
from protocols import points
from protocols.errors import RemoteProtocolError
from protocols.points import Channel
from protocols.states import Quality
from protocols.vendors.apsystems import ecu_tcp as t
from tests.support.face_plant import NOON, StillPlant
from tests.support.still_ecu import ECU_ID, UNITS, ZONE, Units, plant, served, view
from tests.support.vectors import one

LOCAL = ZoneInfo(ZONE)
MODEL_OF = {"01": "YC600", "03": "QS1"}


def face(still: StillPlant | None = None, units: Units | None = None) -> EcuTcp:
    return EcuTcp(served(units), still or plant(units), LOCAL)


def ask(command: str, still: StillPlant | None = None, units: Units | None = None, ecu_id: str = ECU_ID) -> bytes:
    """Return what is answered to a question."""
    answer = face(still, units).answer(t.Request(command, "" if command == t.SYSTEM else ecu_id).encode(), "10.0.0.7")
    assert answer is not None
    assert len(answer) <= t.MAX_ANSWER
    return answer


def test_the_system_is_the_sum_of_its_units() -> None:
    still = plant()
    still.views["barn"] = replace(still.views["barn"], comm=CommState.LOST)
    said = t.system_of(ask(t.SYSTEM, still))
    assert (said.ecu_id, said.group, said.model) == (ECU_ID, "11", "01")
    assert (said.power_w, said.inverters, said.online) == (802, 3, 2)
    assert (said.lifetime_kwh, said.today_kwh) == (3703.7, 7.04)  # the silent unit's energy is not forgotten
    assert said.version.startswith("OpenCombiner_")
    assert said.zone == ZONE


@pytest.mark.parametrize(
    ("energy", "kwh"),
    [
        pytest.param({}, 0.0, id="is not known, so clients wait"),
        pytest.param({0: Energy(0, 0)}, 0.1, id="is known and nothing yet, so clients go on"),
        pytest.param({0: Energy(10**15, 10**15)}, 429_496_729.5, id="is beyond the field"),
    ],
)
def test_a_lifetime_energy_that(energy: dict[int, Energy], kwh: float) -> None:
    units = {"roof": UNITS["roof"]}
    assert t.system_of(ask(t.SYSTEM, plant(units, energy=energy), units)).lifetime_kwh == kwh


def test_a_record_of_each_family() -> None:
    said = t.inverters_of(ask(t.INVERTERS))
    assert said.time == datetime.fromtimestamp(NOON, LOCAL).strftime("%Y%m%d%H%M%S")
    assert said.records == (
        t.Record("802000000001", True, "03", 50.0, 24, (101, 102, 103, 104), (231,)),
        t.Record("703000000002", True, "01", 50.0, 24, (101, 102), (231, 231)),
        t.Record("901000000003", True, "02", 50.0, 24, (101, 102, 103, 104), (399, 401, 400)),
    )


def test_levels_are_those_that_the_radio_heard() -> None:
    still = plant(comm=CommState.LOST)
    assert t.signal_of(ask(t.SIGNAL, still)).levels == tuple(
        (serial, 0 if slot == "roof" else 171) for slot, (serial, _) in UNITS.items()
    )


@pytest.mark.parametrize("name", ["tcp8899_r0002_ds3", "tcp8899_r0002_qs1", "tcp8899_r0002_yc600"])
def test_a_plant_as_a_captured_answer_says_is_told_by_the_same_bytes(name: str) -> None:
    captured = one("apsystems", name).raw
    said = t.inverters_of(captured)
    units = {f"u{n}": (record.serial, MODEL_OF.get(record.type, "QS1")) for n, record in enumerate(said.records)}
    views = {}
    for (slot, (serial, model)), record in zip(units.items(), said.records, strict=True):
        values = {
            Channel(points.HZ): record.hz,
            Channel(points.TMP_CAB): record.temperature_c,
            Channel(points.LNV): record.volts[0] if record.volts else 0,
            **{Channel(points.DCW, port): watt for port, watt in enumerate(record.watts, start=1)},
        }
        comm = CommState.ONLINE if record.online else CommState.ASLEEP
        heard = NOON if record.type in MODEL_OF else None
        views[slot] = view(slot, serial, model, values=values, comm=comm, ts=heard)
    at = datetime.strptime(said.time, "%Y%m%d%H%M%S").replace(tzinfo=LOCAL).timestamp()
    assert ask(t.INVERTERS, StillPlant(views, now=at), units) == captured


@pytest.mark.parametrize(
    ("changes", "record"),
    [
        pytest.param({"ts": None, "comm": CommState.UNKNOWN}, t.Record("802000000001", False), id="was never heard"),
        pytest.param(
            {"comm": CommState.ASLEEP},
            t.Record("802000000001", False, "03", 0.0, 0, (0, 0, 0, 0), (0,)),
            id="sleeps",
        ),
        pytest.param(
            {"quality": Quality.INVALID},
            t.Record("802000000001", True, "03", 0.0, 0, (0, 0, 0, 0), (0,)),
            id="said nothing of use",
        ),
    ],
)
def test_a_unit_that(changes: dict[str, Any], record: t.Record) -> None:
    assert t.inverters_of(ask(t.INVERTERS, plant(**changes))).records[0] == record


def test_a_unit_that_raves_breaks_no_answer() -> None:
    mad = {Channel(point): sign * 1e9 for sign in (1, -1) for point in (points.LNV, points.SIGNAL, points.W)}
    mad |= {Channel(points.DCW, port): 10**9 for port in range(1, 5)}
    still = plant(values=mad)
    record = t.inverters_of(ask(t.INVERTERS, still)).records[0]
    assert (record.watts, record.volts) == ((0xFFFF,) * 4, (0,))
    assert t.system_of(ask(t.SYSTEM, still)).power_w == 0
    assert t.signal_of(ask(t.SIGNAL, still)).levels[0] == ("802000000001", 0)


def test_before_anybody_was_heard_there_are_no_data() -> None:
    views = {slot: view(slot, *unit, ts=None, comm=CommState.UNKNOWN) for slot, unit in UNITS.items()}
    assert ask(t.INVERTERS, StillPlant(views)) == one("apsystems", "tcp8899_r0002_nodata").raw


def test_another_ecu_id_is_refused() -> None:
    assert t.inverters_of(ask(t.INVERTERS, ecu_id="216000000000")).status == t.WRONG_ID
    assert face().answer(t.Request(t.SIGNAL, "216000000000").encode(), "10.0.0.7") is None


@pytest.mark.parametrize(
    ("prefix", "model", "room"), [("703", "DS3", 47), ("802", "QS1", 43), ("901", "QT2", 36)], ids=str
)
def test_an_answer_has_room_for(prefix: str, model: str, room: int) -> None:
    units = {f"u{n}": (f"{prefix}{n:09d}", model) for n in range(60)}
    assert len(t.inverters_of(ask(t.INVERTERS, units=units)).records) == room
    assert len(t.signal_of(ask(t.SIGNAL, units=units)).levels) == room
    assert t.system_of(ask(t.SYSTEM, units=units)).inverters == room


@pytest.mark.parametrize(
    ("head", "length"),
    [
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"APS1", None, id="the beginning"),
        pytest.param(b"APS1100160001EN", None, id="no end yet"),
        pytest.param(b"APS1100160001END\nAPS11", 16, id="a question and more"),
        pytest.param(b"\nAPS11", 1, id="the line feed behind the question before"),
        pytest.param(b"APS1100280002216000120830END\n", 28, id="with an id"),
        pytest.param(b"APS1199990001END", 16, id="a length that is wrong"),
        pytest.param(b"APS1100390003216000120830END20240913", None, id="history, first half"),
        pytest.param(b"APS1100390003216000120830END20240913END", 39, id="history"),
    ],
)
def test_a_question_ends_at_its_end(head: bytes, length: int | None) -> None:
    assert face().length(head) == length


def test_what_this_gateway_does_not_know_is_not_answered() -> None:
    for question in (b"APS1100390003216000120830END20240913END", b"APS1100160012END", b"\n"):
        assert face().answer(question, "10.0.0.7") is None


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1", b"APS12", b"\0"], ids=["a browser", "another group", "a null"])
def test_what_is_no_question_costs_the_connection(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="no question to an ECU"):
        face().length(raw)


@given(st.binary(max_size=40))
def test_noise_behind_the_mark_is_answered_or_refused(noise: bytes) -> None:
    asked = b"APS11" + noise + b"END"
    try:
        length = face().length(asked)
        answer = None if length is None else face().answer(asked[:length], "10.0.0.7")
    except RemoteProtocolError:
        answer = None
    assert answer is None or len(answer) <= t.MAX_ANSWER
