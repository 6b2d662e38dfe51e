"""The real driver on the emulated line."""

import asyncio
from typing import Literal, TypeVar

import pytest

from drivers.link import Port, Urgency
from drivers.plc.link import PlcLink
from drivers.plc.settings import PlcSettings
from protocols import points as p
from protocols.exchange import Done, Exchange, Failed, Send, Step, Wait
from protocols.points import Channel
from protocols.profile import Station
from protocols.registry import vendor
from tests.emulator.test_server import plant, site
from tests.support.virtual_time import run

ATMOCE = vendor("atmoce")
SIZE = ATMOCE.poll_size(ATMOCE.models["MI-400"])
UNITS = [Station(f"AT{n:04d}", n + 1) for n in range(20)]
ROUNDS = 10
T = TypeVar("T")


async def converse(port: Port, exchange: Exchange[T]) -> Done[T] | Failed:
    step: Step[T] = exchange.start()
    while True:
        match step:
            case Done() | Failed():
                return step
            case Send(datagram, reply_bytes, within_s):
                await port.send(datagram, reply_bytes=reply_bytes, within_s=within_s)
            case Wait():
                pass
        heard = await port.receive()
        step = exchange.timed_out() if heard is None else exchange.received(heard)


async def rounds(link: PlcLink) -> tuple[int, float]:
    """Join every unit, then poll all of them; return how many answered and the mean time of a poll."""
    loop, answered = asyncio.get_running_loop(), 0
    await link.wait_up()
    for unit in UNITS:
        async with link.claim(unit.node, Urgency.POLL) as port:
            await converse(port, ATMOCE.join(unit, 0.0))
    started = loop.time()
    for unit in UNITS * ROUNDS:
        async with link.claim(unit.node, Urgency.POLL) as port:
            outcome = await converse(port, ATMOCE.poll(unit, ATMOCE.poll_plan[0], 0.0))
        answered += isinstance(outcome, Done) and outcome.value[Channel(p.W)] is not None
    return answered, (loop.time() - started) / (ROUNDS * len(UNITS))


@pytest.mark.parametrize("modem", ["transparent", "st7580"])
@pytest.mark.parametrize("impairments", [{}, {"loss": 0.02, "noise_per_min": 5.0}], ids=["clean line", "usual line"])
def test_polls_at_paper_time_and_survives_a_usual_line(
    modem: Literal["transparent", "st7580"], impairments: dict[str, float]
) -> None:
    async def day() -> tuple[int, float]:
        async with plant(site(count=len(UNITS), impairments=impairments, modem=modem)):
            link = PlcLink("roof", PlcSettings(url="mem://roof", modem=modem))
            task = asyncio.create_task(link.run())
            try:
                return await rounds(link)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    answered, poll_s = run(day())
    paper_s = (SIZE.request + sum(SIZE.answers)) * 8 / 2400 + 2 * 0.03
    assert answered >= (0.98 if impairments else 1.0) * ROUNDS * len(UNITS)
    assert poll_s == pytest.approx(paper_s, rel=0.15 if impairments else 1e-6)
