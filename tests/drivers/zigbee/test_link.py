"""Coordinators that start, answer, stall, restart, are pulled out, and talk nonsense."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from drivers.link import LinkCounters, Urgency
from drivers.stream import listen, pipe
from drivers.zigbee.coordinator import DATAGRAMS, FRAMES, RELIEF_S, Coordinator
from drivers.zigbee.link import ZigbeeLink
from drivers.zigbee.settings import ZigbeeSettings
from drivers.zigbee.timing import GAP_S
from protocols.errors import LinkDownError, LocalProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message, Report, datagram
from protocols.modems.znp.frame import Deframer, Frame, encode
from protocols.modems.znp.network import CLUSTER_IN, network
from protocols.modems.znp.recovery import QUIET_S, Recovery
from protocols.modems.znp.status import SUCCESS, State, Status
from tests.support import virtual_time
from tests.support.znp_peer import ANSWER, NODE, Peer, ask, plugged, question

T = TypeVar("T")
GOOD = Report(NODE, SUCCESS)

KINDS = pytest.mark.parametrize(
    "kind",
    [
        "mem",
        pytest.param("pty", marks=pytest.mark.integration),
        pytest.param("socket", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ],
)


def url_of(kind: str, tmp_path: Path) -> str:
    return {"mem": "mem://barn", "pty": f"pty:{tmp_path / 'znp'}", "socket": "socket://127.0.0.1:0"}[kind]


def runner(kind: str) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Return what runs a test: where nothing is real, time is not either."""
    return virtual_time.run if kind == "mem" else asyncio.run


async def until_down(link: ZigbeeLink) -> None:
    while link.up:  # noqa: ASYNC110 - a link offers no event for it
        await asyncio.sleep(0.01)


@KINDS
def test_a_coordinator_is_started_and_carries_a_conversation(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer, url_of(kind, tmp_path)) as (link, _):
            await link.wait_up()
            assert peer.sent == [network("").hello]
            assert await ask(link) == [GOOD, ANSWER]
            assert (link.counters.sent, link.counters.received) == (1, 1)
            assert peer.coordinator.pan == network("").pan

    runner(kind)(main())


@KINDS
def test_a_port_that_was_pulled_is_started_anew_with_one_line_each_way(kind: str, tmp_path: Path) -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer, url_of(kind, tmp_path)) as (link, outlet):
            await link.wait_up()
            outlet.unplug()
            await until_down(link)
            with pytest.raises(LinkDownError, match=r"the far end has closed|missing|refused"):
                await ask(link)
            await asyncio.sleep(1.0)  # some attempts fail
            outlet.plug()
            await link.wait_up()
            assert await ask(link) == [GOOD, ANSWER]
            assert (link.counters.opened, link.counters.revived, link.counters.reason) == (2, 0, None)

    with capture_logs() as logs:
        runner(kind)(main())
    told = [log["event"] for log in logs if log["event"].startswith("link_")]
    assert told == ["link_up", "link_down", "link_up"]


@pytest.mark.parametrize(
    "status", [Status.MAC_NO_ACK, Status.NWK_NO_ROUTE, Status.APS_NO_ACK], ids=lambda status: status.name
)
def test_what_became_of_a_message_is_told_at_once(status: Status) -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            peer.script, peer.status = (lambda _: []), status
            began = asyncio.get_running_loop().time()
            async with link.claim(NODE, Urgency.POLL) as port:
                await port.send(question(), reply_bytes=100, within_s=2.0)
                assert await port.receive() == datagram(Report(NODE, status))
            assert asyncio.get_running_loop().time() - began < 0.1

    virtual_time.run(main())


def test_a_refusal_of_the_coordinator_is_a_report_and_the_next_message_waits() -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            peer.script = lambda _: []
            peer.status = None  # nothing leaves, so its buffers fill
            for number in range(4):
                async with link.claim(NODE, Urgency.POLL) as port:
                    await port.send(question(number), reply_bytes=100, within_s=2.0)
            async with link.claim(NODE, Urgency.POLL) as port:
                await port.send(question(4), reply_bytes=100, within_s=2.0)
                assert await port.receive() == datagram(Report(NODE, Status.BUFFER_FULL))
                refused = asyncio.get_running_loop().time()
                await port.send(question(5), reply_bytes=100, within_s=2.0)
                assert asyncio.get_running_loop().time() - refused == pytest.approx(RELIEF_S)

    virtual_time.run(main())


def test_a_stalled_coordinator_is_found_by_its_silence_and_revived_by_a_reset() -> None:
    async def main() -> None:
        peer, now = Peer(), asyncio.get_running_loop().time
        async with plugged(peer) as (link, _):
            await link.wait_up()
            peer.coordinator.stall()
            asked = now()
            assert await ask(link) == []
            with pytest.raises(LinkDownError, match="the coordinator does not answer"):
                await ask(link, within_s=9.0)
            assert str(link.counters.reason) == "the coordinator does not answer"
            await link.wait_up()
            assert now() - asked < 15.0
            assert await ask(link) == [GOOD, ANSWER]
            assert link.counters.revived == 1
            assert link.counters.reason is None

    virtual_time.run(main())


def test_a_stall_that_nobody_asks_about_is_found_by_a_ping() -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            await asyncio.sleep(10 * QUIET_S)
            assert link.counters.opened == 1
            peer.coordinator.stall()
            await asyncio.sleep(QUIET_S + 20.0)
            assert (link.up, link.counters.opened, link.counters.revived) == (True, 2, 1)

    virtual_time.run(main())


@pytest.mark.parametrize("told", [True, False], ids=["with a word", "without a word"])
def test_a_coordinator_that_restarts_by_itself_gets_its_network_back(*, told: bool) -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            if told:
                peer.coordinator.reboot()
            else:
                peer.coordinator._state = State.HOLD  # noqa: SLF001 - a restart of which no word arrived
                with pytest.raises(LinkDownError, match="the coordinator has lost its network"):
                    await ask(link)
            await asyncio.sleep(10.0)
            assert await ask(link) == [GOOD, ANSWER]
            assert link.counters.revived == 1

    virtual_time.run(main())


def test_a_coordinator_that_never_starts_is_tried_ever_more_slowly() -> None:
    async def main() -> None:
        peer = Peer()
        peer.coordinator._start = lambda: None  # type: ignore[method-assign] # noqa: SLF001 - a broken radio
        async with plugged(peer) as (link, _):
            configured: list[float] = []
            act = peer.coordinator._act  # noqa: SLF001 - what it was told is the question

            def noted(frame: Any) -> None:
                if frame == c.write_configuration(c.Setting.LOGICAL_TYPE, b"\0"):
                    configured.append(asyncio.get_running_loop().time())
                act(frame)

            peer.coordinator._act = noted  # type: ignore[method-assign] # noqa: SLF001 - as above
            await asyncio.sleep(4 * 3600.0)
            assert link.counters.reason == "the coordinator does not start: network: not started (00)"
            assert 10 <= len(configured) <= 25  # each wears out its flash memory
            assert configured[-1] - configured[-2] >= 900.0

    virtual_time.run(main())


def test_a_far_end_that_is_no_coordinator_is_named() -> None:
    async def main() -> None:
        listener = await listen("mem://nothing")
        link = ZigbeeLink("barn", ZigbeeSettings(url="mem://nothing"))
        running = asyncio.create_task(link.run())
        await asyncio.sleep(60.0)
        assert str(link.counters.reason).startswith("the coordinator does not start: ")
        running.cancel()
        listener.close()

    virtual_time.run(main())


def test_an_answer_that_comes_too_late_is_none_to_the_next_question() -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            peer.after_s = 1.5
            assert await ask(link, within_s=1.0) == [GOOD]
            await asyncio.sleep(1.0)  # now it has come
            peer.script = lambda _: []
            assert await ask(link, number=1) == [GOOD]

    virtual_time.run(main())


def test_the_report_of_an_earlier_message_is_none_of_the_present_one() -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            peer.script = lambda _: []
            peer.status = None
            assert await ask(link) == []
            peer.coordinator._say(c.confirm(Status.MAC_NO_ACK, 0x33))  # noqa: SLF001 - of a message nobody sent
            assert await ask(link, number=1) == []

    virtual_time.run(main())


@pytest.mark.parametrize("seed", range(3))
def test_noise_on_the_uart_costs_nothing_but_is_counted(seed: int) -> None:
    async def main() -> None:
        peer, rng = Peer(), Random(seed)
        async with plugged(peer) as (link, _):
            await link.wait_up()
            for number in range(20):
                peer.coordinator.junk(rng.randint(1, 30))
                assert await ask(link, number) == [GOOD, ANSWER]
            peer.coordinator.port.put(b"\xfe\x01\x44\x80\x00\x00")  # a frame with a wrong checksum
            assert await ask(link) == [GOOD, ANSWER]
            assert link.counters.noise_bytes > 20
            assert link.counters.damaged == 1

    virtual_time.run(main())


def test_a_frame_that_says_too_little_is_damaged_and_nothing_more() -> None:
    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            await link.wait_up()
            for command in (c.Command.INCOMING, c.Command.DATA_CONFIRM):
                peer.coordinator.port.put(encode(Frame(command, b"\1")))
            assert await ask(link) == [GOOD, ANSWER]
            assert link.counters.damaged == 2

    virtual_time.run(main())


def test_a_chatterbox_fills_no_memory() -> None:
    """Of many messages at once the newest DATAGRAMS are kept; the answer is among them."""

    async def main() -> None:
        peer = Peer()
        others = [Message(0x2000 + n, CLUSTER_IN, bytes(90)) for n in range(3 * DATAGRAMS)]
        peer.script = lambda _: []
        async with plugged(peer) as (link, _):
            await link.wait_up()
            async with link.claim(NODE, Urgency.POLL) as port:
                await port.send(question(), reply_bytes=100, within_s=1.0)
                await asyncio.sleep(0.5)
                for message in (*others, ANSWER):
                    peer.coordinator.hear(message, ())
                    await asyncio.sleep(0.001)  # the serial port's buffer has its own bound
                heard = []
                while (raw := await port.receive()) is not None:
                    heard.append(raw)
            assert len(heard) == DATAGRAMS
            assert heard[-1] == datagram(ANSWER)

    virtual_time.run(main())


def test_a_chatterbox_at_the_start_fills_no_memory() -> None:
    """What comes while the coordinator starts is kept up to FRAMES frames."""

    async def main() -> int:
        host, chip = pipe()
        recovery = Recovery(asyncio.get_running_loop().time())
        opening = Coordinator(host, ZigbeeSettings(url="mem://chatter"), LinkCounters(), recovery)
        await chip.write(encode(c.state_change(State.STARTING)) * (8 * FRAMES))
        assert await opening._frame(1.0) is not None  # noqa: SLF001 - what it keeps is the question
        return len(opening._frames)  # noqa: SLF001 - as above

    assert virtual_time.run(main()) == FRAMES - 1


def test_a_report_is_nothing_to_send() -> None:
    async def main() -> None:
        async with plugged(Peer()) as (link, _):
            await link.wait_up()
            async with link.claim(NODE, Urgency.POLL) as port:
                with pytest.raises(LocalProtocolError, match="a delivery report cannot be sent"):
                    await port.send(datagram(GOOD), reply_bytes=0, within_s=1.0)

    virtual_time.run(main())


def test_conversations_keep_their_distance_and_the_urgent_one_goes_first() -> None:
    async def main() -> list[str]:
        order: list[str] = []

        async def talk(link: ZigbeeLink, name: str, urgency: Urgency) -> None:
            async with link.claim(NODE, urgency) as port:
                order.append(f"{name} {asyncio.get_running_loop().time() - began:.2f}")
                await port.send(question(), reply_bytes=100, within_s=1.0)
                await port.receive()

        async with plugged(Peer()) as (link, _):
            await link.wait_up()
            began = asyncio.get_running_loop().time()
            work = [("poll", Urgency.POLL), ("probe", Urgency.PROBE), ("command", Urgency.COMMAND)]
            await asyncio.gather(*(talk(link, *each) for each in work))
        return order

    took = 0.01 + GAP_S
    assert virtual_time.run(main()) == ["poll 0.00", f"command {took:.2f}", f"probe {2 * took:.2f}"]


def test_frames_of_the_start_up_are_those_of_the_captures() -> None:
    """A gateway of another id speaks for its own PAN."""

    async def main() -> bytes:
        listener = await listen("mem://wire")
        link = ZigbeeLink("barn", ZigbeeSettings(url="mem://wire", host="21620000ABCD"))
        running = asyncio.create_task(link.run())
        stream, deframer, written = await listener.accept(), Deframer(), b""
        while b"\x26\x00" not in written:
            chunk = await stream.read()
            written += chunk
            for frame in deframer.feed(chunk):
                await stream.write(
                    encode(c.reset_indication() if frame.command == c.Command.RESET else c.answer(frame))
                )
        running.cancel()
        listener.close()
        return written

    assert bytes.fromhex("26050108FFFFCDAB00006221") in virtual_time.run(main())
