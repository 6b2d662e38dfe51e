"""Units that report by themselves: what comes is taken, what does not come is noticed."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fleet.device import Device
from gateway.fleet.receiver import CONFIRM, DIAL_IN_S, Receiver
from gateway.snapshot import CommState, Identity
from protocols.commands import Conn
from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Failed
from protocols.points import DCV, DCW, LNV, Channel
from protocols.vendors.rockcore.message import Raw, encode_uplink
from protocols.vendors.rockcore.profile import PROFILE
from tests.gateway.fleet.bench import Ear
from tests.support.virtual_time import run

MODEL = PROFILE.models["MI3S-500S"]
REPORT: dict[str, Raw] = {"pa1": 300, "pa2": 72, "p1": 231, "p2": 5001, "p6": 1000}
DIM: dict[str, Raw] = {"pa1": 3, "pa2": 66, "p1": 231, "p5": 300}
UTC = 1_782_000_000.0


@dataclass
class _Counters:
    opened: int = 0
    outdated: int = 0


@dataclass
class _Link:
    """A link that a test opens and closes."""

    hear: Callable[[str, bytes], bytes] | None = None
    counters: _Counters = field(default_factory=_Counters)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def up(self) -> bool:
        return self.opened.is_set()

    async def wait_up(self) -> None:
        await self.opened.wait()

    def listen(self, hear: Callable[[str, bytes], bytes]) -> None:
        self.hear = hear

    def open(self) -> None:
        self.counters.opened += 1
        self.opened.set()

    def close(self) -> None:
        self.opened.clear()


def identity(number: int) -> Identity:
    return Identity(f"s{number}", f"RC{number}", MODEL.name, "rockcore", "gw", "b1", number, 1, MODEL.rated_w)


class Bench:
    """A receiver of some units, run for a while; they report when the test says so."""

    def __init__(self, units: int = 1, elevation: float | None = 40.0) -> None:
        self.elevation = elevation
        self.link = _Link()
        self.ear = Ear()
        self.devices = [Device(identity(number), MODEL) for number in range(1, units + 1)]
        self.t_ms = 0
        self.receiver = Receiver(
            "gw",
            self.link,
            self.devices,
            PROFILE,
            every_s=30.0,
            light=lambda: self.elevation,
            listener=self.ear,
            utc=lambda: UTC + asyncio.get_running_loop().time(),
        )

    def report(self, raw: dict[str, Raw] = REPORT, number: int = 1, t_ms: int | None = None) -> bytes:
        self.t_ms += 1
        assert self.link.hear is not None
        return self.link.hear(f"RC{number}", encode_uplink(self.t_ms if t_ms is None else t_ms, raw))

    def reports(self, first: float, last: float, raw: dict[str, Raw] = REPORT, number: int = 1) -> None:
        """Let a unit report every 30 s."""
        loop = asyncio.get_running_loop()
        for step in range(int((last - first) // 30) + 1):
            loop.call_at(first + 30 * step, self.report, raw, number)

    def run(self, seconds: float, *acts: tuple[float, Callable[[], object]], opens: float | None = 0.0) -> Ear:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            if opens is not None:
                loop.call_at(opens, self.link.open)
            for at, act in acts:
                loop.call_at(at, act)
            task = asyncio.create_task(self.receiver.run())
            await asyncio.sleep(seconds)
            task.cancel()
            with pytest.raises(asyncio.CancelledError, match=r"^$"):
                await task

        run(main())
        return self.ear

    def states(self) -> list[CommState]:
        return [comm for _, _, comm in self.ear.comms]


def test_a_report_is_a_reading_and_the_first_one_a_joining() -> None:
    bench = Bench()
    ear = bench.run(100, (10, bench.report), (40, bench.report))
    assert ear.names == [("s1", "RC1")]
    assert [(slot, reading.at, reading.number(DCW, 1), reading.number(DCV, 1)) for slot, reading in ear.readings] == [
        ("s1", 10.0, 300, 36.0),
        ("s1", 40.0, 300, 36.0),
    ]
    assert ear.readings[0][1].events == frozenset()
    assert ear.readings[0][1].state is None  # these units do not tell it
    assert bench.states() == [CommState.ONLINE]
    assert bench.receiver.cycle_s == 30.0


def test_an_answer_tells_the_time_of_the_gateway() -> None:
    bench, answers = Bench(), []
    bench.run(20, (10, lambda: answers.append(bench.report({"g4": "x"}))))
    assert json.loads(answers[0]) == {
        "type": "register",
        "value": "x",
        "tsend": round((UTC + 10) * 1000),
        "trecv": 1,
        "interval": 30,
    }
    assert bench.ear.readings == []  # a registration measures nothing
    assert bench.states() == [CommState.ONLINE]


def test_a_unit_that_stops_by_day_is_lost_after_five_reports_are_missing() -> None:
    bench = Bench()
    ear = bench.run(2500, (10, lambda: bench.reports(20, 1910)))  # by day, once the time to wake is over
    assert ear.comms[0] == (20.0, "s1", CommState.ONLINE)
    at, _, comm = ear.comms[-1]
    assert comm is CommState.LOST
    assert 1910 + 45 + 4 * 30 <= at <= 1910 + 45 + 4 * 30 + 25
    assert ear.latest["s1"].last_failure == "no_answer"
    assert ear.latest["s1"].latency_s is None


def test_one_missing_report_is_no_loss_and_many_are_a_degradation() -> None:
    bench = Bench()

    def now_and_then() -> None:
        for step in range(60):
            if step % 3:
                asyncio.get_running_loop().call_at(20 + 30 * step, bench.report)

    bench.run(1800, (10, now_and_then))
    assert CommState.LOST not in bench.states()
    assert CommState.DEGRADED in bench.states()


@pytest.mark.parametrize("elevation", [-10.0, 2.9])
def test_silence_in_the_dark_is_sleep(elevation: float) -> None:
    bench = Bench(elevation=elevation)
    bench.run(600, (10, bench.report))
    assert bench.states() == [CommState.ONLINE, CommState.ASLEEP]
    asleep = bench.ear.latest["s1"].polls
    assert asleep < 10  # a sleeper's silence is no failure


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [(DIM, CommState.ASLEEP), (REPORT, CommState.LOST)],
    ids=["little DC power though the AC power is of a quarter of an hour ago", "full power"],
)
def test_dusk_excuses_who_had_little_light(raw: dict[str, Raw], verdict: CommState) -> None:
    bench = Bench(elevation=4.5)
    bench.run(600, (10, lambda: bench.report(raw)))
    assert bench.states()[-1] is verdict


def test_a_unit_that_never_reported_is_lost_by_day_after_time_to_wake() -> None:
    bench = Bench(units=2, elevation=40.0)
    ear = bench.run(600)
    assert {slot: comm for _, slot, comm in ear.comms} == {"s1": CommState.LOST, "s2": CommState.LOST}
    assert min(at for at, _, _ in ear.comms) >= DIAL_IN_S + 4 * 30


def test_while_the_link_is_down_nobody_is_to_blame() -> None:
    bench = Bench()
    ear = bench.run(
        880, (10, lambda: bench.reports(20, 200)), (210, bench.link.close), (800, bench.link.open), (830, bench.report)
    )
    assert [up for _, up in ear.links] == [True, False, True]
    assert bench.states() == [CommState.ONLINE, CommState.UNKNOWN, CommState.ONLINE]


def test_a_short_absence_of_the_link_is_told_too() -> None:
    bench = Bench()
    ear = bench.run(100, (50.1, bench.link.close), (50.2, bench.link.open))
    assert [up for _, up in ear.links] == [True, False, True]


def test_a_replay_is_answered_but_neither_read_nor_a_sign_of_life() -> None:
    bench = Bench()
    replayed = 7

    def replay() -> None:
        for step in range(40):
            asyncio.get_running_loop().call_at(100 + 30 * step, bench.report, REPORT, 1, replayed)

    ear = bench.run(1200, (10, lambda: bench.report(t_ms=50)), (20, lambda: bench.report(t_ms=60)), (99, replay))
    assert len(ear.readings) == 2
    assert bench.link.counters.outdated > 30
    assert bench.states()[-1] is CommState.LOST


def test_a_clock_that_was_set_back_is_believed_after_a_while() -> None:
    bench = Bench()
    times = [10_000, 10_030, 5, 35, 65, 95]
    ear = bench.run(300, *((20.0 + 30 * n, lambda t=t: bench.report(t_ms=t)) for n, t in enumerate(times)))
    assert len(ear.readings) == len(times) - (CONFIRM - 1)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_among_rising_times_all_are_news_and_a_repeated_one_never_is(times: list[int]) -> None:
    bench = Bench()
    news: list[int] = []

    async def main() -> None:
        for t_ms in [*sorted(set(times)), max(times), max(times)]:
            before = bench.link.counters.outdated
            bench.report(t_ms=t_ms)
            news.append(bench.link.counters.outdated - before)

    run(main())
    assert news == [0] * len(set(times)) + [1, 1]


def test_a_damaged_message_moves_nothing() -> None:
    bench = Bench()

    def damaged() -> None:
        with pytest.raises(RemoteProtocolError, match="no JSON"):
            bench.receiver.hear("RC1", b"{")

    ear = bench.run(60, (10, damaged))
    assert (ear.readings, ear.comms, ear.names) == ([], [], [])


def test_flags_keep_what_was_measured_before() -> None:
    bench = Bench()
    ear = bench.run(60, (10, bench.report), (20, lambda: bench.report({"fa3": 9})))
    assert ear.readings[1][1].values.keys() == {channel for channel in ear.readings[1][1].values if channel.port == 1}
    assert Channel(LNV) in ear.readings[0][1].values


def test_a_command_is_refused() -> None:
    bench = Bench()

    async def main() -> object:
        return await bench.receiver.submit("s1", Conn(on=False))

    assert run(main()) == Failed(Cause.REFUSED, "s1 takes no Conn")
