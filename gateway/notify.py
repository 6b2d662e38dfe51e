"""Tell systemd how we are: sd_notify(3) over its datagram socket. Without one, nothing happens."""

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to the socket at `address`; `watchdog_s` is how long systemd waits for a sign of life."""

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s
        self._address = address

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Notifier":
        """Read NOTIFY_SOCKET and WATCHDOG_USEC; the watchdog is ours only when WATCHDOG_PID, if given, is us."""
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period = environ.get("WATCHDOG_USEC", "")
        watchdog_s = int(period) / 1e6 if ours and period.isdecimal() and int(period) else None
        return cls(environ.get("NOTIFY_SOCKET"), watchdog_s)

    def ready(self) -> None:
        """Say that the start is done."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Say that the stop has begun."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Give the watchdog its sign of life."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
            door.setblocking(False)  # a supervisor that does not read must not stop us
            door.sendto(state.encode(), address)
