"""A real Mosquitto on loopback: started, stopped, frozen and stopped for good by its own process id."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path

_TRIES = 5  # another process may take the free port before the broker does
_PLACES = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/sbin"


def executable() -> str:
    """Return where mosquitto is; a machine without it cannot run these tests."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=_PLACES)
    if found is None:
        raise AssertionError("mosquitto is not installed, and `make test` needs it: apt-get install mosquitto")
    return found


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker process; `settings` are lines of its configuration. Nothing retained survives a stop."""

    def __init__(self, folder: Path, *settings: str, scheme: str = "mqtt", anonymous: bool = True) -> None:
        self._folder = folder
        self._settings = (*settings, f"allow_anonymous {str(anonymous).lower()}")
        self._scheme = scheme
        self._process: subprocess.Popen[str] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Return where clients find it."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it on its port and return when it listens; only the first start may choose another port."""
        first = self._process is None
        for _ in range(_TRIES):
            if self._try_start():
                return
            if first:
                self.port = free_port()
        raise AssertionError(f"mosquitto does not start on port {self.port}")

    def stop(self) -> None:
        """Stop it at once, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process is not None and self._process.stderr is not None:
            self._process.stderr.close()

    def hang(self) -> None:
        """Freeze it: connections stay open and nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise AssertionError("start the broker first")
        return self._process

    def _try_start(self) -> bool:
        config = self._folder / "mosquitto.conf"
        lines = (f"listener {self.port} 127.0.0.1", *self._settings, "persistence false", "log_dest stderr")
        # without notices: one line per client would fill the pipe, which nobody reads after the start
        config.write_text("\n".join((*lines, "log_type error", "log_type warning", "log_type information", "")))
        self._process = subprocess.Popen([executable(), "-c", str(config)], stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own arguments
        if self._process.stderr is None:
            raise AssertionError("stderr is a pipe")
        if any(line.rstrip().endswith("running") for line in self._process.stderr):
            return True
        self.stop()
        return False
