"""The unit's side against the vectors, and against everything else."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.events import AlarmRecord
from protocols.grid_profile import EnterService, GridProfile, Stage
from protocols.modbus import rtu
from protocols.modbus.pdu import ExceptionAnswer, Function, ReadAnswer, ReadRequest, WriteRequest
from protocols.points import (
    CONN,
    DCA,
    DCI,
    DCV,
    DCW,
    HZ,
    INV_ST,
    LNV,
    RIS,
    THROT_SRC,
    TMP_CAB,
    TOT_WH_INJ,
    UP_TMS,
    VAR,
    W_MAX_LIM_PCT,
    A,
    Channel,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.vendors.atmoce import layout as y
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.responder import InverterSide
from tests.support.device import ScriptedDevice, running
from tests.support.talk import ask
from tests.support.vectors import one

RECORD = AlarmRecord(seq=7, code=4, stage=1, extreme=170.2, crossed_ms=90_000_123, opened_ms=90_003_131)


def device(**changes: object) -> ScriptedDevice:
    return ScriptedDevice("ATM2408A00317", MODELS["MI-450"], **changes)  # type: ignore[arg-type]


def night() -> dict[Channel, Value]:
    return running() | {
        Channel(INV_ST): InvSt.STANDBY,
        Channel(UP_TMS): 90061.001,
        Channel(W): 0,
        Channel(VAR): 0,
        Channel(LNV): 170.2,
        Channel(A): None,
        Channel(HZ): 49.98,
        Channel(DCV, 1): 41.1,
        Channel(DCA, 1): None,
        Channel(DCW, 1): None,
        Channel(TMP_CAB): -18.7,
        Channel(TOT_WH_INJ): 4_000_000_000,
        Channel(RIS): None,
        Channel(DCI): None,
        Channel(W_MAX_LIM_PCT): None,
        Channel(THROT_SRC): 0x54001,  # bits above 15 have no place on the wire
    }


FOUR = (
    Stage(88.0, 2.001),
    Stage(70.0, 1.5),
    Stage(50.0, 0.161),
    Stage(30.0, 0.08),
)
SIXTY_HERTZ = GridProfile(
    id="sixty_hertz_four_stages_each_way",
    v_nom=240.0,
    hz_nom=60.0,
    lv=FOUR,
    hv=(Stage(110.0, 13.0), Stage(120.0, 0.162), Stage(125.0, 0.103), Stage(130.0, 0.05)),
    hv_avg10=None,
    lf=(Stage(58.5, 300.001), Stage(57.0, 0.163), Stage(56.5, 0.12), Stage(56.0, 0.081)),
    hf=(Stage(61.2, 300.002), Stage(62.0, 0.164), Stage(62.5, 0.121), Stage(63.0, 0.082)),
    enter_service=EnterService(v_lo=91.7, v_hi=105.0, hz_lo=59.5, hz_hi=60.1, delay_s=300.0, ramp_s=0.0),
)
NEWEST = AlarmRecord(seq=65535, code=4, stage=1, extreme=0.0, crossed_ms=0, opened_ms=0)
DIALOGUES = [
    ("who is 17", "17 is ATM2408A00317", device()),
    ("poll 17", "17 feeds 312.4 W", device()),
    (
        "poll 17",
        "17 waits with grid under-voltage, measures little",
        device(shown=night(), active=frozenset({4}), records=(NEWEST,)),
    ),
    ("the two newest alarm records of 17", "under-voltage, then nothing", device(records=(RECORD,))),
    ("grid profile of 17", "17 follows VDE-AR-N 4105", device()),
    ("grid profile of 17", "17 follows a profile that fills every slot", device(grid_profile=SIXTY_HERTZ)),
    ("SunS mark of 17", "17 speaks SunSpec", device()),
    ("limit 17 to 55.5 %", "17 limits", device()),
    ("limit 17 to 55.5 % with function 6", "limit 17 to 55.5 % with function 6", device()),
    ("restart 17", "17 obeys", device()),
    ("limit and connect 17 in one write", "17 limits and connects", device()),
    ("limit 17 to 80 % through model 123", "17 limits through model 123", device()),
    ("reset the alarms of 17", "17 refuses", device(refuses=(AlarmReset(),))),
]


@pytest.mark.parametrize(("question", "answer", "unit"), DIALOGUES, ids=[f"{q}: {a}" for q, a, _ in DIALOGUES])
def test_a_question_gets_its_answer(question: str, answer: str, unit: ScriptedDevice) -> None:
    side = InverterSide(unit, 17)
    assert side.answer(one("atmoce", question).raw, 0.0) == (one("atmoce", answer).raw,)


COMMANDS = [
    ("limit 17 to 55.5 %", [WMaxLimPct(55.5)]),
    ("limit 17 to 55.5 % with function 6", [WMaxLimPct(55.5)]),
    ("limit everyone to 0 %", [WMaxLimPct(0.0)]),
    ("disconnect 17", [Conn(on=False)]),
    ("restart 17", [Restart()]),
    ("reset the alarms of 17", [AlarmReset()]),
    ("activate 17", [Activate(permitted=True)]),
    ("deactivate 17", [Activate(permitted=False)]),
    ("limit and connect 17 in one write", [WMaxLimPct(100.0), Conn(on=True)]),
    ("limit 17 to 80 % through model 123", [WMaxLimPct(80.0)]),
]


@pytest.mark.parametrize(("vector", "commands"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_a_write_is_a_command(vector: str, commands: list[Command]) -> None:
    unit = device()
    InverterSide(unit, 17).answer(one("atmoce", vector).raw, 0.0)
    assert unit.commands == commands


def test_a_broadcast_reaches_a_mute_unit_and_is_not_answered() -> None:
    unit = device()
    assert InverterSide(unit).answer(one("atmoce", "limit everyone to 0 %").raw, 0.0) == ()
    assert unit.commands == [WMaxLimPct(0.0)]


@pytest.mark.parametrize(
    ("at", "words", "code"),
    [
        pytest.param(0x1200, [1001], 3, id="a limit above 100 %"),
        pytest.param(0x1201, [2], 3, id="neither on nor off"),
        pytest.param(0x1202, [0], 3, id="no command"),
        pytest.param(0x1202, [0x5246], 3, id="an unknown command"),
        pytest.param(0x1200, [500, 7], 3, id="a good value and a bad one"),
        pytest.param(0x1203, [0], 2, id="behind the block"),
        pytest.param(0x1202, [0x4152, 0], 2, id="across the end of the block"),
        pytest.param(0x11FF, [0], 2, id="before the block"),
        pytest.param(0x1000, [0], 2, id="a block that is only read"),
        pytest.param(0x1400, [0], 2, id="the grid profile: reserved"),
        pytest.param(0x0F08, [5], 2, id="the assignment, not as a broadcast"),
    ],
)
def test_a_bad_write_changes_nothing(at: int, words: list[int], code: int) -> None:
    unit = device()
    request = WriteRequest(at, b"".join(word.to_bytes(2, "big") for word in words))
    assert ask(InverterSide(unit, 17), 17, request) == ExceptionAnswer(16, code)
    assert unit.commands == []


def test_a_refusal_stops_what_stands_behind_it() -> None:
    unit = device(refuses=(Conn(on=False),))
    request = WriteRequest(0x1200, bytes.fromhex("01f4 0000 5245"))
    assert ask(InverterSide(unit, 17), 17, request) == ExceptionAnswer(16, 4)
    assert unit.commands == [WMaxLimPct(50.0)]


def control_of(side: InverterSide) -> dict[Channel, Value]:
    answer = ask(side, 17, ReadRequest(y.CONTROL_AT, 3))
    assert isinstance(answer, ReadAnswer)
    return y.CONTROL.unpack(answer.data)


def test_the_control_block_reads_back_what_holds() -> None:
    side = InverterSide(device(refuses=(Restart(),)), 17)
    seen = [control_of(side)[Channel(y.COMMAND)]]
    for word in (b"AR", b"RE", b"DE"):
        ask(side, 17, WriteRequest(0x1202, word))
        seen.append(control_of(side)[Channel(y.COMMAND)])
    ask(side, 17, WriteRequest(0x1200, bytes.fromhex("012c 0000")))
    assert control_of(side) == {Channel(W_MAX_LIM_PCT): 30.0, Channel(CONN): 0, Channel(y.COMMAND): 0x4445}
    assert seen == [0, 0x4152, 0x4152, 0x4445]  # the restart was refused


BLOCKS = [
    (y.IDENTITY_AT, y.IDENTITY.size // 2),
    (y.LIVE_AT, y.LIVE.size // 2),
    (y.CONTROL_AT, y.CONTROL.size // 2),
    (y.RECORDS_AT, 120),
    (y.GRID_PROFILE_AT, y.GRID_PROFILE_BLOCK.size // 2),
    (40000, 122),
    (40122, 125),
    (40247, 39),
]


def registers(side: InverterSide, start: int, count: int) -> bytes:
    answer = ask(side, 17, ReadRequest(start, count))
    assert isinstance(answer, ReadAnswer), (hex(start), count, answer)
    return answer.data


@pytest.mark.parametrize(("start", "count"), BLOCKS, ids=[hex(start) for start, _ in BLOCKS])
def test_a_block_may_be_read_in_any_parts(start: int, count: int) -> None:
    side = InverterSide(device(records=(RECORD,) * 16), 17)
    whole = registers(side, start, count)
    singles = b"".join(registers(side, at, 1) for at in range(start, start + count))
    assert singles == whole
    rng = random.Random(1)
    for _ in range(50):
        first = rng.randrange(count)
        length = rng.randint(1, count - first)
        assert registers(side, start + first, length) == whole[2 * first : 2 * (first + length)]


@pytest.mark.parametrize(
    ("start", "count"),
    [
        (0x0000, 1),
        (0x0F00, 9),
        (0x0FFF, 1),
        (0x101B, 1),
        (0x101A, 2),
        (0x1114, 1),
        (0x1203, 1),
        (0x1380, 1),
        (0x144B, 1),
        (39999, 2),
        (40286, 1),
        (40285, 2),
        (50000, 3),
        (65535, 2),
    ],
)
def test_a_register_that_does_not_exist_is_told(start: int, count: int) -> None:
    assert ask(InverterSide(device(), 17), 17, ReadRequest(start, count)) == ExceptionAnswer(3, 2)


def test_input_registers_are_not_known() -> None:
    request = ReadRequest(y.LIVE_AT, 20, Function.READ_INPUT)
    assert InverterSide(device(), 17).answer(rtu.encode(17, request.encode()), 0.0) == (
        one("atmoce", "17 knows no such function").raw,
    )


def test_sixteen_records_are_kept_newest_first() -> None:
    records = tuple(
        AlarmRecord(seq=seq, code=3, stage=1, extreme=49.0, crossed_ms=seq, opened_ms=seq) for seq in range(40, 20, -1)
    )
    data = registers(InverterSide(device(records=records), 17), y.RECORDS_AT, 64)
    data += registers(InverterSide(device(records=records), 17), y.RECORDS_AT + 64, 64)
    seqs = [int.from_bytes(data[at + 2 : at + 4], "big") for at in range(0, len(data), 16)]
    assert seqs == list(range(40, 24, -1))


@pytest.mark.parametrize(("seq", "wire"), [(1, 1), (65535, 65535), (65536, 1), (131_070, 65535), (131_071, 1)])
def test_sequence_numbers_go_round_without_zero(seq: int, wire: int) -> None:
    unit = device(records=(AlarmRecord(seq, 4, 1, 170.0, 0, 0),))
    live = y.LIVE.unpack(registers(InverterSide(unit, 17), y.LIVE_AT, 20))
    assert next(value for channel, value in live.items() if channel.point.name == "AlrmSeq") == wire


def test_the_chain_ends_with_the_end_model() -> None:
    assert registers(InverterSide(device(), 17), 40284, 2) == bytes.fromhex("ffff 0000")


def test_uptime_wraps_after_49_days() -> None:
    unit = device(shown=running() | {Channel(UP_TMS): 2**32 / 1000 + 1.5})
    live = y.LIVE.unpack(registers(InverterSide(unit, 17), y.LIVE_AT, 20))
    assert live[Channel(UP_TMS)] == 1.5


def test_a_measurement_beyond_the_scale_reads_as_its_end() -> None:
    wild = {Channel(W): 1e6, Channel(RIS): 1e12, Channel(TMP_CAB): -1e5, Channel(DCI): 99.0, Channel(DCV, 1): -3.0}
    live = y.LIVE.unpack(registers(InverterSide(device(shown=running() | wild), 17), y.LIVE_AT, 20))
    assert [live[channel] for channel in wild] == [3276.7, 6_553_400, -3276.7, 3.2767, 0.0]


@pytest.mark.parametrize("point", [INV_ST, UP_TMS, THROT_SRC], ids=str)
def test_a_device_that_does_not_tell_its_state_is_our_bug(point: object) -> None:
    shown = {channel: value for channel, value in running().items() if channel.point is not point}
    with pytest.raises(LocalProtocolError, match=f"the device does not tell {point}"):
        ask(InverterSide(device(shown=shown), 17), 17, ReadRequest(y.LIVE_AT, 20))


def test_a_grid_profile_with_more_stages_than_slots_is_our_bug() -> None:
    profile = GridProfile(
        id="x",
        v_nom=230.0,
        hz_nom=50.0,
        lv=(*FOUR, Stage(10.0, 0.1)),
        hv=(),
        hv_avg10=None,
        lf=(),
        hf=(),
        enter_service=SIXTY_HERTZ.enter_service,
    )
    with pytest.raises(LocalProtocolError, match="5 stages of LV, at most 4"):
        ask(InverterSide(device(grid_profile=profile), 17), 17, ReadRequest(y.GRID_PROFILE_AT, 1))


SILENT = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"\x11", id="one byte"),
    pytest.param(one("atmoce", "poll 17").raw[:-1], id="cut off"),
    pytest.param(one("atmoce", "poll 17").raw + b"\0", id="a byte too many"),
    pytest.param(one("atmoce", "poll 17").raw[:-1] + b"\0", id="a bad CRC"),
    pytest.param(rtu.encode(18, ReadRequest(y.LIVE_AT, 20).encode()), id="another node"),
    pytest.param(rtu.encode(0, ReadRequest(y.LIVE_AT, 20).encode()), id="a broadcast read"),
    pytest.param(one("atmoce", "17 feeds 312.4 W").raw, id="its own read answer"),
    pytest.param(one("atmoce", "17 limits").raw, id="its own write answer"),
    pytest.param(one("atmoce", "17 refuses").raw, id="its own exception"),
]


@pytest.mark.parametrize("datagram", SILENT)
def test_a_unit_is_silent(datagram: bytes) -> None:
    assert InverterSide(device(), 17).answer(datagram, 0.0) == ()


@given(st.binary(max_size=300))
def test_any_bytes_are_met_with_silence_or_one_frame(datagram: bytes) -> None:
    assert len(InverterSide(device(), 17).answer(datagram, 0.0)) <= 1


@given(st.sampled_from([0, 17]), st.binary(max_size=250))
def test_any_request_with_a_good_crc_gets_at_most_one_good_frame(node: int, body: bytes) -> None:
    answers = InverterSide(device(), 17).answer(rtu.encode(node, body), 0.0)
    assert len(answers) <= (node == 17)
    for answer in answers:
        assert rtu.decode(answer)[0] == 17


@given(st.sampled_from([3, 6, 16]), st.integers(0, 0xFFFF), st.integers(0, 130), st.data())
def test_any_well_formed_request_is_answered(function: int, start: int, count: int, data: st.DataObject) -> None:
    near = data.draw(st.sampled_from([start, 0x0F00, 0x0FFE, 0x1110, 0x11FF, 0x1202, 0x137F, 0x1449, 39999, 40232]))
    body = bytes((function,)) + near.to_bytes(2, "big") + count.to_bytes(2, "big")
    if function == 16:
        body += bytes((2 * min(count, 120),)) + bytes(2 * min(count, 120))
    assert len(InverterSide(device(), 17).answer(rtu.encode(17, body), 0.0)) == 1


def test_no_two_answers_can_be_taken_for_one_another() -> None:
    """A late answer carries no address of a register: the blocks differ in length, and none is whole records."""
    sizes = [layout.size for layout in (y.IDENTITY, y.LIVE, y.CONTROL, y.GRID_PROFILE_BLOCK)]
    assert len(set(sizes)) == len(sizes)
    assert all(size % y.RECORD.size for size in sizes)
