import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from config.site import Location, Site
from drivers.stream import ByteStream, open_stream
from emulator.server import Plant
from protocols import points as p
from protocols.commands import Conn, Restart, WMaxLimPct
from protocols.errors import ConfigError, LinkDownError
from protocols.exchange import Done, Exchange, Failed, Send, Wait
from protocols.modbus.rtu import Deframer
from protocols.modems import st7580
from protocols.points import Channel, Value
from protocols.profile import Station
from protocols.registry import vendor
from protocols.states import InvSt
from tests.support.emulated import HOUR, MIDNIGHT, NOON, UTRECHT
from tests.support.virtual_time import FakeClock, run

T = TypeVar("T")
ATMOCE = vendor("atmoce")
MODELS = ("MI-400", "MI-425", "MI-450", "MI-500")


def site(
    url: str = "mem://roof", count: int = 4, *, impairments: Mapping[str, float] | None = None, **link: object
) -> Site:
    inverters = [{"serial": f"AT{n:04d}", "model": MODELS[n % 4]} for n in range(count)]
    gateway = {
        "id": "roof",
        "role": "m-combiner",
        "link": {"url": url, **link},
        "branches": [{"id": "b1", "inverters": inverters}],
    }
    emulation = {"seed": 3, "clouds": "clear", "impairments": impairments or {}}
    return Site.model_validate({"location": UTRECHT, "gateways": [gateway], "emulation": emulation})


def stations(count: int) -> list[Station]:
    return [Station(f"AT{n:04d}", n + 1) for n in range(count)]


class Master:
    """The gateway's side by hand, over a transparent modem."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.raw: list[tuple[float, bytes]] = []
        self._deframer = Deframer()

    async def converse(self, exchange: Exchange[T]) -> T | Failed:
        step = exchange.start()
        loop = asyncio.get_running_loop()
        deadline = loop.time()
        while True:
            match step:
                case Done(value):
                    return value
                case Failed():
                    return step
                case Send(datagram, reply_bytes, within_s):
                    await self.stream.write(datagram)
                    deadline = loop.time() + within_s + (len(datagram) + reply_bytes) * 8 / 2400 + 0.1
                case Wait():
                    pass
            step = await self._next(exchange, deadline)

    async def _next(self, exchange: Exchange[T], deadline: float) -> "Done[T] | Failed | Send | Wait":
        try:
            async with asyncio.timeout_at(deadline):
                chunk = await self.stream.read()
        except TimeoutError:
            self._deframer.clear()
            return exchange.timed_out()
        self.raw.append((asyncio.get_running_loop().time(), chunk))
        for frame in self._deframer.feed(chunk):
            return exchange.received(frame)
        return Wait()

    async def values(self, exchange: Exchange[Mapping[Channel, Value]]) -> Mapping[Channel, Value]:
        value = await self.converse(exchange)
        assert not isinstance(value, Failed), value
        return value


@asynccontextmanager
async def plant(described: Site, at: float = NOON) -> AsyncIterator[Plant]:
    clock = FakeClock(at - asyncio.get_running_loop().time())
    emulated = Plant(described, UTRECHT, clock, asyncio.get_running_loop().time())
    task = asyncio.create_task(emulated.serve())
    await emulated.ready.wait()
    try:
        yield emulated
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def number(values: Mapping[Channel, Value], point: p.Point) -> float:
    value = values[Channel(point)]
    assert isinstance(value, int | float)
    return value


def live(station: Station) -> Exchange[Mapping[Channel, Value]]:
    return ATMOCE.poll(station, ATMOCE.poll_plan[0], 0.0)


async def joined(count: int) -> Master:
    master = Master(await open_stream("mem://roof"))
    for station in stations(count):
        identity = await master.values(ATMOCE.join(station, 0.0))
        assert identity[Channel(p.SN)] == station.serial
        assert identity[Channel(p.MD)] == MODELS[(station.node - 1) % 4]
    return master


def test_units_join_by_serial_and_answer_what_is_true_of_them() -> None:
    async def day() -> None:
        async with plant(site()) as emulated:
            master = await joined(4)
            await asyncio.sleep(600)
            for station in stations(4):
                values = await master.values(live(station))
                truth, now = emulated.units[station.serial], asyncio.get_running_loop().time()
                assert values[Channel(p.W)] == pytest.approx(truth.power_w(now), abs=0.5)
                assert values[Channel(p.TOT_WH_INJ)] == int(truth.counter_wh(now))
                assert values[Channel(p.INV_ST)] == InvSt.RUNNING
                assert number(values, p.W) > 250  # noon, clear

    run(day())


def test_a_factory_new_unit_has_no_address_and_a_joined_one_keeps_it_over_night() -> None:
    async def day() -> None:
        async with plant(site()):
            stranger = Master(await open_stream("mem://roof"))
            assert isinstance(await stranger.converse(live(stations(1)[0])), Failed)
            master = await joined(4)
            await asyncio.sleep(12 * HOUR)
            assert isinstance(await master.converse(live(stations(1)[0])), Failed)
            await asyncio.sleep(12 * HOUR)
            morning = await master.values(live(stations(1)[0]))
            assert 6 * HOUR < number(morning, p.UP_TMS) < 9 * HOUR

    run(day())


def test_commands_reach_the_unit() -> None:
    async def day() -> None:
        async with plant(site()) as emulated:
            master, (station, other) = await joined(2), stations(2)
            await master.values(ATMOCE.command(station, WMaxLimPct(30.0), 0.0))
            values = await master.values(live(station))
            assert values[Channel(p.INV_ST)] == InvSt.THROTTLED
            assert values[Channel(p.W)] == pytest.approx(120.0)
            await master.values(ATMOCE.command(other, Conn(on=False), 0.0))
            assert (await master.values(live(other)))[Channel(p.W)] == 0
            await master.values(ATMOCE.command(other, Restart(), 0.0))
            assert isinstance(await master.converse(live(other)), Failed)
            await asyncio.sleep(2)
            assert number(await master.values(live(other)), p.UP_TMS) < 5
            assert emulated.units[station.serial].life.firmware.limits.owner_pct == 30

    run(day())


def test_the_same_seed_and_the_same_requests_give_the_same_bytes_at_the_same_times() -> None:
    impairments = {"loss": 0.1, "bit_error_rate": 1e-4, "noise_per_min": 20.0}

    async def day() -> list[tuple[float, bytes]]:
        async with plant(site(impairments=impairments)):
            master = Master(await open_stream("mem://roof"))
            for station in stations(4) * 5:
                await master.converse(ATMOCE.join(station, 0.0))
                await master.converse(live(station))
            return master.raw

    assert run(day()) == run(day())


def test_behind_an_st7580_the_same_units_answer() -> None:
    async def day() -> None:
        async with plant(site(modem="st7580", bit_rate=4800.0, overhead_bytes=20)):
            stream, deframer = await open_stream("mem://roof"), st7580.Deframer()

            async def said(frame: st7580.Frame) -> list[st7580.Item]:
                items: list[st7580.Item] = []
                await stream.write(st7580.encode(frame))
                try:
                    async with asyncio.timeout(2):
                        while True:
                            items += deframer.feed(await stream.read())
                except TimeoutError:
                    return items

            await said(st7580.mib_write(st7580.Mib.MODEM_CONFIGURATION, bytes((st7580.DL_SERVICE,))))
            exchange, options = ATMOCE.join(stations(1)[0], 0.0), st7580.data_options(st7580.Modulation.BPSK)
            step = exchange.start()
            while isinstance(step, Send):
                heard = await said(st7580.data_request(step.datagram, options))
                assert heard[:2] == [st7580.ACK, st7580.confirmation()]
                answers = [st7580.payload_of(item) for item in heard[2:] if isinstance(item, st7580.Frame)]
                step = exchange.received(answers[0]) if answers else exchange.timed_out()
            assert isinstance(step, Done)
            assert step.value[Channel(p.SN)] == "AT0000"

    run(day())


def test_at_night_a_warm_plant_is_silent_and_wakes_at_dawn() -> None:
    async def day() -> None:
        async with plant(site(count=1), at=MIDNIGHT) as emulated:
            master = Master(await open_stream("mem://roof"))
            assert isinstance(await master.converse(ATMOCE.join(stations(1)[0], 0.0)), Failed)
            before = emulated.units["AT0000"].counter_wh(asyncio.get_running_loop().time())
            await asyncio.sleep(12 * HOUR)
            await joined(1)
            assert emulated.units["AT0000"].counter_wh(asyncio.get_running_loop().time()) > before + 500

    run(day())


def test_a_client_may_leave_and_come_back() -> None:
    async def day() -> None:
        async with plant(site()):
            first = await joined(1)
            first.stream.close()
            await asyncio.sleep(1)
            again = await joined(1)
            assert (await again.values(live(stations(1)[0])))[Channel(p.INV_ST)] == InvSt.RUNNING

    run(day())


def test_who_stops_serving_is_gone() -> None:
    async def day() -> None:
        async with plant(site()) as emulated:
            stream = await open_stream("mem://roof")
            assert emulated.listeners["roof"].url == "mem://roof"
        assert not emulated.ready.is_set()
        with pytest.raises(LinkDownError, match="closed"):
            await stream.read()
        with pytest.raises(LinkDownError, match="roof"):
            await open_stream("mem://roof")

    run(day())


def refusal(described: Site) -> str:
    async def build() -> str:
        with pytest.raises(ConfigError, match=r".") as error:
            Plant(described, Location(latitude=0, longitude=0), FakeClock(), 0.0)
        return str(error.value)

    return run(build())


def test_real_hardware_is_refused_with_the_path_of_the_setting() -> None:
    assert "gateways[0].link.url: /dev/ttyUSB0 is real hardware" in refusal(site("/dev/ttyUSB0"))


def test_a_recording_is_refused_with_what_replays_it() -> None:
    text = refusal(site("replay://day.pcapng"))
    assert "gateways[0].link.url: replay://day.pcapng is a recording, which `run` replays" in text


def test_an_unknown_model_is_refused() -> None:
    described = site().model_dump()
    described["gateways"][0]["branches"][0]["inverters"][0]["model"] = "MI-999"
    assert "unit AT0000: unknown model 'MI-999'; known: MI-400" in refusal(Site.model_validate(described))


async def first_answer(url: str) -> Mapping[Channel, Value]:
    async with plant(site(url, count=2, bit_rate=1e6, turnaround_s=0.001)) as emulated:
        stream = await open_stream(emulated.listeners["roof"].url)
        try:
            return await Master(stream).values(ATMOCE.join(stations(1)[0], 0.0))
        finally:
            stream.close()


@pytest.mark.integration
def test_serves_a_pseudo_terminal(tmp_path: Path) -> None:
    assert asyncio.run(first_answer(f"pty:{tmp_path}/modem"))[Channel(p.SN)] == "AT0000"


@pytest.mark.integration
@pytest.mark.enable_socket
def test_serves_a_socket() -> None:
    assert asyncio.run(first_answer("socket://127.0.0.1:0"))[Channel(p.SN)] == "AT0000"
