"""What the TCP interface of a DTU answers, against captured messages where there are some."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.order import Code, Refusal
from gateway.faces.dtu_answers import MAX_REPLY, Answers
from gateway.faces.dtu_commands import Commands
from gateway.faces.dtu_tcp import CLASSES, DtuTcp, Leave
from gateway.faces.tcp_server import WRITES_BURST, WRITES_PER_S, Pace
from gateway.snapshot import CommState, Energy
from protocols import points
from protocols.errors import RemoteProtocolError
from protocols.events import Event, EventKind
from protocols.points import Channel
from protocols.vendors.hoymiles.northbound import Message, message
from tests.support import virtual_time
from tests.support.face_plant import StillPlant, standing
from tests.support.still_dtu import DTU_SERIAL, Hands, StillDesk, plant, report, served, view
from tests.support.vectors import Vector, load, one

HISTORY = "tcp_app_hist_power_request"
QUESTIONS = [vector for vector in load("hoymiles") if vector.name.startswith("tcp_app_") and vector.name != HISTORY]


class Face:
    """The face of a plant that stands still, asked without a server. Use it inside a loop."""

    def __init__(self, still: StillPlant, *, writes: bool = True, hands: Hands | None = None, **units: Any) -> None:
        self.hands = hands or Hands(report())
        self.dtu = served(units.get("units"))
        desk = StillDesk(still, self.hands)
        leave = Leave(writes=writes, name="dtu_tcp", pace=Pace(WRITES_PER_S, WRITES_BURST), now=lambda: 0.0)
        answers = Answers(self.dtu, ZoneInfo("Europe/Amsterdam"), 0x0102)
        self.face = DtuTcp(answers, Commands(self.dtu, desk), desk, leave)

    def ask(self, command: int, question: str, answer: str, **values: Any) -> Any:
        """Return what is answered to a question."""
        body = CLASSES[question](**values).SerializeToString()
        raw = self.face.answer(Message(command, 77, body).encode(), "10.0.0.7")
        assert raw is not None
        assert len(raw) <= MAX_REPLY
        said = message(raw)
        assert (said.command, said.sequence) == (command - 0x0100, 77)
        return CLASSES[answer].FromString(said.body)


def inside(act: Callable[[], Any]) -> Any:
    """Run something that needs a loop."""

    async def main() -> Any:
        return act()

    return virtual_time.run(main())


HM_1500 = {"a": "116172207281", "b": "116172206910", "c": "116172207126"}


def captured() -> tuple[Any, StillPlant, dict[str, tuple[str, str]]]:
    """Return a captured answer, and a plant that is as it says."""
    told = CLASSES["RealData"].FromString(message(one("hoymiles", "tcp_dtu_realdatanew_reply_1").raw).body)
    units = {f"{row.serial:012X}": (f"{row.serial:012X}", "HM-1500") for row in told.singles}
    views = {}
    for row in told.singles:
        values: dict[Channel, Any] = {
            Channel(points.LNV): row.ac_v / 10,
            Channel(points.HZ): row.hz / 100,
            Channel(points.W): row.ac_w / 10,
            Channel(points.A): row.ac_a / 100,
            Channel(points.PF): row.pf / 1000,
            Channel(points.TMP_CAB): row.celsius / 10,
            Channel(points.VAR): row.ac_var / 10,
        }
        energy = {}
        for each in told.inputs:
            if each.serial == row.serial:
                values[Channel(points.DCV, each.port)] = each.dc_v / 10
                values[Channel(points.DCA, each.port)] = each.dc_a / 100
                values[Channel(points.DCW, each.port)] = each.dc_w / 10
                energy[each.port] = Energy(each.total_wh, each.day_wh)
        serial = f"{row.serial:012X}"
        views[serial] = view(serial, serial, "HM-1500", values=values, energy=energy)
    return told, StillPlant(views, now=float(told.time)), units


NOT_KNOWN = {
    "crc",
    "software",
    "warnings",
    "limit",
    "signal",
    "error",
}  # the capture has numbers there of which we know none


def test_a_plant_like_a_captured_one_is_told_like_it() -> None:
    told, still, units = captured()
    said = inside(lambda: Face(still, units=units).ask(0xA311, "Ask", "RealData"))
    assert (said.dtu, said.time, said.pages, said.page, said.version) == (told.dtu, told.time, 1, 0, told.version)
    for rows in ("singles", "inputs"):
        theirs, ours = getattr(told, rows), getattr(said, rows)
        assert len(ours) == len(theirs) > 0
        for one_of_theirs, one_of_ours in zip(theirs, ours, strict=True):
            names = {field.name for field, _ in one_of_theirs.ListFields()} - NOT_KNOWN
            assert {name: getattr(one_of_ours, name) for name in names} == {
                name: getattr(one_of_theirs, name) for name in names
            }


def test_a_captured_alarm_list_is_made_from_lost_units() -> None:
    told = CLASSES["Alarms"].FromString(message(one("hoymiles", "tcp_cloud_warn_220b_1").raw).body)
    units = {f"{row.serial:012X}": (f"{row.serial:012X}", "HM-1500") for row in told.rows}
    still = plant(units)
    still.views = {slot: view(slot, *units[slot], comm=CommState.LOST) for slot in units}
    still.alarms = [standing(101, f"{row.serial:012X}", raised_ts=float(row.start)) for row in told.rows]
    said = inside(lambda: Face(still, units=units).ask(0xA304, "Ask", "Alarms"))
    assert list(said.rows) == list(told.rows)


def test_what_stands_is_told_with_its_begin() -> None:
    events = frozenset({
        Event(147, EventKind.GRID_DISCONNECT, "no grid", 2),
        Event(71, EventKind.AC_OVER_VOLT, "reduced"),
    })  # fmt: skip
    still = plant(events=events)
    still.alarms = [standing(2, "garage", since=1000.0, raised_ts=2000.0)]
    said = inside(lambda: Face(still).ask(0xA304, "Ask", "Alarms"))
    assert [(row.code, row.start) for row in said.rows] == [(71, 0), (147, 1000)]


@pytest.mark.parametrize("vector", QUESTIONS, ids=lambda vector: vector.name)
def test_a_captured_question_is_answered(vector: Vector) -> None:
    async def main() -> bytes | None:
        face = Face(plant(), writes=False).face
        assert face.length(vector.raw) == len(vector.raw)
        return face.answer(vector.raw, "10.0.0.7")

    raw = virtual_time.run(main())
    assert raw is not None
    said = message(raw)
    assert (said.command, said.sequence) == (int(vector.decoded["cmd"], 16) - 0x100, vector.decoded["seq"])
    if said.command == 0xA205:
        taken = CLASSES["CommandTaken"].FromString(said.body)
        asked = vector.decoded["fields"]
        assert (taken.action, str(taken.id), taken.error) == (asked["action"], asked["tid"], 0)


@pytest.mark.parametrize("name", [HISTORY, "tcp_ext_gwinfo_request", "tcp_ext_esreg_request", "tcp_dtu_info_reply_1"])
def test_what_only_others_know_is_not_answered(name: str) -> None:
    raw = one("hoymiles", name).raw
    assert inside(lambda: Face(plant()).face.answer(raw, "10.0.0.7")) is None


def test_the_answers_about_the_dtu_itself() -> None:
    def act() -> None:
        face = Face(plant())
        info = face.ask(0xA301, "InfoAsk", "Info")
        assert (info.dtu, info.devices, info.inputs, info.pages) == (DTU_SERIAL, 3, 12, 1)
        assert (info.about.software, info.about.dfs) == (0x0102, 0)
        assert [row.software for row in info.inverters] == [10_012] * 3
        config = face.ask(0xA309, "Greeting", "Config")
        assert (config.dtu, config.limit, config.offset_s) == (DTU_SERIAL, 800, 7200)
        assert face.ask(0xA302, "Greeting", "Heartbeat").dtu == DTU_SERIAL
        assert face.ask(0xA314, "Greeting", "Network").work_mode == 3

    inside(act)


@pytest.mark.parametrize(
    ("command", "question", "answer"),
    [
        pytest.param(0xA311, "Ask", "RealData", id="live values"),
        pytest.param(0xA303, "Ask", "RealDataOld", id="live values by inputs"),
        pytest.param(0xA304, "Ask", "Alarms", id="alarms"),
        pytest.param(0xA301, "InfoAsk", "Info", id="what the units are"),
    ],
)
@given(value=st.sampled_from([0.0, -1e12, 1e12, 655.35, -655.36]), seed=st.integers(0, 2**32 - 1))
def test_no_answer_is_longer_than_clients_read(
    command: int, question: str, answer: str, value: float, seed: int
) -> None:
    models = ["HMS-2000-4T", "HMT-2250-6T", "HM-400", "MIT-5000-8T"]
    units = {f"u{n}": (f"1410{(seed + n) & 0xFFFFFFFF:08X}", models[n % 4]) for n in range(1, 40)}
    still = plant(units)
    events = frozenset({Event(code, EventKind.HW_TEST_FAILURE, "x", 10) for code in (0x7FFF_0000, 3, 9)})
    still.views = {
        slot: view(
            slot,
            *units[slot],
            values=dict.fromkeys(still.views[slot].values, value),
            energy=dict.fromkeys(range(7), Energy(2**50, 2**50)),
            events=events,
        )
        for slot in units
    }

    def act() -> None:
        face = Face(still, units=units)
        first = face.ask(command, question, answer)
        rows = [face.ask(command, question, answer, page=page) for page in range(first.pages)]
        found = [row.serial for page in rows for name in _ROWS[answer] for row in getattr(page, name)]
        expected = {unit.number: _ROWS_EACH[answer](unit.ports) for unit in face.dtu.units}
        assert Counter(found) == expected
        beyond = face.ask(command, question, answer, page=first.pages)
        assert not any(list(getattr(beyond, name)) for name in _ROWS[answer])

    inside(act)


_ROWS = {
    "RealData": ("singles", "threes", "inputs"),
    "RealDataOld": ("rows",),
    "Alarms": ("rows",),
    "Info": ("inverters",),
}
_ROWS_EACH: dict[str, Callable[[int], int]] = {
    "RealData": lambda ports: 1 + ports,
    "RealDataOld": lambda ports: ports,
    "Alarms": lambda _: 3,
    "Info": lambda _: 1,
}


@pytest.mark.parametrize(
    "raw",
    [b"X", b"HX", b"GET / HTTP/1.1\r\n", b"HM\xa3\x11\0\1\0\0\0\x09"],
    ids=["another byte", "another mark", "a browser", "shorter than its head"],
)
def test_what_begins_like_no_message_loses_the_connection(raw: bytes) -> None:
    face = inside(lambda: Face(plant()).face)
    with pytest.raises(RemoteProtocolError, match="message"):
        face.length(raw)


def test_the_length_is_known_from_ten_bytes_on() -> None:
    face = inside(lambda: Face(plant()).face)
    raw = one("hoymiles", "tcp_app_info_request_1").raw
    assert [face.length(raw[:size]) for size in (0, 1, 9, 10, len(raw))] == [None, None, None, 41, 41]


@pytest.mark.parametrize("command", [0xA301, 0xA305, 0xA306, 0xA311])
def test_what_is_no_protobuf_loses_the_connection(command: int) -> None:
    face = inside(lambda: Face(plant()).face)
    with pytest.raises(RemoteProtocolError, match="in a message"):
        face.answer(Message(command, 1, b"\xff\xff\xff").encode(), "10.0.0.7")


def test_too_many_commands_are_refused() -> None:
    def act() -> None:
        face = Face(plant())
        answers = [face.ask(0xA305, "Command", "CommandTaken", action=6, id=number) for number in range(100)]
        assert [each.error for each in answers] == [0] * WRITES_BURST + [1] * (100 - WRITES_BURST)
        assert face.ask(0xA305, "Command", "CommandTaken", action=33).error == 0

    inside(act)


async def came_of(hands: Hands, *outcomes: Any, **command: Any) -> Any:
    """Return what the status of a command says once its orders have had outcomes."""
    face = Face(plant(), hands=hands)
    face.ask(0xA305, "Command", "CommandTaken", id=5, **command)
    for answer, outcome in zip(hands.answers, outcomes, strict=False):
        if not answer.done():
            answer.set_result(outcome)
    await asyncio.sleep(0)
    return face.ask(0xA306, "StatusAsk", "Status", id=5)


NUMBERS = [int(serial, 16) for serial in ("1410A01121AE", "116172207281", "138240123456")]


def test_the_status_tells_what_came_of_a_command() -> None:
    async def main() -> None:
        refusal = Refusal(Code.NO_ANSWER, "silent")
        said = await came_of(Hands(), report(roof=refusal), action=3)
        assert (list(said.done), list(said.failed), said.action) == ([NUMBERS[0], NUMBERS[2]], [NUMBERS[1]], 3)
        assert [row.serial for row in said.failures] == [NUMBERS[1]]
        said = await came_of(Hands(), action=7, inverters=NUMBERS[:1])
        assert ([row.serial for row in said.under_way], list(said.done)) == (NUMBERS[:1], [])
        said = await came_of(Hands(Refusal(Code.BUDGET, "often enough")), action=8, data="A:500,B:0,C:0\r")
        assert (list(said.failed), list(said.done)) == (NUMBERS, [])
        said = Face(plant()).ask(0xA306, "StatusAsk", "Status", id=5)
        assert (said.dtu, said.action, said.pages) == (DTU_SERIAL, 0, 0)

    virtual_time.run(main())


def test_the_status_of_a_large_plant_comes_in_pages() -> None:
    units = {f"u{number}": (f"1410{number:08X}", "HM-400") for number in range(1, 200)}

    def act() -> None:
        hands = Hands(Refusal(Code.BUDGET, "often enough"))
        face = Face(plant(units), units=units, hands=hands)
        face.ask(0x2305, "Command", "CommandTaken", action=3, id=9)
        first = face.ask(0x2306, "StatusAsk", "Status")
        pages = [face.ask(0x2306, "StatusAsk", "Status", page=page) for page in range(first.pages)]
        assert len(pages) > 1
        assert [serial for page in pages for serial in page.failed] == [unit.number for unit in face.dtu.units]

    inside(act)
