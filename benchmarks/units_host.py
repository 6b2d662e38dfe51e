"""The emulator of `emulated_units_realtime`: serves the plant of a site file on one core and watches its own loop.

python -m benchmarks.units_host SITE      prints how late the loop was as JSON when it is stopped
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from time import process_time

from config.loader import load_site
from drivers.clock import Clock, SystemClock
from drivers.together import first_of
from emulator.server import Plant
from gateway.log import configure
from opencombiner.lifetime import run_until_stopped

LOOK_EVERY_S = 0.01


async def _lags(lags_s: list[float]) -> None:
    """Note by how much the loop comes late, a hundred times a second."""
    now = asyncio.get_running_loop().time
    while True:
        due = now() + LOOK_EVERY_S
        await asyncio.sleep(LOOK_EVERY_S)
        lags_s.append(now() - due)


async def _serve(site: Path, clock: Clock, stop: asyncio.Event) -> dict[str, float]:
    plan = load_site(site, clock).site
    plant = Plant(plan, plan.location, clock, asyncio.get_running_loop().time())
    lags_s: list[float] = []
    before, began = process_time(), asyncio.get_running_loop().time()
    await first_of(stop.wait(), plant.serve(), _lags(lags_s))
    lags_s.sort()
    busy = (process_time() - before) / (asyncio.get_running_loop().time() - began)
    return {"lag_p99_s": lags_s[int(0.99 * len(lags_s))], "lag_max_s": lags_s[-1], "cpu_share": busy}


def main() -> None:
    """Serve until SIGTERM."""
    configure("error", "json")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    result = run_until_stopped(lambda stop: _serve(Path(sys.argv[1]), SystemClock(), stop))
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
