"""Radios behind a bridge: fragments, windows, channels, and ports that come and go."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from drivers.link import Link, Urgency
from drivers.serial_bridge.line import FRAMES, TRIES
from drivers.serial_bridge.link import BridgeLink
from drivers.serial_bridge.pace import transaction_s
from drivers.serial_bridge.settings import BridgeSettings
from drivers.stream import listen
from gateway.fleet.pump import Outcome
from gateway.fleet.pump import run as converse
from protocols.errors import LinkDownError
from protocols.exchange import Cause, Done, Exchange, Failed
from protocols.modems.radio_frame import OWN_MODULE, Main, RadioFrame, Region, channel_of, region_of
from protocols.points import LNV, Channel, Value
from protocols.profile import Station
from protocols.vendors.hoymiles.codec import join, read_alarms, read_live
from tests.support import virtual_time
from tests.support.bridge_peer import BridgePeer, Heard, Script, fragments, plugged, quiet, serve

T = TypeVar("T")
LIVE = bytes.fromhex(
    "0001 013e 0141 00ae 00b2 022b 023d 0000cb3e 0000f34a 00a6 00a6 0915 138a 042c 0000 002d 03e7 00b3 0003"
)
UNIT = Station("1410A01121AE", 0xA01121AE, "199980112345")
CMT = BridgeSettings(url="mem://roof", radio="cmt2300a")
UTC = 1_760_000_000.0
REQUEST = RadioFrame(Main.INFORMATION, UNIT.node, 0x80112345, 0x80).encode()


def answer(request: RadioFrame) -> list[Heard]:
    """Answer as an inverter does; a request for one fragment gets it."""
    if request.main != Main.INFORMATION:
        return []
    if request.payload:
        return fragments(request, LIVE)
    return [replace(one, after_s=0.05) for one in fragments(request, LIVE, numbers=(request.number,))]


def without(*numbers: int) -> Script:
    """Answer a whole request without some fragments."""

    def script(request: RadioFrame) -> list[Heard]:
        heard = answer(request)
        if not request.payload:
            return heard
        return [one for one in heard if isinstance(one.frame, RadioFrame) and one.frame.number not in numbers]

    return script


async def talk(link: Link, exchange: Exchange[T]) -> Outcome[T]:
    async with link.claim(UNIT.node, Urgency.POLL) as port:
        return await converse(port, exchange)


def poll(script: Script, settings: BridgeSettings = CMT) -> tuple[Outcome[Any], BridgePeer, BridgeLink]:
    """Read the live values once."""
    peer = BridgePeer(script, stuffed=settings.stuffed)

    async def main() -> tuple[Outcome[Any], BridgeLink]:
        async with plugged(settings, peer) as link:
            return await talk(link, read_live(UNIT, UTC)), link

    outcome, link = virtual_time.run(main())
    return outcome, peer, link


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(CMT, id="sub-GHz, stuffed"),
        pytest.param(replace(CMT, stuffed=False), id="sub-GHz, bare"),
        pytest.param(replace(CMT, radio="nrf24"), id="nRF24"),
    ],
)
def test_an_answer_in_fragments_ends_with_its_last_one(settings: BridgeSettings) -> None:
    outcome, peer, link = poll(answer, settings)
    assert isinstance(outcome.result, Done)
    assert outcome.result.value[Channel(LNV)] == 232.5
    assert len(peer.requests) == 1
    assert (link.counters.sent, link.counters.received, link.counters.noise_bytes) == (1, 3, 0)
    assert outcome.took_s == pytest.approx(0.07 + 2 * 0.048)  # the bytes' own time is not played


def test_paper_time_is_near_what_an_exchange_takes() -> None:
    outcome, _, _ = poll(answer)
    assert transaction_s(CMT, 27, (27, 27, 21)) == pytest.approx(outcome.took_s, rel=0.3)


@pytest.mark.parametrize(
    ("lost", "asked_again", "within_s"),
    [
        pytest.param((2,), [2], 0.25, id="one in the middle: asked for when the last was heard"),
        pytest.param((3,), [3], 0.35, id="the last: asked for when it is overdue"),
        pytest.param((1, 3), [1, 3], 0.40, id="all but one"),
    ],
)
def test_what_is_missing_is_asked_for_one_by_one(
    lost: tuple[int, ...], asked_again: list[int], within_s: float
) -> None:
    outcome, peer, _ = poll(without(*lost))
    assert isinstance(outcome.result, Done)
    assert [frame.number for _, frame in peer.requests[1:]] == asked_again
    assert outcome.took_s < within_s


def test_a_unit_that_is_silent_is_waited_for_no_longer_than_its_first_fragment() -> None:
    outcome, peer, _ = poll(quiet)
    assert outcome.result == Failed(Cause.NO_ANSWER)
    assert len(peer.requests) == 5
    assert outcome.took_s < 5 * 0.26


def test_a_log_of_unknown_length_is_not_waited_for_to_its_twelfth_fragment() -> None:
    log = bytes.fromhex("0001") + bytes.fromhex("200100010001000000000000") * 2

    def script(request: RadioFrame) -> list[Heard]:
        heard = fragments(request, log, numbers=() if request.payload else (request.number,))
        return heard[:1] if request.payload else heard

    async def main() -> Outcome[Any]:
        async with plugged(CMT, BridgePeer(script)) as link:
            return await talk(link, read_alarms(UNIT, UTC))

    outcome = virtual_time.run(main())
    assert isinstance(outcome.result, Done)
    assert outcome.took_s < 0.5


def test_newer_units_that_skip_fragments_are_heard_to_the_end() -> None:
    payload = bytes(range(190))  # twelve fragments, of which every third comes

    def script(request: RadioFrame) -> list[Heard]:
        return fragments(request, payload, numbers=(1, 4, 7, 10))

    async def main() -> list[int]:
        heard = []
        async with plugged(CMT, BridgePeer(script)) as link, link.claim(UNIT.node, Urgency.POLL) as port:
            await port.send(REQUEST, reply_bytes=322, within_s=0.135, replies=12)
            while (datagram := await port.receive()) is not None:
                heard.append(datagram[9])
        return heard

    assert virtual_time.run(main()) == [1, 4, 7, 10]


def test_what_others_say_does_not_end_the_window() -> None:
    def script(request: RadioFrame) -> list[Heard]:
        stranger = replace(request, main=request.main | 0x80, inverter=0x11111111, index=0x83, payload=b"")
        return [Heard(stranger, 0.001), *fragments(request, LIVE)]

    outcome, _, link = poll(script)
    assert isinstance(outcome.result, Done)
    assert link.counters.received == 4


def test_noise_and_damaged_frames_are_counted_and_passed_over() -> None:
    def script(request: RadioFrame) -> list[Heard]:
        first, *rest = fragments(request, LIVE)
        assert isinstance(first.frame, RadioFrame)
        broken = bytearray(b"\x7e" + first.frame.encode() + b"\x7f")
        broken[12] ^= 1
        return [Heard(b"\x00\x7e\x7f boot", 0.001), Heard(bytes(broken), 0.002), first, *rest]

    outcome, _, link = poll(script)
    assert isinstance(outcome.result, Done)
    assert link.counters.noise_bytes > 30
    assert link.counters.damaged == 1


def test_late_fragments_of_the_question_before_are_not_an_answer() -> None:
    async def main() -> list[bytes | None]:
        peer = BridgePeer(lambda request: [Heard(replace(request, main=0x95), 0.5)])
        async with plugged(CMT, peer) as link, link.claim(UNIT.node, Urgency.POLL) as port:
            await port.send(REQUEST, reply_bytes=27, within_s=0.1)
            missed = await port.receive()
            await asyncio.sleep(0.5)
            peer.script = quiet
            await port.send(REQUEST, reply_bytes=27, within_s=0.1)
            return [missed, await port.receive()]

    assert virtual_time.run(main()) == [None, None]


def test_a_chatterbox_fills_no_memory() -> None:
    async def main() -> int:
        peer = BridgePeer(lambda request: [Heard(request, 0.01)] * (2 * FRAMES))
        heard = 0
        async with plugged(CMT, peer) as link, link.claim(UNIT.node, Urgency.POLL) as port:
            await port.send(REQUEST, reply_bytes=27, within_s=0.1)
            await asyncio.sleep(0.05)
            while await port.receive():
                heard += 1
        return heard

    assert virtual_time.run(main()) == FRAMES


@pytest.mark.parametrize(
    ("settings", "own"),
    [
        pytest.param(CMT, [(Main.MODULE, None), (Main.CHANNEL, 0x14)], id="sub-GHz: who, and the channel"),
        pytest.param(replace(CMT, radio="nrf24"), [(Main.MODULE, None)], id="nRF24: who"),
    ],
)
def test_a_bridge_is_asked_who_it_is_and_told_its_channel(
    settings: BridgeSettings, own: list[tuple[Main, int | None]]
) -> None:
    _, peer, _ = poll(answer, settings)
    assert [(frame.main, channel_of(frame) if frame.main == Main.CHANNEL else None) for frame in peer.own] == own
    assert all(frame.index in (0, OWN_MODULE) for frame in peer.own)


def test_a_unit_is_called_to_the_channel_of_this_radio() -> None:
    peer = BridgePeer(answer)

    async def main() -> None:
        settings = replace(CMT, band=Region.AMERICA, channel=0x40)
        async with plugged(settings, peer) as link:
            await talk(link, join(UNIT, UTC))

    virtual_time.run(main())
    call = peer.requests[0][1]
    assert (channel_of(call), region_of(call), call.index) == (0x40, Region.AMERICA, Region.AMERICA.index)
    assert peer.requests[1][1].main == Main.INFORMATION


def test_one_conversation_at_a_time_and_commands_first() -> None:
    async def main() -> list[Urgency]:
        order: list[Urgency] = []

        async def ask(link: Link, urgency: Urgency) -> None:
            async with link.claim(UNIT.node, urgency) as port:
                order.append(urgency)
                outcome = await converse(port, read_live(UNIT, UTC))
                assert outcome.sends == 1

        async with plugged(CMT, BridgePeer(answer)) as link, asyncio.TaskGroup() as tasks:
            for urgency in (Urgency.POLL, Urgency.PROBE, Urgency.POLL, Urgency.COMMAND):
                tasks.create_task(ask(link, urgency))
        return order

    assert virtual_time.run(main()) == [Urgency.POLL, Urgency.COMMAND, Urgency.POLL, Urgency.PROBE]


def test_a_port_without_a_bridge_is_no_link() -> None:
    async def main() -> tuple[list[Any], int]:
        peer = BridgePeer(mute=True)
        listener = await listen("mem://roof")
        link = BridgeLink("roof", CMT)
        with capture_logs() as logs:
            tasks = [asyncio.create_task(serve(listener, peer)), asyncio.create_task(link.run())]
            await asyncio.sleep(TRIES * 1.5)
            with pytest.raises(LinkDownError, match="no answer from a bridge at 115200 baud"):
                await talk(link, read_live(UNIT, UTC))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [(log["event"], log["reason"]) for log in logs], len(peer.own)

    logs, asked = virtual_time.run(main())
    assert logs == [("link_down", "no answer from a bridge at 115200 baud")]
    assert asked >= TRIES


KINDS = pytest.mark.parametrize(
    "kind",
    [
        "mem",
        pytest.param("pty", marks=pytest.mark.integration),
        pytest.param("socket", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ],
)


def url_of(kind: str, tmp_path: Path) -> str:
    return {"mem": "mem://roof", "pty": f"pty:{tmp_path / 'bridge'}", "socket": "socket://127.0.0.1:0"}[kind]


def runner(kind: str) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Return what runs a test: where nothing is real, time is not either."""
    return virtual_time.run if kind == "mem" else asyncio.run


async def unplug_and_back(url: str) -> list[dict[str, Any]]:
    """Poll, take the bridge away in mid-conversation, bring it back at the same place, poll again."""
    listener = await listen(url)
    peer = BridgePeer(answer)
    link = BridgeLink("roof", replace(CMT, url=listener.url))
    with capture_logs() as logs:
        running = asyncio.create_task(link.run())
        serving = asyncio.create_task(serve(listener, peer))
        await link.wait_up()
        assert await values(link)
        peer.script = quiet
        asking = asyncio.create_task(talk(link, read_live(UNIT, UTC)))
        await asyncio.sleep(0.05)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()
        assert (await asking).result == Failed(Cause.LINK_DOWN, "the far end has closed")
        listener = await listen(listener.url)
        peer.script = answer
        serving = asyncio.create_task(serve(listener, peer))
        await link.wait_up()
        assert await values(link)
        assert link.counters.opened == 2
        for task in (running, serving):
            task.cancel()
        await asyncio.gather(running, serving, return_exceptions=True)
        listener.close()
        await asyncio.sleep(0.05)
    return [dict(log) for log in logs]


async def values(link: Link) -> dict[Channel, Value]:
    result = (await talk(link, read_live(UNIT, UTC))).result
    assert isinstance(result, Done)
    return dict(result.value)


@KINDS
def test_a_bridge_that_was_unplugged_is_opened_again_with_one_line_each_way(kind: str, tmp_path: Path) -> None:
    logs = runner(kind)(unplug_and_back(url_of(kind, tmp_path)))
    assert [log["event"] for log in logs] == ["link_up", "link_down", "link_up"]
    assert logs[1]["reason"].startswith("the far end has closed")
