"""`start_cpu_s`: the CPU time from the start of the command to the first poll, the middle of several starts.

A piece of calibration follows each start, so that a busy machine does not count.
"""

import asyncio
from pathlib import Path
from statistics import median

from benchmarks import plan
from benchmarks.calibration import Calibration
from benchmarks.canned import canned
from benchmarks.figures import Bar, Measure, Result
from benchmarks.program import program

STARTS = 9
PIECES = 10  # of calibration after each start
UNITS = 20
_PATIENCE_S = 30


async def measure(folder: Path, port: int) -> Result:
    """Return the figure and its details; the first start fills caches and does not count."""
    await _start(folder / "warm-up", port)
    scaled, raw = [], []
    for number in range(STARTS):
        calibration = Calibration()
        cpu_s = await _start(folder / f"start{number}", port)
        for _ in range(PIECES):
            calibration.take()
        raw.append(cpu_s)
        scaled.append(cpu_s / calibration.slowdown)
    return {"start_cpu_s": median(scaled)}, {"unscaled_s": median(raw), "least_s": min(raw), "most_s": max(raw)}


async def _start(folder: Path, port: int) -> float:
    serials, terminal = plan.serials(UNITS), folder.with_suffix(".pty")
    gateway = plan.gateway("gw", plan.at_once(f"pty:{terminal}"), serials, 5.0)
    file = plan.write(folder, plan.broker(port), [gateway])
    async with (
        canned(terminal, serials) as units,
        program("-m", "opencombiner", "run", str(file), log=folder / "log") as daemon,
        asyncio.timeout(_PATIENCE_S),
    ):
        await units.until(1)
        return daemon.cpu_s


MEASURE = Measure("start", measure, 20, (Bar("start_cpu_s", "0.3 - 3", most=0.4),))
