"""`rss_idle_mib`, `rss_100_mib` and `rss_growth_mib`: two daemons side by side, one at its ease, one in haste.

The daemon in haste polls 100 units twice a second. Memory is read a minute after the start; its growth from one count
of polls to another, each the lowest of several readings.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks import plan
from benchmarks.canned import Canned, canned
from benchmarks.figures import Bar, Figure, Measure, Result
from benchmarks.program import Program, program

IDLE_UNITS, IDLE_POLL_S = 20, 5.0
MANY_UNITS, MANY_POLL_S = 100, 0.5
AFTER_S = 60.0
GROWN_FROM, POLLS = 4000, 10_000  # every cache is warm after forty rounds
_READINGS, _READ_EVERY_S = 10, 0.1


async def measure(folder: Path, port: int) -> Result:
    """Return the figures and their details."""
    async with AsyncExitStack() as stack:
        idle, _ = await _daemon(stack, folder, port, "idle", IDLE_UNITS, IDLE_POLL_S)
        many, units = await _daemon(stack, folder, port, "many", MANY_UNITS, MANY_POLL_S)
        growing = asyncio.create_task(_growth(many, units))
        await asyncio.sleep(AFTER_S)
        figures: dict[str, Figure] = {"rss_idle_mib": idle.rss_mib, "rss_100_mib": many.rss_mib}
        polls = units.polls
        before, after = await growing
    return figures | {"rss_growth_mib": after - before}, {"polls_in_a_minute": polls, "grown_from_mib": before}


async def _growth(many: Program, units: Canned) -> tuple[float, float]:
    await units.until(GROWN_FROM)
    before = await _lowest(many)
    await units.until(GROWN_FROM + POLLS)
    return before, await _lowest(many)


async def _lowest(running: Program) -> float:
    readings = []
    for _ in range(_READINGS):
        readings.append(running.rss_mib)
        await asyncio.sleep(_READ_EVERY_S)
    return min(readings)


async def _daemon(
    stack: AsyncExitStack, folder: Path, port: int, name: str, count: int, poll_s: float
) -> tuple[Program, Canned]:
    serials, terminal = plan.serials(count), folder / f"{name}.pty"
    units = await stack.enter_async_context(canned(terminal, serials))
    gateway = plan.gateway("gw", plan.at_once(f"pty:{terminal}"), serials, poll_s)
    file = plan.write(folder / name, plan.broker(port), [gateway], site=name)
    running = program("-m", "opencombiner", "run", str(file), log=folder / f"{name}.log")
    return await stack.enter_async_context(running), units


MEASURE = Measure(
    "memory",
    measure,
    80,
    (
        Bar("rss_idle_mib", "28 - 73 for 20", most=50),
        Bar("rss_100_mib", "28 - 73 for 20", most=60),
        Bar("rss_growth_mib", "776", most=1),
    ),
)
