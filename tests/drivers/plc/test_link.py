"""Ports that come and go, and who goes first."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from drivers.link import Link, Urgency
from drivers.plc.link import PlcLink
from drivers.plc.settings import PlcSettings
from drivers.plc.timing import AirTime
from drivers.stream import listen
from drivers.upkeep import FIRST_RETRY_S, LAST_RETRY_S, STEADY_S
from protocols.errors import ConfigError, LinkDownError
from tests.support import virtual_time
from tests.support.plc_peer import Say, TransparentPeer, on_line, plugged, read_answer, read_request, serve

T = TypeVar("T")
FAST = AirTime(96000, 0, 0.001)


def settings_of(url: str) -> PlcSettings:
    return PlcSettings(url=url, bit_rate=FAST.bit_rate, turnaround_s=FAST.turnaround_s)


def live(request: bytes) -> list[Say]:
    return [on_line(FAST, request, read_answer(request[0]))]


async def ask(link: Link, node: int = 7, urgency: Urgency = Urgency.POLL) -> bytes | None:
    async with link.claim(node, urgency) as port:
        await port.send(read_request(node), reply_bytes=len(read_answer(node)), within_s=0.5)
        return await port.receive()


KINDS = pytest.mark.parametrize(
    "kind",
    [
        "mem",
        pytest.param("pty", marks=pytest.mark.integration),
        pytest.param("socket", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ],
)


def url_of(kind: str, tmp_path: Path) -> str:
    return {"mem": "mem://roof", "pty": f"pty:{tmp_path / 'modem'}", "socket": "socket://127.0.0.1:0"}[kind]


def runner(kind: str) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Return what runs a test: where nothing is real, time is not either."""
    return virtual_time.run if kind == "mem" else asyncio.run


async def lost(link: PlcLink) -> None:
    while link.up:  # noqa: ASYNC110 - a link offers no event for it
        await asyncio.sleep(0.01)


async def unplug_and_back(url: str) -> list[dict[str, Any]]:
    """Poll, take the far end away in mid-conversation, bring it back at the same place, poll again."""
    listener = await listen(url)
    peer = TransparentPeer(live)
    link = PlcLink("roof", settings_of(listener.url))
    with capture_logs() as logs:
        running = asyncio.create_task(link.run())
        serving = asyncio.create_task(serve(listener, peer))
        await link.wait_up()
        assert await ask(link) == read_answer(7)

        peer.script = lambda _: []
        asking = asyncio.create_task(ask(link))
        await asyncio.sleep(0.05)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await asking
        await lost(link)
        with pytest.raises(LinkDownError, match=r"the far end has closed|missing|refused"):
            await ask(link)
        await asyncio.sleep(1.0)  # some attempts fail

        listener = await listen(listener.url)
        peer.script = live
        serving = asyncio.create_task(serve(listener, peer))
        await link.wait_up()
        assert await ask(link) == read_answer(7)
        assert link.counters.opened == 2
        for task in (running, serving):
            task.cancel()
        await asyncio.gather(running, serving, return_exceptions=True)
        listener.close()
        await asyncio.sleep(0.05)
    return [dict(log) for log in logs]


@KINDS
def test_a_port_that_was_unplugged_is_opened_again_with_one_line_each_way(kind: str, tmp_path: Path) -> None:
    logs = runner(kind)(unplug_and_back(url_of(kind, tmp_path)))
    assert [log["event"] for log in logs] == ["link_up", "link_down", "link_up"]
    assert {log["link"] for log in logs} == {"roof"}
    assert logs[1]["reason"].startswith("the far end has closed")
    assert logs[1]["log_level"] == "warning"
    assert logs[1]["url"].split(":")[0] == kind


def test_a_missing_far_end_is_told_once_and_tried_ever_more_slowly() -> None:
    attempts: list[float] = []

    async def main() -> list[dict[str, Any]]:
        link = PlcLink("roof", settings_of("mem://nobody"), rng=random.Random(3))
        with capture_logs() as logs:
            running = asyncio.create_task(link.run())
            await asyncio.sleep(600.0)
            assert not link.up
            listener = await listen("mem://nobody")
            start = asyncio.get_running_loop().time()
            await link.wait_up()
            attempts.append(asyncio.get_running_loop().time() - start)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            listener.close()
        return [dict(log) for log in logs]

    logs = virtual_time.run(main())
    assert [(log["event"], log.get("reason")) for log in logs] == [
        ("link_down", "mem://nobody: nobody serves it"),
        ("link_up", None),
    ]
    assert 0 < attempts[0] <= LAST_RETRY_S


async def opened_and_dropped(up_s: float, rounds: int) -> list[float]:
    """Drop each client after `up_s` and return when the clients came."""
    listener = await listen("mem://flaky")
    now = asyncio.get_running_loop().time
    running = asyncio.create_task(PlcLink("roof", settings_of("mem://flaky"), rng=random.Random(3)).run())
    came = []
    for _ in range(rounds):
        stream = await listener.accept()
        came.append(now())
        await asyncio.sleep(up_s)
        stream.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    listener.close()
    return came


@pytest.mark.parametrize(
    ("up_s", "longest_s"),
    [(0.0, LAST_RETRY_S), (STEADY_S, FIRST_RETRY_S)],
    ids=["fails at once", "was steady"],
)
def test_a_port_that_fails_at_once_is_opened_ever_more_slowly(up_s: float, longest_s: float) -> None:
    came = virtual_time.run(opened_and_dropped(up_s, 12))
    waits = [later - earlier - up_s for earlier, later in pairwise(came)]
    assert FIRST_RETRY_S / 2 <= waits[0] <= FIRST_RETRY_S
    assert longest_s / 2 <= waits[-1] <= longest_s


def test_a_wrong_url_ends_the_run() -> None:
    with pytest.raises(ConfigError, match="'modem' is no link"):
        virtual_time.run(PlcLink("roof", settings_of("modem")).run())


def test_a_link_that_is_not_open_grants_nothing() -> None:
    async def main() -> None:
        with pytest.raises(LinkDownError, match="not open yet"):
            await ask(PlcLink("roof", settings_of("mem://nobody")))

    virtual_time.run(main())


def test_a_link_that_is_stopped_ends_its_conversations() -> None:
    async def main() -> None:
        listener = await listen("mem://roof")
        link = PlcLink("roof", settings_of("mem://roof"))
        running = asyncio.create_task(link.run())
        await link.wait_up()
        asking = [asyncio.create_task(ask(link)) for _ in range(2)]
        await asyncio.sleep(0)
        running.cancel()
        for task in asking:
            with pytest.raises(LinkDownError, match="the link is stopped"):
                await task
        listener.close()

    virtual_time.run(main())


def test_a_conversation_from_before_the_loss_does_not_go_on_after_it() -> None:
    async def main() -> None:
        listener = await listen("mem://roof")
        link = PlcLink("roof", settings_of("mem://roof"))
        running = asyncio.create_task(link.run())
        await link.wait_up()
        async with link.claim(7, Urgency.POLL) as port:
            (await listener.accept()).close()
            await lost(link)
            await link.wait_up()
            with pytest.raises(LinkDownError, match="the far end has closed"):
                await port.send(read_request(7), reply_bytes=45, within_s=0.1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        listener.close()

    virtual_time.run(main())


def test_a_command_goes_ahead_of_the_polls_that_wait() -> None:
    async def main() -> list[int]:
        peer = TransparentPeer(live)
        async with plugged(settings_of("mem://roof"), peer) as link:
            waiting = [(1, Urgency.POLL), (2, Urgency.PROBE), (3, Urgency.POLL), (4, Urgency.COMMAND)]
            await asyncio.gather(*(ask(link, node, urgency) for node, urgency in waiting))
        return [request[0] for _, request in peer.requests]

    assert virtual_time.run(main()) == [1, 4, 3, 2]


@KINDS
@pytest.mark.parametrize("echo", [False, True], ids=["no echo", "echo"])
def test_polls_survive_loss_and_noise(kind: str, tmp_path: Path, echo: bool) -> None:  # noqa: FBT001 - a row
    rng = random.Random(11)

    def script(request: bytes) -> list[Say]:
        noise = Say(rng.randbytes(rng.randint(1, 4)))
        heard = [Say(request)] if echo else []
        return [*heard, noise, *(live(request) if rng.random() > 0.2 else [])]

    async def polls() -> list[bytes | None]:
        peer = TransparentPeer(script)
        settings = replace(settings_of(url_of(kind, tmp_path)), echo=echo)
        async with plugged(settings, peer) as link:
            return [await retried(link) for _ in range(12)]

    assert runner(kind)(polls()).count(read_answer(7)) == 12


async def retried(link: Link) -> bytes | None:
    """Ask up to six times in one conversation; a request that is heard wrongly is passed over."""
    async with link.claim(7, Urgency.POLL) as port:
        for _ in range(6):
            await port.send(read_request(7), reply_bytes=45, within_s=0.05)
            while (heard := await port.receive()) is not None:
                if heard == read_answer(7):
                    return heard
    return None
