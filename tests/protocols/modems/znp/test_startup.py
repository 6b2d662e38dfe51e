"""Start-up against a scripted coordinator that says more, later or less than it should."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from protocols.modems.znp import commands as c
from protocols.modems.znp.commands import Command
from protocols.modems.znp.frame import Frame, encode
from protocols.modems.znp.network import network
from protocols.modems.znp.startup import TRIES, Broken, Listen, Ready, Send, StartUp, Step
from protocols.modems.znp.status import State, Status
from tests.support.vectors import one

NET = network("")
PATIENCE = 200
Says = Callable[[Frame], list[Frame]]


def coordinator(request: Frame) -> list[Frame]:
    match request.command:
        case Command.RESET:
            return [c.reset_indication()]
        case Command.START:
            return [c.answer(request), *[c.state_change(State.STARTING)] * 3, c.state_change(State.STARTED)]
        case Command.DEVICE_INFO:
            return [c.device_info_answer(c.DeviceInfo(0, NET.address, 0, State.STARTED))]
        case Command.DATA_REQUEST:
            return [c.answer(request), c.confirm(Status.SUCCESS, 1)]
        case _:
            return [c.answer(request)]


def bring_up(machine: StartUp, says: Says) -> tuple[Step, list[Frame]]:
    """Return how it ends and what was asked; silence closes a window."""
    step, asked, heard = machine.start(), list[Frame](), list[Frame]()
    for _ in range(PATIENCE):
        match step:
            case Ready() | Broken():
                return step, asked
            case Send(frame):
                asked.append(frame)
                heard += says(frame)
            case Listen():
                pass
        step = machine.received(heard.pop(0)) if heard else machine.timed_out()
    raise AssertionError("it does not end")


def test_it_asks_what_was_captured() -> None:
    end, asked = bring_up(StartUp(NET), coordinator)
    names = ["1_startup_option", "2_reset", "3_extaddr", "4_logical_type", "5_panid", None, "7_af_register", "8_start"]
    captured = [None if name is None else one("apsystems", f"znp_init_{name}").raw for name in names]
    captured += [one("apsystems", "znp_devinfo_req").raw, one("apsystems", "znp_no_command").raw]
    sent = [encode(frame) for frame in asked]
    assert end == Ready()
    assert [raw if known else None for raw, known in zip(sent, captured, strict=True)] == captured
    assert sent[5] == bytes.fromhex("FE0626058404 00000100 A4")


def test_for_pairing_it_sends_no_greeting() -> None:
    end, asked = bring_up(StartUp(NET, greet=False), coordinator)
    assert (end, asked[-1].command) == (Ready(), Command.DEVICE_INFO)


def test_a_soft_start_keeps_the_configuration() -> None:
    end, asked = bring_up(StartUp(NET, full=False), coordinator)
    assert end == Ready()
    assert [frame.command for frame in asked] == [0x4100, 0x2400, 0x2600, 0x2700, 0x2401]
    assert asked[0].data == b"\x01"


def test_without_a_word_from_the_reset_it_goes_on() -> None:
    mute = lambda frame: [] if frame.command == Command.RESET else coordinator(frame)  # noqa: E731 - a row
    assert bring_up(StartUp(NET), mute)[0] == Ready()


def test_a_word_that_comes_late_is_passed_over() -> None:
    def late(frame: Frame) -> list[Frame]:
        if frame.command == Command.RESET:
            return []
        said = coordinator(frame)
        return [*said, c.reset_indication()] if frame.data[:1] == bytes((c.Setting.EXTENDED_ADDRESS,)) else said

    assert bring_up(StartUp(NET), late)[0] == Ready()


def test_a_state_may_come_before_the_answer_to_the_start() -> None:
    hasty = lambda frame: coordinator(frame)[::-1] if frame.command == Command.START else coordinator(frame)  # noqa: E731 - a row
    assert bring_up(StartUp(NET), hasty)[0] == Ready()


def test_it_looks_at_the_state_until_the_network_is_up() -> None:
    states: Iterator[int] = iter([8, 8, 8, 9])

    def slow(frame: Frame) -> list[Frame]:
        if frame.command == Command.START:
            return [c.answer(frame)]
        if frame.command == Command.DEVICE_INFO:
            return [c.device_info_answer(c.DeviceInfo(0, NET.address, 0, next(states)))]
        return coordinator(frame)

    end, asked = bring_up(StartUp(NET), slow)
    assert (end, [frame.command for frame in asked].count(Command.DEVICE_INFO)) == (Ready(), 4)


def test_a_network_that_never_comes_up_is_said() -> None:
    def never(frame: Frame) -> list[Frame]:
        if frame.command == Command.DEVICE_INFO:
            return [c.device_info_answer(c.DeviceInfo(0, NET.address, 0, State.STARTING))]
        return coordinator(frame)

    assert bring_up(StartUp(NET), never)[0] == Broken("network", "starting as coordinator (08)")


def test_a_dead_coordinator_is_given_up() -> None:
    end, asked = bring_up(StartUp(NET), lambda _: [])
    assert (end, len(asked)) == (Broken("startup option", "no answer"), TRIES)


@pytest.mark.parametrize(
    ("command", "question", "status"),
    [
        (Command.WRITE_CONFIGURATION, "startup option", Status.INVALID_PARAMETER),
        (Command.REGISTER, "endpoint", Status.FAILURE),
        (Command.DATA_REQUEST, "greeting", Status.NWK_INVALID_REQUEST),
    ],
    ids=["a configuration item", "the endpoint", "the greeting"],
)
def test_a_refusal_names_the_question(command: Command, question: str, status: Status) -> None:
    refuses = lambda frame: [c.answer(frame, status)] if frame.command == command else coordinator(frame)  # noqa: E731 - a row
    end, _ = bring_up(StartUp(NET), refuses)
    assert isinstance(end, Broken)
    assert (end.question, f"({status:02X})" in end.detail) == (question, True)


@pytest.mark.parametrize("seed", range(20))
def test_it_survives_loss_and_doubles(seed: int) -> None:
    rng = Random(seed)

    def lossy(frame: Frame) -> list[Frame]:
        return [said for said in coordinator(frame) for _ in range(rng.choice([0, 1, 1, 1, 1, 2]))]

    ends = [bring_up(StartUp(NET), lossy)[0] for _ in range(5)]
    assert Ready() in ends
    assert all(isinstance(end, Ready | Broken) for end in ends)


def test_progress_grows() -> None:
    machine, seen = StartUp(NET), list[float]()

    def watch(frame: Frame) -> list[Frame]:
        seen.append(machine.progress)
        return coordinator(frame)

    bring_up(machine, watch)
    assert seen == sorted(seen)
    assert (seen[0], machine.progress) == (0.0, 1.0)
