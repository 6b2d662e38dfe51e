"""The emulated network as a whole: whom messages reach, over whom, and what becomes of those that do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from config.links import PlcLink, ZigbeeLink
from config.site import Impairments, MCombiner
from emulator.faults import Faults, FaultyResponder
from emulator.media import OWN_NODE
from emulator.media.zigbee import MESSAGES, Zigbee, build
from emulator.media.zigbee.unit import Unit
from protocols.errors import LocalProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import BROADCAST, COORDINATOR, Message, Scope
from protocols.modems.znp.commands import Command
from protocols.modems.znp.frame import Deframer, Frame, encode
from protocols.modems.znp.network import CLUSTER_IN, CLUSTER_OUT, network
from protocols.modems.znp.status import SUCCESS, State, Status
from protocols.registry import vendor
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.responder import InverterSide
from tests.support import emulated
from tests.support.device import ScriptedDevice, running
from tests.support.virtual_time import run

OWN = network("")
MODEL = vendor("apsystems").models["QS1"]
ASK = OWN.reversed_id + l2.encode(l2.L2(0xBB))


class Host:
    """A network with its host; the coordinator has started and was greeted."""

    def __init__(self, units: int = 1, hops: int = 1) -> None:
        link = ZigbeeLink(url="mem://x", hops=hops)
        self.medium = Zigbee(link, OWN, Impairments(), "1")
        self.units = [self._unit(f"802{n:09d}") for n in range(1, units + 1)]
        chip = self.medium.coordinator
        chip.port.attach()
        chip._memory[c.Setting.PAN_ID] = OWN.pan.to_bytes(2, "little")  # noqa: SLF001 - started long ago
        chip._state, chip._greeted, chip._asked = State.STARTED, True, True  # noqa: SLF001 - and greeted
        self._deframer = Deframer()

    def _unit(self, serial: str) -> Unit:
        side = InverterSide(ScriptedDevice(serial, MODEL, running(4)))
        return self.medium.attach(emulated.unit(serial=serial), FaultyResponder(side, _good()), OWN_NODE)

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.medium.live())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def say(self, message: Message) -> list[Frame]:
        """Send a message and return all that is heard within a second."""
        self.medium.coordinator.taken(encode(c.data_request(message, 7)))
        await asyncio.sleep(1.0)
        buffer = self.medium.coordinator.port._buffer  # noqa: SLF001 - a host reads it
        frames = self._deframer.feed(bytes(buffer))
        buffer.clear()
        return frames


def _good() -> Faults:
    return Faults(Random(1))


def said(host: Host, message: Message) -> list[Frame]:
    async def main() -> list[Frame]:
        async with host.living():
            return await host.say(message)

    return run(main())


def statuses(frames: list[Frame]) -> list[int]:
    return [c.confirm_of(frame).status for frame in frames if frame.command == Command.DATA_CONFIRM]


def messages(frames: list[Frame]) -> list[Message]:
    return [c.incoming_of(frame) for frame in frames if frame.command == Command.INCOMING]


@pytest.mark.parametrize("hops", [1, 3], ids=["next to the coordinator", "over two relays"])
def test_a_unit_answers_over_the_relays_on_its_way(hops: int) -> None:
    host = Host(units=hops, hops=hops)
    unit = host.units[-1]
    frames = said(host, Message(unit.node, CLUSTER_OUT, ASK))
    assert statuses(frames) == [SUCCESS]
    (answer,) = messages(frames)
    assert (answer.node, answer.cluster, 0 < answer.lqi <= 180) == (unit.node, CLUSTER_IN, True)
    routes = [c.route_of(frame) for frame in frames if frame.command == Command.SOURCE_ROUTE]
    assert routes == [(unit.node, tuple(each.node for each in host.units[:-1]))] * (hops > 1)


@pytest.mark.parametrize(
    ("node", "off", "status"),
    [
        pytest.param(0x0BAD, None, Status.NWK_NO_ROUTE, id="an address that nobody has"),
        pytest.param(None, -1, Status.MAC_NO_ACK, id="a unit that is dark"),
        pytest.param(None, 0, Status.NWK_NO_ROUTE, id="a unit whose relay is dark"),
    ],
)
def test_what_does_not_arrive_is_told(node: int | None, off: int | None, status: int) -> None:
    host = Host(units=2, hops=2)
    if off is not None:
        host.units[off].linked = False
    frames = said(host, Message(node or host.units[-1].node, CLUSTER_OUT, ASK))
    assert (statuses(frames), messages(frames)) == ([status], [])


def test_a_broadcast_reaches_all_and_one_answers() -> None:
    host = Host(units=3)
    asked = Message(BROADCAST, 0x020C, bytes.fromhex("802000000002"), scope=Scope.ANY_PAN)
    frames = said(host, asked)
    assert statuses(frames) == [SUCCESS]
    assert [answer.node for answer in messages(frames)] == [host.units[1].node]


def test_what_is_sent_to_the_coordinator_itself_comes_back() -> None:
    frames = said(Host(), Message(COORDINATOR, CLUSTER_OUT, ASK))
    assert messages(frames) == [Message(COORDINATOR, CLUSTER_OUT, ASK)]


def test_an_answer_that_the_mediums_faults_damage_is_lost() -> None:
    host = Host()
    host.units[0]._responder._faults.truncation = 1.0  # type: ignore[attr-defined] # noqa: SLF001 - as the instruments do
    frames = said(host, Message(host.units[0].node, CLUSTER_OUT, ASK))
    assert (statuses(frames), messages(frames)) == ([SUCCESS], [])


def test_only_so_many_messages_are_on_their_way() -> None:
    async def main() -> None:
        medium, told = Zigbee(ZigbeeLink(url="mem://x"), OWN, Impairments(), "1"), list[int]()
        for _ in range(MESSAGES + 1):
            medium._transmit(Message(1, CLUSTER_OUT, ASK), told.append)  # noqa: SLF001 - nobody carries them
        assert told == [Status.BUFFER_FULL]

    run(main())


def test_a_unit_that_left_hears_nothing() -> None:
    host = Host(units=2)
    host.medium.detach(host.units[0])
    assert messages(said(host, Message(host.units[0].node, CLUSTER_OUT, ASK))) == []


def test_a_unit_of_another_medium_has_no_place_here() -> None:
    responder = vendor("atmoce").responder(emulated.unit())
    with pytest.raises(LocalProtocolError, match="InverterSide has no home in a ZigBee network"):
        Host().medium.attach(emulated.unit(), responder, OWN_NODE)


def test_a_gateway_of_another_medium_has_no_network() -> None:
    gateway = MCombiner.model_construct(id="roof", role="m-combiner", link=PlcLink(url="mem://x"), branches=())
    with pytest.raises(LocalProtocolError, match="gateway roof: plc is no ZigBee network"):
        build(gateway, Impairments(), "1")
