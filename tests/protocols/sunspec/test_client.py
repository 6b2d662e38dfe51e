"""The SunSpec client against maps that others could have: other places, other models, other scale factors, no end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import pack, unpack_from

import pytest

from protocols.commands import Conn, WMaxLimPct
from protocols.events import EventKind
from protocols.exchange import Cause, Done, Failed
from protocols.modbus import mbap, pdu
from protocols.points import CONN, DCA, DCV, DCW, DCWH_INJ, HZ, INV_ST, LNV, SN, TMP_CAB, TOT_WH_INJ, Channel, W
from protocols.points import W_MAX_LIM_PCT as LIMIT
from protocols.profile import PollItem, Station
from protocols.sunspec import client
from protocols.sunspec.reading import events
from protocols.sunspec.walk import BASES, MAX_MODELS
from tests.support.talk import talk

UNIT = Station("X1", 3)
LIVE = PollItem("live")
NONE_16, NONE_32 = 0xFFFF, 0xFFFF_FFFF


def model(number: int, length: int, **words: tuple[str, float]) -> bytes:
    """Return a model of "not implemented" but for some values: r<register from the ID> = (struct code, raw)."""
    data = bytearray(pack(">HH", number, length) + b"\xff\xff" * length)
    for name, (fmt, raw) in words.items():
        at = 2 * int(name[1:])
        data[at : at + len(pack(f">{fmt}", raw))] = pack(f">{fmt}", int(raw))
    return bytes(data)


_common = bytearray(model(1, 65))  # without its pad, as some devices have it
_common[4 : 2 * 66] = bytes(2 * 64)
_common[2 * 50 : 2 * 50 + 4] = b"X1  "
COMMON = bytes(_common)
OLD = model(
    101,
    50,
    r14=("h", 3124),
    r15=("h", -1),
    r16=("H", 5001),
    r17=("h", -2),
    r10=("H", 230),
    r13=("h", 0),
    r20=("h", -0x8000),
    r24=("I", 1234),
    r26=("h", 3),
    r33=("h", 41),
    r37=("h", 0),
    r38=("H", 4),
    r40=("I", 1 << EventKind.UNDER_FREQUENCY | 1 << EventKind.OVER_TEMP),
    r27=("H", 917),
    r28=("h", -2),
    r29=("H", 3551),
    r30=("h", -2),
    r31=("h", 325),
    r32=("h", 0),
)
NEW = model(
    701,
    153,
    r4=("H", 3),
    r6=("I", 0),
    r10=("h", 312),
    r116=("h", 0),
    r16=("H", 2304),
    r114=("h", -1),
    r17=("I", 50010),
    r115=("h", -3),
    r19=("Q", 1234567),
    r120=("h", 0),
    r36=("h", 415),
    r122=("h", -1),
)
CONTROLS = model(123, 24, r4=("H", 1), r5=("H", 80), r9=("H", 1), r23=("h", 0))
CONTROL_AC = model(704, 65, r14=("H", 0), r15=("H", 600), r54=("h", -1))
INPUTS = model(
    160,
    48,
    r2=("h", -2),
    r3=("h", -1),
    r4=("h", 0),
    r5=("h", 0),
    r8=("H", 2),
    r19=("H", 501),
    r20=("H", 301),
    r21=("H", 150),
    r22=("I", 900),
    r39=("H", 502),
    r40=("H", 302),
    r41=("H", 151),
    r42=("I", 901),
)
STRANGE = model(64001, 130)


@dataclass
class Registers:
    """A device: registers from a base on, and nothing else. `word` wise, it takes every write."""

    chain: tuple[bytes, ...]
    base: int = 40000
    asked: list[pdu.Request] = field(default_factory=list)
    end: bytes = b"\xff\xff\0\0"

    def __post_init__(self) -> None:
        self.data = bytearray(b"SunS" + b"".join(map(bytes, self.chain)) + self.end)

    def concerns(self, _: bytes) -> bool:
        return True

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:  # noqa: ARG002 - it has no clock
        unit, body = mbap.decode(datagram)
        request = pdu.decode_request(body)
        assert not isinstance(request, pdu.ExceptionAnswer)
        self.asked.append(request)
        at = 2 * (request.start - self.base)
        size = 2 * request.count if isinstance(request, pdu.ReadRequest) else len(request.data)
        if not 0 <= at <= at + size <= len(self.data):
            return (mbap.encode(unit, pdu.ExceptionAnswer(request.function, 2).encode()),)
        if isinstance(request, pdu.WriteRequest):
            self.data[at : at + size] = request.data
            return (mbap.encode(unit, request.answer().encode()),)
        return (mbap.encode(unit, pdu.ReadAnswer(bytes(self.data[at : at + size])).encode()),)


def polled(*chain: bytes, base: int = 40000) -> Mapping[Channel, object]:
    done = talk(client.poll(UNIT, LIVE, 0.0), Registers(chain, base))
    assert isinstance(done, Done), done
    return done.value


@pytest.mark.parametrize("base", BASES)
def test_the_chain_is_found_at_each_of_its_places(base: int) -> None:
    assert polled(COMMON, OLD, base=base)[Channel(W)] == pytest.approx(312.4)
    done = talk(client.join(UNIT, 0.0), Registers((COMMON, OLD), base))
    assert isinstance(done, Done)
    assert done.value[Channel(SN)] == "X1"


def test_model_101_is_read_with_the_scale_factors_that_it_has() -> None:
    values = polled(COMMON, OLD, CONTROLS)
    wanted = {W: 312.4, HZ: 50.01, LNV: 230, TOT_WH_INJ: 1_234_000, TMP_CAB: 41, INV_ST: 3, LIMIT: 80, CONN: 1}
    assert {point: values[Channel(point)] for point in wanted} == pytest.approx(wanted)
    inputs = {DCA: 9.17, DCV: 35.51, DCW: 325}
    assert {point: values[Channel(point, 1)] for point in inputs} == pytest.approx(inputs)


def test_model_701_and_704_serve_as_well() -> None:
    values = polled(COMMON, NEW, CONTROL_AC)
    wanted = {W: 312, HZ: 50.01, LNV: 230.4, TOT_WH_INJ: 1_234_567, TMP_CAB: 41.5, INV_ST: 3, LIMIT: 100}
    assert {point: values[Channel(point)] for point in wanted} == pytest.approx(wanted)


def test_several_inputs_stand_in_model_160() -> None:
    values = polled(COMMON, OLD, INPUTS)
    read = [
        (values[Channel(DCA, port)], values[Channel(DCV, port)], values[Channel(DCWH_INJ, port)]) for port in (1, 2)
    ]
    assert read == [(5.01, 30.1, 900), (5.02, 30.2, 901)]


def test_models_that_nobody_knows_are_passed_by() -> None:
    device = Registers((COMMON, STRANGE, OLD, STRANGE, CONTROLS))
    done = talk(client.poll(UNIT, LIVE, 0.0), device)
    assert isinstance(done, Done)
    assert (done.value[Channel(SN)], done.value[Channel(LIMIT)]) == ("X1", 80)
    assert sum(request.count for request in device.asked if isinstance(request, pdu.ReadRequest)) < 170


def test_bits_of_evt1_are_events_and_the_ten_codes_where_sunspec_has_them() -> None:
    told = events(polled(COMMON, OLD))  # type: ignore[arg-type]
    assert {(event.kind, event.alarm_code) for event in told} == {
        (EventKind.UNDER_FREQUENCY, 3),
        (EventKind.OVER_TEMP, None),
    }


@pytest.mark.parametrize(
    ("chain", "command", "register", "words"),
    [
        pytest.param((OLD, CONTROLS), WMaxLimPct(55.0), 5, [55, 0, 0, 0, 1], id="a limit by 123, in whole percents"),
        pytest.param((NEW, CONTROL_AC), WMaxLimPct(55.5), 14, [1, 555], id="a limit by 704, in tenths"),
        pytest.param((OLD, CONTROLS), Conn(on=False), 4, [0], id="off"),
    ],
)
def test_a_command_is_written_where_the_device_has_it_and_read_back(
    chain: tuple[bytes, ...], command: WMaxLimPct | Conn, register: int, words: list[int]
) -> None:
    device = Registers((COMMON, *chain))
    done = talk(client.command(UNIT, command, 0.0), device)
    assert isinstance(done, Done)
    at = 4 + len(COMMON) + len(chain[0]) + 2 * register
    assert list(unpack_from(f">{len(words)}H", device.data, at)) == words
    told = done.value[Channel(LIMIT if isinstance(command, WMaxLimPct) else CONN)]
    assert told == (command.pct if isinstance(command, WMaxLimPct) else 0)
    assert sum(isinstance(request, pdu.WriteRequest) for request in device.asked) == 1


@pytest.mark.parametrize(
    "command", [pytest.param(WMaxLimPct(50.0), id="a limit"), pytest.param(Conn(on=True), id="on")]
)
def test_a_command_without_its_model_is_refused_and_nothing_is_written(command: WMaxLimPct | Conn) -> None:
    device = Registers((COMMON, OLD))
    failed = talk(client.command(UNIT, command, 0.0), device)
    assert isinstance(failed, Failed)
    assert failed.cause is Cause.REFUSED
    assert not any(isinstance(request, pdu.WriteRequest) for request in device.asked)


@pytest.mark.parametrize(
    ("device", "cause"),
    [
        pytest.param(Registers((), 3), Cause.MISMATCH, id="no mark anywhere"),
        pytest.param(Registers((COMMON,)), Cause.DAMAGED, id="a device that is no inverter"),
        pytest.param(Registers((COMMON, OLD), end=b""), Cause.REFUSED, id="a chain that is cut off"),
        pytest.param(Registers((COMMON, pack(">HH", 9, 65000))), Cause.MISMATCH, id="a model beyond the last register"),
        pytest.param(Registers((COMMON, *[pack(">HH", 9, 0)] * MAX_MODELS)), Cause.MISMATCH, id="a chain too long"),
        pytest.param(
            Registers((COMMON, model(101, 50, r14=("h", 1), r15=("h", 99)))), Cause.DAMAGED, id="a scale factor of 99"
        ),
        pytest.param(Registers((COMMON, model(101, 4))), Cause.DAMAGED, id="a model without its values"),
    ],
)
def test_a_map_that_is_none_fails_and_says_why(device: Registers, cause: Cause) -> None:
    failed = talk(client.poll(UNIT, LIVE, 0.0), device)
    assert isinstance(failed, Failed)
    assert (failed.cause, bool(failed.detail)) == (cause, True)
    assert len(device.asked) <= 2 * MAX_MODELS
