import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.fleet.poller import MAX_COMMANDS, CommandResult
from gateway.fleet.schedule import UNASKED_S
from protocols.commands import Conn, Restart, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed
from protocols.points import Channel, Value
from protocols.profile import PollItem, Station
from tests.gateway.acme import IDENTITY_AT, PROFILE
from tests.gateway.fleet.bench import Bench, plant
from tests.gateway.fleet.medium import ANSWER_S, Unit
from tests.support.virtual_time import run


def test_a_command_goes_ahead_of_all_polls() -> None:
    units = plant(20)
    bench = Bench(units, poll_s=1.0)  # the link is never idle

    async def main() -> None:
        await asyncio.sleep(30.05)
        asked_at = asyncio.get_running_loop().time()
        assert await bench.poller.submit("s7", WMaxLimPct(60)) == Done({})
        ((heard_at, limit),) = units[6].limits
        assert limit == 60
        assert heard_at - asked_at <= ANSWER_S  # one conversation was under way

    run(bench.during(main()))


def test_a_command_wakes_an_idle_link() -> None:
    units = plant(1)
    bench = Bench(units, poll_s=3600.0)

    async def main() -> None:
        await asyncio.sleep(100)
        await bench.poller.submit("s1", WMaxLimPct(50))
        assert units[0].limits == [(100.0, 50)]

    run(bench.during(main()))


def test_a_command_that_nobody_answers_says_why() -> None:
    units = plant(1)
    bench = Bench(units)

    async def main() -> None:
        await asyncio.sleep(10)
        units[0].alive = False
        assert await bench.poller.submit("s1", WMaxLimPct(50)) == Failed(Cause.NO_ANSWER)

    run(bench.during(main()))


def test_a_command_never_reaches_a_stranger() -> None:
    stranger = Unit("OTHER")
    bench = Bench([stranger])

    async def main() -> None:
        await asyncio.sleep(10)
        result = await bench.poller.submit("s1", WMaxLimPct(50))
        assert isinstance(result, Failed)
        assert result.cause is Cause.MISMATCH
        assert stranger.limits == []

    run(bench.during(main()))


def test_after_a_loss_of_the_link_a_unit_joins_before_it_is_told() -> None:
    (unit,) = units = plant(1)
    bench = Bench(units, poll_s=600.0)

    async def main() -> None:
        await asyncio.sleep(10)
        bench.medium.pull()
        await asyncio.sleep(40)
        unit.heard.clear()
        bench.medium.plug()
        assert await bench.poller.submit("s1", WMaxLimPct(50)) == Done({})
        (told_at, limit), (joined_at, register) = unit.limits[0], unit.heard[0]
        assert (limit, register) == (50, IDENTITY_AT)
        assert joined_at < told_at

    run(bench.during(main()))


def test_commands_wait_in_a_bounded_queue() -> None:
    bench = Bench(plant(1))

    async def main() -> None:
        await asyncio.sleep(10)
        asked = [bench.poller.submit("s1", WMaxLimPct(n)) for n in range(MAX_COMMANDS + 1)]
        results = await asyncio.gather(*asked)
        assert results[:-1] == [Done({})] * MAX_COMMANDS
        assert isinstance(results[-1], Failed)
        assert results[-1].cause is Cause.BUSY

    run(bench.during(main()))


def test_commands_fail_at_once_while_the_link_is_down() -> None:
    bench = Bench(plant(1))

    async def main() -> None:
        await asyncio.sleep(10.05)
        waiting = [bench.poller.submit("s1", WMaxLimPct(n)) for n in range(2)]
        bench.medium.pull()
        for future in waiting:
            result = await future
            assert isinstance(result, Failed)
            assert result.cause is Cause.LINK_DOWN
        assert await bench.poller.submit("s1", WMaxLimPct(1)) == Failed(Cause.LINK_DOWN)
        assert asyncio.get_running_loop().time() < 11

    run(bench.during(main()))


def test_a_command_whose_asker_gave_up_is_not_sent() -> None:
    units = plant(1)
    bench = Bench(units)

    async def main() -> None:
        await asyncio.sleep(10)
        bench.poller.submit("s1", WMaxLimPct(10)).cancel()
        await bench.poller.submit("s1", WMaxLimPct(20))
        assert [limit for _, limit in units[0].limits] == [20]

    run(bench.during(main()))


def test_a_stop_leaves_no_command_waiting() -> None:
    bench = Bench(plant(1))
    left: list[asyncio.Future[CommandResult]] = []

    async def main() -> None:
        await asyncio.sleep(10)
        left.extend(bench.poller.submit("s1", WMaxLimPct(n)) for n in range(3))

    async def whole() -> None:
        await bench.during(main())
        assert all(future.done() for future in left)

    run(whole())
    assert len(left) == 3


def test_a_command_for_a_foreign_slot_is_our_bug() -> None:
    async def main() -> None:
        Bench(plant(1)).poller.submit("elsewhere", WMaxLimPct(10))

    with pytest.raises(KeyError, match="elsewhere"):
        run(main())


def test_a_command_that_is_offered_and_lacking_is_our_bug_and_its_future_ends() -> None:
    bench = Bench(plant(1), profile=replace(PROFILE, commands=frozenset({Restart})))

    async def main() -> None:
        task = asyncio.create_task(bench.poller.run())
        await asyncio.sleep(1)
        future = bench.poller.submit("s1", Restart())
        with pytest.raises(LocalProtocolError, match="acme cannot"):
            await task
        assert future.cancelled()

    run(main())


@pytest.mark.parametrize(
    ("after_command_s", "commands_at", "asked_at"),
    [
        pytest.param(None, [30], [0, 60, 120, 180], id="on its period alone"),
        pytest.param(5.0, [30], [0, 35, 95, 155], id="once the unit has had its time"),
        pytest.param(5.0, [30, 32], [0, 37, 97, 157], id="after the last of several"),
        pytest.param(50.0, [50], [0, 100, 160], id="not before that, though it was due"),
        pytest.param(5.0, [], [0, 60, 120, 180], id="no command, no look"),
    ],
)
def test_what_a_command_changes_is_read_so_long_after_it(
    after_command_s: float | None, commands_at: list[float], asked_at: list[float]
) -> None:
    (unit,) = units = plant(1)
    look = PollItem("slow", every_s=60.0, after_command_s=after_command_s)
    bench = Bench(units, poll_s=7200.0, profile=replace(PROFILE, poll_plan=(PollItem("live"), look)))

    def command() -> None:
        bench.poller.submit("s1", WMaxLimPct(50))

    bench.run(200, *((at, command) for at in commands_at))
    looks = [round(at) for at in unit.polls()[1:]]  # the first is the live poll
    assert looks == asked_at


def test_a_command_that_the_vendor_does_not_offer_is_not_sent() -> None:
    bench = Bench(plant(1))

    async def main() -> None:
        await asyncio.sleep(10)
        assert await bench.poller.submit("s1", Conn(on=False)) == Failed(Cause.REFUSED, "acme has no Conn")

    run(bench.during(main()))


def test_exchanges_are_told_the_time_and_the_name_of_the_gateway() -> None:
    told: list[tuple[str, float]] = []

    def poll(station: Station, item: PollItem, utc: float) -> Exchange[Mapping[Channel, Value]]:
        told.append((station.host, utc))
        return PROFILE.poll(station, item, utc)

    bench = Bench(plant(1), profile=replace(PROFILE, poll=poll), utc=lambda: 1_767_225_600.0, host="99978563412")
    bench.run(3)
    assert told == [("99978563412", 1_767_225_600.0)]


def test_a_flood_of_commands_leaves_no_unit_without_a_poll_for_an_hour() -> None:
    units = plant(2)
    units[1].alive = False  # each command to it costs its whole window
    bench = Bench(units)

    async def command() -> None:
        while asyncio.get_running_loop().time() < 3 * UNASKED_S:
            await bench.poller.submit("s2", WMaxLimPct(50))

    async def main() -> None:
        await asyncio.gather(command(), command())  # one waits always

    run(bench.during(main()))
    polls = units[0].polls()
    assert max(b - a for a, b in pairwise([0.0, *polls, 3 * UNASKED_S])) <= UNASKED_S + 60
    assert len(polls) < 10  # commands go first as long as nobody has waited for too long
