"""The master's side against the vectors."""

from dataclasses import replace

import pytest

from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.events import AlarmRecord
from protocols.exchange import Cause, Done, Failed, Send, Step
from protocols.grid_profile import GridProfile, Stage
from protocols.modbus import rtu
from protocols.points import CONN, DCA, W_MAX_LIM_PCT, Channel, W
from protocols.profile import PollItem, Station
from protocols.vendors.atmoce import codec, layout
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.profile import PROFILE
from protocols.vendors.atmoce.responder import InverterSide
from tests.support.device import PROFILE as GRID_PROFILE
from tests.support.device import ScriptedDevice, running
from tests.support.talk import Medium, talk
from tests.support.vectors import one

STATION = Station("ATM2408A00317", 17)
LIVE = PROFILE.poll_plan[0]
UTC = 0.0  # no request carries the time


def frame(name: str) -> bytes:
    return one("atmoce", name).raw


def device(**changes: object) -> ScriptedDevice:
    return ScriptedDevice("ATM2408A00317", MODELS["MI-450"], **changes)  # type: ignore[arg-type]


def test_a_poll_is_one_read() -> None:
    poll = codec.poll(STATION, LIVE, UTC)
    assert poll.start() == Send(frame("poll 17"), 45, 0.1)
    step = poll.received(frame("17 waits with grid under-voltage, measures little"))
    assert isinstance(step, Done)
    assert step.value[Channel(W)] == 0.0
    assert step.value[Channel(DCA, 1)] is None


def test_a_poll_that_was_lost_is_repeated_once() -> None:
    poll = codec.poll(STATION, LIVE, UTC)
    steps = [poll.start(), poll.timed_out(), poll.timed_out()]
    assert steps == [Send(frame("poll 17"), 45, 0.1)] * 2 + [Failed(Cause.NO_ANSWER)]


def test_a_poll_of_another_vendor_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError, match="no such poll: control"):
        codec.poll(STATION, PollItem("control"), UTC)


COMMANDS = [
    (WMaxLimPct(55.5), "limit 17 to 55.5 %"),
    (Conn(on=False), "disconnect 17"),
    (Restart(), "restart 17"),
    (AlarmReset(), "reset the alarms of 17"),
    (Activate(permitted=True), "activate 17"),
    (Activate(permitted=False), "deactivate 17"),
]


@pytest.mark.parametrize(("command", "vector"), COMMANDS, ids=[row[1] for row in COMMANDS])
def test_a_command_is_one_write(command: Command, vector: str) -> None:
    assert codec.command(STATION, command, UTC).start() == Send(frame(vector), 8, 0.1)


@pytest.mark.parametrize(("command", "vector"), COMMANDS, ids=[row[1] for row in COMMANDS])
def test_a_command_is_obeyed_and_read_back(command: Command, vector: str) -> None:
    unit, medium = device(), Medium()
    done = talk(codec.command(STATION, command, UTC), InverterSide(unit, 17), medium=medium)
    assert unit.commands == [command]
    assert isinstance(done, Done)
    restart = isinstance(command, Restart)
    assert medium.sent == [frame(vector)] + [frame("read the controls of 17")] * (not restart)
    assert (Channel(layout.COMMAND) in done.value) is not restart


def test_what_is_read_back_is_what_holds() -> None:
    unit = device()
    done = talk(codec.command(STATION, WMaxLimPct(55.5), UTC), InverterSide(unit, 17))
    assert isinstance(done, Done)
    assert (done.value[Channel(W_MAX_LIM_PCT)], done.value[Channel(CONN)]) == (55.5, 1)


def test_a_command_that_is_refused_is_not_read_back() -> None:
    medium = Medium()
    failed = talk(
        codec.command(STATION, AlarmReset(), UTC), InverterSide(device(refuses=(AlarmReset(),)), 17), medium=medium
    )
    assert failed == Failed(Cause.REFUSED, "Modbus exception 4")
    assert medium.sent == [frame("reset the alarms of 17")]


@pytest.mark.parametrize(
    ("command", "sent"), [(Restart(), 1), (AlarmReset(), 2), (WMaxLimPct(5.0), 2)], ids=["restart", "reset", "limit"]
)
def test_only_a_restart_is_never_repeated(command: Command, sent: int) -> None:
    medium = Medium()
    assert talk(codec.command(STATION, command, UTC), medium=medium) == Failed(Cause.NO_ANSWER)
    assert len(medium.sent) == sent


RECORDS = tuple(
    AlarmRecord(seq=seq, code=code, stage=1, extreme=extreme, crossed_ms=1000 * seq, opened_ms=1000 * seq + 99)
    for seq, code, extreme in ((3, 4, 170.2), (2, 9, 6500.0), (1, 7, -0.022))
)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 15])
def test_alarm_records_are_read(count: int) -> None:
    unit = InverterSide(device(records=RECORDS), 17)
    assert talk(codec.read_alarm_records(STATION, count, UTC), unit) == Done(RECORDS[:count])


def test_no_alarm_records_are_read_as_none() -> None:
    assert talk(codec.read_alarm_records(STATION, 15, UTC), InverterSide(device(), 17)) == Done(())


@pytest.mark.parametrize("count", [0, 16])
def test_a_read_of_no_or_too_many_records_is_our_bug(count: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"a read of {16 * count // 2} registers"):
        codec.read_alarm_records(STATION, count, UTC)


FULL = replace(
    GRID_PROFILE,
    lv=(Stage(85.0, 3.0), Stage(70.0, 1.5), Stage(50.0, 0.2), Stage(20.0, 0.1)),
    hv=(Stage(110.0, 3.0), Stage(115.0, 1.5), Stage(120.0, 0.2), Stage(135.0, 0.1)),
    hv_avg10=None,
    lf=(Stage(49.0, 3.0), Stage(48.5, 1.5), Stage(48.0, 0.2), Stage(47.0, 0.1)),
    hf=(Stage(50.5, 3.0), Stage(51.0, 1.5), Stage(51.5, 0.2), Stage(52.0, 0.1)),
)
BARE = replace(GRID_PROFILE, lv=(), hv=(), hv_avg10=None, lf=(), hf=())


@pytest.mark.parametrize("profile", [GRID_PROFILE, FULL, BARE], ids=["usual", "every slot used", "no slot used"])
def test_the_grid_profile_is_read(profile: GridProfile) -> None:
    assert talk(codec.read_grid_profile(STATION), InverterSide(device(grid_profile=profile), 17)) == Done(profile)


def test_half_a_stage_is_a_damaged_profile() -> None:
    answer = bytearray(frame("17 follows VDE-AR-N 4105"))
    answer[3 + 40 : 3 + 44] = b"\xff" * 4  # the trip time of the first stage
    damaged = rtu.encode(17, bytes(answer[1:-2]))
    exchange = codec.read_grid_profile(STATION)
    assert exchange.start() == Send(frame("grid profile of 17"), 155, 0.1)
    assert exchange.received(damaged) == Failed(Cause.DAMAGED, "LVTms is not available")


def test_one_master_never_takes_the_answer_of_another_question() -> None:
    """All answers of a unit are shown to all exchanges; each takes its own and waits past the rest."""
    unit = InverterSide(device(shown=running()), 17)
    exchanges = {
        "who": codec.Join(STATION),
        "live": codec.poll(STATION, LIVE, UTC),
        "profile": codec.read_grid_profile(STATION),
        "records": codec.read_alarm_records(STATION, 2, UTC),
    }
    answers = {}
    for name, exchange in exchanges.items():
        step: Step[object] = exchange.start()
        assert isinstance(step, Send)
        (answers[name],) = unit.answer(step.datagram, 0.0)
    for name, exchange in exchanges.items():
        taken = [other for other, answer in answers.items() if isinstance(exchange.received(answer), Done)]
        assert taken == [name]
