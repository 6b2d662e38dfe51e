"""Commands of our own as child processes that never outlive their parent's interest."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import opencombiner
from opencombiner.lifetime import ENDS_WITH_STDIN

STOP_S = 3.0  # a service stops within 2 s of SIGTERM; then it is killed
TAIL_LINES = 15
_ROOT = Path(opencombiner.__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Child:
    """A running command; what it says goes to `log`."""

    name: str
    log: Path
    process: asyncio.subprocess.Process

    def tail(self) -> str:
        """Return the last lines that it wrote."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:])


@asynccontextmanager
async def child(name: str, *arguments: str, log: Path) -> AsyncIterator[Child]:
    """Run `opencombiner ARGUMENTS` for the time of the context, in a process group of its own."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opencombiner", *arguments),
            stdin=asyncio.subprocess.PIPE,  # nothing is ever written: its end tells the child that we are gone
            stdout=out,
            stderr=out,
            env=_environment(),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which ends its children in order
        )
    try:
        yield Child(name, log, process)
    finally:
        await end(process)


def _environment() -> dict[str, str]:
    """Return an environment in which a folder of the user's named `config` is not taken for ours."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", ENDS_WITH_STDIN: "1"}


async def end(process: asyncio.subprocess.Process, patience_s: float = STOP_S) -> None:
    """Ask a process group to stop; kill it when it has not stopped after `patience_s`."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):  # it has just ended by itself
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await process.wait()
