"""Our own commands as processes, for tests that look at them from outside."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 30.0


OURS = (sys.executable, "-m", "opencombiner")


class Command:
    """`opencombiner ARGUMENTS`, running; what it says goes to `log`."""

    def __init__(self, log: Path, *arguments: str, program: tuple[str, ...] = OURS, folder: Path = ROOT) -> None:
        self._log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=folder,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self._process.send_signal(number)
        return self._process.wait(PATIENCE_S)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Return the exit code of a command that ends by itself."""
        return self._process.wait(within_s)

    def end(self) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE_S)


@contextmanager
def command(log: Path, *arguments: str, program: tuple[str, ...] = OURS, folder: Path = ROOT) -> Iterator[Command]:
    """Run a command for the time of the context; the checkout's, unless told otherwise."""
    running = Command(log, *arguments, program=program, folder=folder)
    try:
        yield running
    finally:
        running.end()
