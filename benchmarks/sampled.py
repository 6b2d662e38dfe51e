"""Where a daemon's CPU time goes: runs the command line and looks a thousand times a second at what it is doing.

python -m benchmarks.sampled FILE ARGUMENTS…     SIGUSR1 starts and stops the looking; the shares are written then
"""

import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.001
IDLE = "idle"
REST = "loop"  # the event loop and what no section owns
SECTIONS = {
    "drivers.mqtt": "mqtt",
    "aiomqtt": "mqtt",
    "paho": "mqtt",
    "gateway.mqtt": "encode",
    "gateway.alarms": "alarms",
    "gateway.telemetry": "ledger",
    "gateway.store": "ledger",
    "protocols": "decode",
    "drivers": "link",
    "serial_asyncio_fast": "link",
    "serial": "link",
    "gateway.fleet": "link",
}


def section(module: str) -> str | None:
    """Return the section that a module belongs to: that of the nearest package that has one."""
    while module:
        if module in SECTIONS:
            return SECTIONS[module]
        module = module.rpartition(".")[0]
    return None


def place(frame: FrameType | None) -> str:
    """Return the section of the innermost frame that belongs to one."""
    if frame is not None and frame.f_globals.get("__name__") == "selectors":
        return IDLE
    while frame is not None:
        found = section(str(frame.f_globals.get("__name__", "")))
        if found:
            return found
        frame = frame.f_back
    return REST


class Sampler:
    """Counts where the main thread is, from one SIGUSR1 to the next."""

    def __init__(self, file: Path) -> None:
        self.seen: Counter[str] = Counter()
        self._file = file
        self._looking = False

    def toggle(self, *_: object) -> None:
        """Start to look; or stop, and write the shares of what was busy."""
        self._looking = not self._looking
        signal.setitimer(signal.ITIMER_REAL, EVERY_S * self._looking, EVERY_S * self._looking)
        if not self._looking:
            del self.seen[IDLE]
            total = self.seen.total() or 1
            self._file.write_text(json.dumps({name: count / total for name, count in self.seen.items()}))

    def look(self, _: int, frame: FrameType | None) -> None:
        """Count one look."""
        self.seen[place(frame)] += 1


def main() -> None:
    """Run the command line under the sampler."""
    from opencombiner.cli import app  # noqa: PLC0415 - the test of `section` needs none of it

    sampler = Sampler(Path(sys.argv[1]))
    signal.signal(signal.SIGUSR1, sampler.toggle)
    signal.signal(signal.SIGALRM, sampler.look)
    app(sys.argv[2:], prog_name="opencombiner")


if __name__ == "__main__":
    main()
