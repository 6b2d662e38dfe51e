"""`virtual_day_s`: a day of the whole plant on virtual time, both sides in one process.

The plant stands where the sun does not set in June, so that every unit is polled once a minute all day: elsewhere
units that sleep are asked less often. Nobody listens at the in-process broker; every payload is encoded all the same.
"""

import asyncio
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.calibration import Calibration
from benchmarks.figures import Bar, Measure, Result
from benchmarks.program import program
from config.site import Site
from drivers.mqtt import memory
from emulator.server import Plant
from gateway.log import configure
from tests.support.emulated import HOUR, MIDNIGHT
from tests.support.plant import Daemon, site
from tests.support.virtual_time import FakeClock, run

DAYS = 3
UNITS, HOURS, POLL_S = 20, 24, 60.0
POLLS = UNITS * HOURS * 3600 / POLL_S
MIDNIGHT_SUN = {"latitude": 78.22, "longitude": 15.65, "timezone": "Arctic/Longyearbyen"}
LOSSY = {"seed": 7, "impairments": {"loss": 0.05}}
_LEAST_POLLS = 0.98  # of them: one that is missed twice is followed by a pause


async def live(plan: Site, clock: FakeClock, calibration: Calibration) -> dict[str, float]:
    """Live through the day; a piece of calibration follows each quarter of an hour."""
    memory.broker(plan.mqtt.url.removeprefix("mem://")).start()
    before = process_time()
    plant = Plant(plan, plan.location, clock, asyncio.get_running_loop().time())
    serving = asyncio.ensure_future(plant.serve())
    await plant.ready.wait()
    daemon = Daemon(plan, clock)
    for _ in range(4 * HOURS):
        await asyncio.sleep(HOUR / 4)
        calibration.take()
    published = daemon.app.bridge.counters()["published"]
    polls = sum(view.stats.polls for view in daemon.app.state.views.values())
    await daemon.stop()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    cpu_s = process_time() - before - calibration.spent_s
    if polls < _LEAST_POLLS * POLLS:
        raise RuntimeError(f"{polls} polls instead of {POLLS:.0f}: the plant slept")
    return {"cpu_s": cpu_s, "slowdown": calibration.slowdown, "polls": polls, "published": published}


async def measure(folder: Path, _: int) -> Result:
    """Return the figure and its details: the middle of several days, each in a process of its own."""
    days: list[dict[str, float]] = []
    for number in range(DAYS):
        async with program("-m", "benchmarks.day", log=folder / f"day{number}.log") as running:
            days.append(json.loads(await running.result()))
    scaled = [day["cpu_s"] / day["slowdown"] for day in days]
    return {"virtual_day_s": median(scaled)}, {"scaled_s": scaled, "days": days}


MEASURE = Measure("day", measure, 80, (Bar("virtual_day_s", "nobody does it", most=12),))


def main() -> None:
    """Print the result of one day as JSON."""
    configure("error", "json")
    with TemporaryDirectory(prefix="opencombiner-bench-") as folder:
        plan = site(Path(folder), units=UNITS, poll_s=POLL_S, emulation=LOSSY, location=MIDNIGHT_SUN)
        day = run(live(plan, FakeClock(MIDNIGHT), Calibration()))
    sys.stdout.write(json.dumps(day))


if __name__ == "__main__":
    main()
