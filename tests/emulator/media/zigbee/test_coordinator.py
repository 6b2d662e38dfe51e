"""What the emulated coordinator does with its host."""

import asyncio
from collections.abc import Callable

import pytest

from emulator.media.zigbee.coordinator import BOOT_S, BUFFERS, JOIN_S, Coordinator
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import BROADCAST, Message, Scope
from protocols.modems.znp.commands import Command
from protocols.modems.znp.frame import UART_BYTES, UART_BYTES_LARGE, Deframer, Frame, encode
from protocols.modems.znp.network import CLUSTER_IN, CLUSTER_OUT, network
from protocols.modems.znp.startup import Broken, Listen, Ready, Send, StartUp
from protocols.modems.znp.status import SUCCESS, State, Status
from tests.support.virtual_time import run

HELLO = network("").hello
ASK = Message(0x1001, CLUSTER_OUT, b"ask")


class Host:
    """A host without a serial port."""

    def __init__(self, uart_bytes: int = UART_BYTES_LARGE) -> None:
        self.coordinator = Coordinator(uart_bytes, lambda message, sent: self.air.append((message, sent)))
        self.coordinator.port.attach()
        self.air: list[tuple[Message, Callable[[int], None]]] = []
        self._deframer = Deframer()

    def say(self, frame: Frame) -> list[Frame]:
        """Say something and return what is answered at once."""
        self.coordinator.taken(encode(frame))
        return self.heard()

    def heard(self) -> list[Frame]:
        """Return what the coordinator has said since."""
        buffer = self.coordinator.port._buffer  # noqa: SLF001 - a host reads it
        frames = self._deframer.feed(bytes(buffer))
        buffer.clear()
        return frames

    async def start(self, *, full: bool = True, greet: bool = True) -> Ready | Broken:
        """Run a start-up to its end."""
        machine = StartUp(network(""), full=full, greet=greet)
        step, left_s = machine.start(), 0.0
        while not isinstance(step, Ready | Broken):
            match step:
                case Send(frame, within_s):
                    self.coordinator.taken(encode(frame))
                    left_s = within_s
                case Listen(within_s):
                    left_s = left_s if within_s is None else within_s
            waiting = self.heard()
            while not waiting and left_s > 0:
                await asyncio.sleep(0.1)
                left_s -= 0.1
                waiting = self.heard()
            step = machine.timed_out() if not waiting else machine.received(waiting[0])
            for frame in waiting[1:]:
                step = machine.received(frame) if isinstance(step, Listen) else step
        return step


def test_the_start_up_of_the_captures_gives_it_its_network() -> None:
    async def main() -> None:
        host = Host()
        assert await host.start() == Ready()
        assert host.coordinator.started
        assert host.coordinator.pan == network("").pan
        assert [message for message, _ in host.air] == [HELLO]

    run(main())


def test_its_configuration_survives_a_soft_start_and_its_network_does_not() -> None:
    async def main() -> None:
        host = Host()
        await host.start()
        host.coordinator.reboot()
        assert not host.coordinator.started
        await asyncio.sleep(BOOT_S + 0.1)
        assert [frame.command for frame in host.heard()][-1] == Command.RESET_INDICATION
        assert await host.start(full=False) == Ready()

    run(main())


def test_without_a_configuration_it_gets_no_network() -> None:
    async def main() -> None:
        host = Host()
        assert await host.start(full=False) == Broken("network", "not started (00)")

    run(main())


def test_states_follow_the_start() -> None:
    async def main() -> list[int]:
        host = Host()
        await host.start()
        host.coordinator.taken(encode(c.start()))
        await asyncio.sleep(JOIN_S + 0.1)
        return [c.status_of(frame) for frame in host.heard() if frame.command == Command.STATE_CHANGE]

    states = run(main())
    assert set(states[:-1]) == {State.STARTING}
    assert states[-1] == State.STARTED


REFUSALS = [
    pytest.param(False, False, ASK, Status.NWK_INVALID_REQUEST, id="a message before the start"),
    pytest.param(True, False, ASK, Status.INVALID_PARAMETER, id="a message before the greeting"),
    pytest.param(True, True, ASK, SUCCESS, id="a message after it"),
    pytest.param(
        True, False, Message(BROADCAST, 0x020C, b"who", scope=Scope.ANY_PAN), SUCCESS, id="a broadcast to any network"
    ),
]


@pytest.mark.parametrize(("started", "greeted", "message", "status"), REFUSALS)
def test_what_it_takes_from_its_host(*, started: bool, greeted: bool, message: Message, status: int) -> None:
    async def main() -> None:
        host = Host()
        if started:
            await host.start(greet=greeted)
        (answer,) = host.say(c.data_request(message, 7))
        assert c.status_of(answer) == status

    run(main())


def test_it_keeps_so_many_messages_and_confirms_each_by_its_number() -> None:
    async def main() -> None:
        host = Host()
        await host.start()
        host.air.pop()[1](SUCCESS)  # the greeting
        statuses = [c.status_of(host.say(c.data_request(ASK, n))[-1]) for n in range(BUFFERS + 1)]
        assert statuses == [*[SUCCESS] * BUFFERS, Status.BUFFER_FULL]
        host.air[1][1](Status.MAC_NO_ACK)
        (confirm,) = host.heard()
        assert c.confirm_of(confirm) == c.Confirm(Status.MAC_NO_ACK, 1)

    run(main())


@pytest.mark.parametrize(
    ("uart_bytes", "size", "arrives"),
    [
        pytest.param(UART_BYTES, 94, True, id="a QS1 through the small buffer"),
        pytest.param(UART_BYTES, 105, False, id="a DS3 through the small buffer"),
        pytest.param(UART_BYTES_LARGE, 105, True, id="a DS3 through the large one"),
    ],
)
def test_what_does_not_fit_into_the_serial_buffer_is_lost(uart_bytes: int, size: int, *, arrives: bool) -> None:
    async def main() -> None:
        host = Host(uart_bytes)
        host.coordinator.hear(Message(0x1001, CLUSTER_IN, bytes(size)), ())
        assert [len(c.incoming_of(frame).data) for frame in host.heard()] == [size] * arrives
        assert host.coordinator.lost_frames == (not arrives)

    run(main())


def test_relays_are_told_before_a_message() -> None:
    async def main() -> None:
        host = Host()
        host.coordinator.hear(Message(0x1001, CLUSTER_IN, b"x"), (0x2002, 0x3003))
        route, _ = host.heard()
        assert c.route_of(route) == (0x1001, (0x2002, 0x3003))

    run(main())


def test_a_stall_ends_with_a_reset_only() -> None:
    async def main() -> None:
        host = Host()
        await host.start()
        host.coordinator.stall()
        assert host.say(c.ping()) == []
        host.say(c.reset(hard=False))
        await asyncio.sleep(BOOT_S + 0.1)
        assert host.heard() == [c.reset_indication()]
        assert host.say(c.ping()) == [c.ping_answer()]

    run(main())


def test_nonsense_of_the_host_is_refused_or_passed_over() -> None:
    async def main() -> None:
        host = Host()
        assert host.say(Frame(Command.DATA_REQUEST, b"\1")) == [c.answer(Frame(Command.DATA_REQUEST), 2)]
        assert host.say(Frame(0x2710, b"\xaa")) == []

    run(main())
