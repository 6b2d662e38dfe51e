"""The container's health check: waits for a sign of life of the command that runs beside it.

It takes systemd's place at NOTIFY_SOCKET for a moment and listens for what would feed the watchdog there. The gateway
gives that sign while its links make progress, whether or not a broker is there; the emulator while it serves.
"""  # noqa: INP001 - a script, no package

import os
import socket
import sys
from contextlib import suppress

PATIENCE_S = 12.0  # the sign comes every 5 s; one may be missed
SIGN = b"WATCHDOG=1"


def listen(address: str, patience_s: float) -> bool:
    """Tell whether a sign of life comes in time; a socket that an earlier check left is replaced."""
    with suppress(FileNotFoundError):
        os.unlink(address)  # noqa: PTH108 - pathlib would double the start-up time of a check that runs all day
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(address)
        door.settimeout(patience_s)
        try:
            while door.recv(64) != SIGN:
                pass
        except TimeoutError:
            return False
    return True


if __name__ == "__main__" and not listen(os.environ["NOTIFY_SOCKET"], PATIENCE_S):
    sys.exit(f"no sign of life within {PATIENCE_S:g} s")
