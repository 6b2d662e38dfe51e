"""The chain as an independent client sees it."""

import os
import pty
import threading
import tty
from collections.abc import Iterator
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceRTU, SunSpecModbusClientError

from protocols.commands import Conn, WMaxLimPct
from protocols.modbus.pdu import ExceptionAnswer, ReadAnswer, ReadRequest, WriteAnswer, WriteRequest
from protocols.modbus.rtu import Deframer
from protocols.points import (
    CONN,
    DCA,
    DCV,
    DCW,
    DCWH_INJ,
    INV_ST,
    LNV,
    TOT_WH_INJ,
    VR,
    W_MAX_LIM_PCT,
    A,
    Channel,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.responder import InverterSide
from tests.support.device import ScriptedDevice, running
from tests.support.sunspec_client import SunSpecClient
from tests.support.talk import ask

SERIAL = "ATM2408A00317"


def device(**changes: object) -> ScriptedDevice:
    return ScriptedDevice(SERIAL, MODELS["MI-450"], **changes)  # type: ignore[arg-type]


def scanned(unit: ScriptedDevice) -> Any:
    client = SunSpecClient(InverterSide(unit, 17), 17)
    client.scan()
    return client


def shown(client: Any, model: int, *points: str) -> list[object]:
    return [client.models[model][0].points[point].cvalue for point in points]


def test_a_scan_finds_all_models_and_no_error() -> None:
    client = scanned(device())
    assert [model for model in client.models if isinstance(model, int)] == [1, 101, 120, 121, 122, 123, 160]
    assert {models[0].error_info for models in client.models.values()} <= {"", None}


def test_the_client_reads_the_device_s_values() -> None:
    client = scanned(device())
    assert shown(client, 1, "Mn", "Md", "Opt", "Vr", "SN", "DA") == [
        "Atmoce",
        "MI-450",
        "open PLC profile",
        "1.4.2",
        SERIAL,
        17,
    ]
    points = ("W", "VAr", "VA", "PF", "A", "AphA", "PhVphA", "Hz", "WH", "TmpCab", "DCA", "DCV", "DCW")
    assert shown(client, 101, *points) == pytest.approx(
        [312.4, -12.3, 312.6, 99.9, 1.36, 1.36, 230.4, 50.01, 1_234_567, 41.5, 8.875, 36.25, 321.7]
    )
    assert shown(client, 101, "St", "Evt1", "Evt2", "EvtVnd1") == [4, 0, 0, 0]
    assert shown(client, 122, "PVConn", "ECPConn", "ActWh", "Ris") == [7, 1, 1_234_567, 4_700_000]
    assert shown(client, 123, "Conn", "WMaxLimPct", "WMaxLim_Ena") == [1, 100, 0]
    module = client.models[160][0].groups["module"][0]
    assert [module.points[name].cvalue for name in ("ID", "DCA", "DCV", "DCW", "DCSt", "DCEvt")] == pytest.approx(
        [1, 8.875, 36.25, 321.7, 4, 0]
    )


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_client_reads_the_ratings_of_the_model(name: str) -> None:
    model = MODELS[name]
    client = scanned(ScriptedDevice("X1", model))
    assert shown(client, 120, "DERTyp", "WRtg", "VARtg", "ARtg") == [4, model.rated_w, model.rated_w, model.rated_a]
    assert shown(client, 120, "PFRtgQ1", "PFRtgQ4") == [0.8, -0.8]
    assert shown(client, 120, "VArRtgQ1", "VArRtgQ4") == pytest.approx([0.6 * model.rated_w, -0.6 * model.rated_w])
    assert shown(client, 121, "WMax", "VRef", "VRefOfs", "ECPNomHz") == [model.rated_w, 230, 0, 50]


def test_what_is_not_available_is_not_implemented() -> None:
    absent: dict[Channel, Value] = dict.fromkeys(
        [Channel(W), Channel(A), Channel(LNV), Channel(DCA, 1), Channel(DCW, 1), Channel(VR)]
    )
    client = scanned(device(shown=running() | absent | {Channel(TOT_WH_INJ): 0}))
    assert shown(client, 101, "W", "A", "AphA", "PhVphA", "DCA", "DCW") == [None] * 6
    assert shown(client, 1, "Vr") == [None]
    assert shown(client, 101, "AphB", "TmpSnk", "StVnd", "EvtVnd2") == [None] * 4


EVENTS = [
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


@pytest.mark.parametrize(("code", "evt1", "dc_evt"), EVENTS, ids=[f"code {row[0]}" for row in EVENTS])
def test_an_alarm_is_seen_by_the_client(code: int, evt1: int, dc_evt: int) -> None:
    client = scanned(device(active=frozenset({code}), shown=running() | {Channel(INV_ST): InvSt.FAULT}))
    assert shown(client, 101, "St", "Evt1", "EvtVnd1") == [7, evt1, 1 << code - 1]
    assert client.models[160][0].points["Evt"].cvalue == dc_evt
    assert client.models[160][0].groups["module"][0].points["DCEvt"].cvalue == dc_evt


@pytest.mark.parametrize("state", list(InvSt), ids=lambda state: state.name)
def test_a_state_is_seen_by_the_client(state: InvSt) -> None:
    client = scanned(device(shown=running() | {Channel(INV_ST): state}))
    assert shown(client, 101, "St") == [state + 1]
    assert shown(client, 122, "ECPConn") == [int(state in {InvSt.RUNNING, InvSt.THROTTLED})]


def test_the_owner_s_own_stop_is_a_manual_shutdown() -> None:
    client = scanned(device(shown=running() | {Channel(CONN): 0, Channel(INV_ST): InvSt.OFF}))
    assert shown(client, 101, "St", "Evt1", "EvtVnd1") == [1, 1 << 6, 0]


@pytest.mark.parametrize(
    ("volt", "watt", "bits"), [(0.0, 0.0, 0), (30.0, 0.0, 3), (30.0, 5.0, 7)], ids=["dark", "lit", "producing"]
)
def test_the_panel_is_seen_by_the_client(volt: float, watt: float, bits: int) -> None:
    values = {Channel(DCV, 1): volt, Channel(DCW, 1): watt, Channel(DCWH_INJ, 1): 4_294_967_300}
    client = scanned(device(shown=running() | values))
    assert shown(client, 122, "PVConn") == [bits]
    assert client.models[160][0].groups["module"][0].points["DCWH"].cvalue == 4  # an acc32 goes round


def test_the_client_limits_and_disconnects() -> None:
    unit = device()
    client = scanned(unit)
    controls = client.models[123][0]
    controls.points["WMaxLimPct"].cvalue = 55.5
    controls.points["WMaxLim_Ena"].value = 1
    controls.points["Conn"].value = 0
    controls.write()
    controls.read()
    assert shown(client, 123, "Conn", "WMaxLimPct", "WMaxLim_Ena") == [0, 55.5, 1]
    assert [command for command in unit.commands if isinstance(command, Conn)] == [Conn(on=False)]
    assert [command for command in unit.commands if isinstance(command, WMaxLimPct)][-1] == WMaxLimPct(55.5)


def test_the_client_is_told_when_a_value_is_bad() -> None:
    client = scanned(device())
    client.models[123][0].points["WMaxLimPct"].value = 1001
    with pytest.raises(SunSpecModbusClientError, match="code=3"):
        client.models[123][0].write()


LIMIT_AT = 40228 + 5
PCT, ENA = 0, 4  # offsets from LIMIT_AT
LIMITS = [  # writes as (offset, words); then what holds, and what is shown: limit, enabled
    pytest.param([(PCT, [500])], 100.0, (500, 0), id="a limit that is not enabled waits"),
    pytest.param([(PCT, [500]), (ENA, [1])], 50.0, (500, 1), id="and is in force once it is"),
    pytest.param([(ENA, [1]), (PCT, [500])], 50.0, (500, 1), id="or at once when it already is"),
    pytest.param([(PCT, [500, 0, 120, 0, 1])], 50.0, (500, 1), id="all in one write, timers included"),
    pytest.param([(PCT, [500, 0, 0, 0, 1]), (ENA, [0])], 100.0, (500, 0), id="disabled, the limit is remembered"),
    pytest.param([(PCT, [500, 0, 0, 0, 1]), (ENA, [0]), (ENA, [1])], 50.0, (500, 1), id="and comes back"),
    pytest.param([(PCT, [1000, 0, 0, 0, 1])], 100.0, (1000, 1), id="100 % and enabled is no limit"),
    pytest.param([(1, [7, 7, 7])], 100.0, (1000, 0), id="the timers alone change nothing"),
    pytest.param([(PCT, [1001])], 100.0, (1000, 0), id="a bad limit changes nothing"),
    pytest.param([(PCT, [500, 0, 0, 0, 2])], 100.0, (1000, 0), id="a bad switch spoils the limit beside it"),
]


@pytest.mark.parametrize(("writes", "holds", "seen"), LIMITS)
def test_limit_and_switch_of_model_123(
    writes: list[tuple[int, list[int]]], holds: float, seen: tuple[int, int]
) -> None:
    unit = device()
    side = InverterSide(unit, 17)
    for offset, words in writes:
        ask(side, 17, WriteRequest(LIMIT_AT + offset, b"".join(word.to_bytes(2, "big") for word in words)))
    told = [command for command in unit.commands if isinstance(command, WMaxLimPct)]
    assert (told[-1].pct if told else 100.0) == holds
    answer = ask(side, 17, ReadRequest(LIMIT_AT, 5))
    assert isinstance(answer, ReadAnswer)
    assert (int.from_bytes(answer.data[:2], "big"), int.from_bytes(answer.data[8:], "big")) == seen


def test_a_limit_set_through_the_native_block_is_seen_in_model_123() -> None:
    side = InverterSide(device(), 17)
    ask(side, 17, WriteRequest(0x1200, b"\x01\xf4"))
    answer = ask(side, 17, ReadRequest(LIMIT_AT, 5))
    assert answer == ReadAnswer(bytes.fromhex("01f4 ffff ffff ffff 0001"))


def test_a_limit_that_the_device_does_not_tell_is_none() -> None:
    side = InverterSide(device(shown=running() | {Channel(W_MAX_LIM_PCT): None}), 17)
    assert ask(side, 17, ReadRequest(LIMIT_AT, 5)) == ReadAnswer(bytes.fromhex("03e8 ffff ffff ffff 0000"))


def test_a_limit_that_the_device_refuses_is_not_remembered() -> None:
    side = InverterSide(device(refuses=(WMaxLimPct(50.0),)), 17)
    assert ask(side, 17, WriteRequest(LIMIT_AT, bytes.fromhex("01f4 0000 0000 0000 0001"))) == ExceptionAnswer(16, 4)
    assert ask(side, 17, ReadRequest(LIMIT_AT, 1)) == ReadAnswer(b"\x03\xe8")


@pytest.mark.parametrize(
    ("at", "accepted"),
    [(40229, False), (40230, True), (40237, True), (40238, False), (40251, False), (40234, True)],
)
def test_only_some_registers_of_model_123_may_be_written(at: int, accepted: bool) -> None:  # noqa: FBT001 - a row of a table
    answer = ask(InverterSide(device(), 17), 17, WriteRequest(at, b"\0\0"))
    assert answer == (WriteAnswer(at, 1) if accepted else ExceptionAnswer(16, 2))


@pytest.fixture
def served() -> Iterator[str]:
    """A unit behind a pseudo-terminal."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    side, deframer, stop = InverterSide(device(), 17), Deframer(), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                heard = os.read(ours, 512)
            except OSError:  # the far end is closed
                return
            for frame in deframer.feed(heard):
                for answer in side.answer(frame, 0.0):
                    os.write(ours, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    yield os.ttyname(theirs)
    stop.set()
    os.close(theirs)
    thread.join(5)
    os.close(ours)


@pytest.mark.integration
def test_an_independent_master_scans_the_unit_over_a_serial_port(served: str) -> None:
    client = SunSpecModbusClientDeviceRTU(17, served, baudrate=115200, timeout=2)
    try:
        client.scan()
        assert shown(client, 101, "W", "Hz") == [312.4, 50.01]
        controls = client.models[123][0]
        controls.points["WMaxLimPct"].cvalue = 70.0
        controls.points["WMaxLim_Ena"].value = 1
        controls.write()
        controls.read()
        assert shown(client, 123, "WMaxLimPct", "WMaxLim_Ena") == [70.0, 1]
    finally:
        client.close()
