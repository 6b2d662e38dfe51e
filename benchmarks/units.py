"""`emulated_units_realtime`: how many units one emulator process on one core plays in real time.

Fifty paced framed links of twenty units; a poller process on another core asks each unit every five seconds for a
minute. The figure is the number of units of which every answer came inside its window, and 0 when the emulator's loop
is late by more than `LAG_S` in one of a hundred looks.
"""

import json
import os
import signal
from pathlib import Path

from benchmarks import plan
from benchmarks.figures import Bar, Measure, Result
from benchmarks.program import program

LINKS, PER_LINK = 50, 20
SECONDS = 60
LAG_S = 0.050


async def measure(folder: Path, port: int) -> Result:
    """Return the figure and its details."""
    gateways = []
    for number in range(LINKS):
        # 0.155 s for a poll: a link of twenty is busy for three of five seconds
        link = plan.link(f"pty:{folder / f'{number}.pty'}", "st7580", bit_rate=4800.0)
        gateways.append(plan.gateway(f"g{number}", link, plan.serials(PER_LINK, 1 + number * PER_LINK), 5.0))
    file = plan.write(folder / "units", plan.broker(port), gateways)
    async with program("-m", "benchmarks.units_host", str(file), log=folder / "host.log") as host:
        asking = program("-m", "benchmarks.units_asker", str(file), str(SECONDS), log=folder / "asker.log")
        async with asking as asker:
            heard = json.loads(await asker.result())
        os.kill(host.pid, signal.SIGTERM)
        late = json.loads(await host.result())
    units = LINKS * PER_LINK - len(heard["lost"])
    figure = units if late["lag_p99_s"] < LAG_S else 0
    return {"emulated_units_realtime": figure}, {**heard, **late, "lost": len(heard["lost"])}


MEASURE = Measure("units", measure, 80, (Bar("emulated_units_realtime", "32", least=1000),))
