"""Programs that are measured from outside: their CPU time and memory as the kernel counts them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import clock_gettime

from benchmarks.figures import MeasureFailedError
from gateway.health import rss_mib
from opencombiner.child import end

ROOT = Path(__file__).parent.parent
_PROCESS_CLOCK = 2  # CPUCLOCK_SCHED of a whole process: the low bits of its clock's number, clock_getcpuclockid(3)


class ProgramEndedError(MeasureFailedError):
    """A program that is measured has ended by itself."""


@dataclass(frozen=True, slots=True)
class Program:
    """A running program; what it says goes to `log`."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self.process.pid

    @property
    def cpu_s(self) -> float:
        """Return the CPU time of all its threads since its start, to the nanosecond."""
        return clock_gettime(~self.pid << 3 | _PROCESS_CLOCK)

    @property
    def rss_mib(self) -> float:
        """Return the memory that it occupies. Raises ProgramEndedError."""
        mib = rss_mib(Path(f"/proc/{self.pid}/statm"))
        if mib is None:
            raise ProgramEndedError(self.said())
        return mib

    def said(self) -> str:
        """Return its last words."""
        return self.log.read_text("utf-8", "replace")[-2000:]

    async def result(self) -> str:
        """Wait for its end and return all that it said. Raises ProgramEndedError when it failed."""
        if await self.process.wait():
            raise ProgramEndedError(self.said())
        return self.log.read_text("utf-8")


@asynccontextmanager
async def program(*arguments: str, log: Path) -> AsyncIterator[Program]:
    """Run `python ARGUMENTS` in the checkout for the time of the context."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
    try:
        yield Program(process, log)
    finally:
        await end(process)
