"""Measure the figures, print them beside their bars, write them to latest.json.

    python -m benchmarks [MEASURE…]      all measures, or those that are named

The exit code is 1 when a figure misses its bar or a measure fails.
"""

import asyncio
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks.calibration import REFERENCE_S
from benchmarks.figures import Figure, Figures, Measure, MeasureFailedError, Result, missed, parts
from benchmarks.measures import BARS, MEASURES
from gateway.log import configure
from tests.support.mosquitto import Mosquitto

_PATIENCE = 3  # times what a measure usually takes
LATEST = Path(__file__).with_name("latest.json")


async def _measure(measures: Sequence[Measure], folder: Path, console: Console) -> tuple[*Result, dict[str, str]]:
    """Run the measures one after the other under a progress bar; return their results, and why others have none."""
    figures: dict[str, Figure] = {}
    details: dict[str, object] = {}
    failures: dict[str, str] = {}
    broker = Mosquitto(folder)
    broker.start()
    columns = (TextColumn("{task.description:10}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=sum(measure.usual_s for measure in measures))
            passed_s = 0.0
            for measure in measures:
                own = folder / measure.name
                own.mkdir()
                progress.update(task, description=measure.name, completed=passed_s)
                ticking = asyncio.create_task(_tick(progress, measure.usual_s))
                try:
                    async with asyncio.timeout(_PATIENCE * measure.usual_s):
                        found, details[measure.name] = await measure.run(own, broker.port)
                    figures |= found
                except (TimeoutError, MeasureFailedError) as error:
                    failures[measure.name] = str(error) or "no end in sight"
                ticking.cancel()
                passed_s += measure.usual_s
            progress.update(task, completed=passed_s)
    finally:
        broker.stop()
    return figures, details, failures


async def _tick(progress: Progress, usual_s: float) -> None:
    """Move the bar once a second, no further than the measure's own share."""
    for _ in range(int(usual_s)):
        await asyncio.sleep(1)
        progress.advance(progress.task_ids[0])


def table(figures: Figures) -> Table:
    """Return the figures beside their bars."""
    shown = Table("figure", "measured", "bar", "", "others reach", box=None, pad_edge=False)
    for bar in BARS:
        for part, value in parts(figures.get(bar.name, {})).items():
            name = f"{bar.name} {part}".strip()
            verdict = "" if bar.text == "shown" else "met" if bar.met(value) else "MISSED"
            shown.add_row(name, f"{value:.4g}", bar.text, verdict, bar.others)
    return shown


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    return {
        "python": platform.python_version(),
        "cpu": model.rpartition(":")[2].strip() or platform.machine(),
        "cores": os.cpu_count(),
        "calibration_reference_s": REFERENCE_S,
    }


def main(names: Sequence[str]) -> int:
    """Measure and return the exit code."""
    console = Console(highlight=False)
    unknown = set(names) - {measure.name for measure in MEASURES}
    if unknown:
        console.print(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(m.name for m in MEASURES)}")
        return 2
    configure("error", "console")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended then, too
    chosen = [measure for measure in MEASURES if not names or measure.name in names]
    with TemporaryDirectory(prefix="opencombiner-bench-") as folder:
        figures, details, failures = asyncio.run(_measure(chosen, Path(folder), console))
    LATEST.write_text(json.dumps({**figures, "machine": machine(), "details": details}, indent=2) + "\n", "utf-8")
    console.print(table(figures))
    for name, reason in failures.items():
        console.print(f"{name} failed: {reason}")
    return int(bool(failures or missed(BARS, figures)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
