"""The serving end of a pseudo-terminal: what the emulator puts where a serial device would be."""

import asyncio
import os
import pty
import tty
from pathlib import Path

from drivers.transport import BACKLOG, CHUNK, CLOSED, ByteStream
from drivers.transport.door import Door
from protocols.errors import ConfigError, LinkDownError

_SLAVES = Path("/dev/pts")


class TerminalStream:
    """The master side; it does not notice clients that come and go."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._ready = asyncio.Event()
        self._closed = False
        self._loop.add_reader(master, self._take)

    def _take(self) -> None:
        """Empty the terminal; beyond BACKLOG bytes are lost."""
        try:
            chunk = os.read(self._master, CHUNK)
        except OSError:
            self.close()
            return
        self._buffer += chunk[: BACKLOG - len(self._buffer)]
        self._ready.set()

    async def read(self) -> bytes:
        """Return the next bytes."""
        await self._ready.wait()
        if self._closed:
            raise LinkDownError(CLOSED)
        chunk = bytes(self._buffer[:CHUNK])
        del self._buffer[:CHUNK]
        if not self._buffer:
            self._ready.clear()
        return chunk

    async def write(self, data: bytes) -> None:
        """Hand over `data`; what nobody reads is lost."""
        if self._closed:
            raise LinkDownError(CLOSED)
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return
        except OSError as error:
            raise LinkDownError(f"{CLOSED}: {error.strerror}") from error

    def close(self) -> None:
        """Stop reading; the terminal stays until its listener is closed."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._master)
            self._ready.set()


class TerminalListener:
    """Keeps a pseudo-terminal open under the link PATH.

    Our own slave descriptor stays open, so that the master outlives clients which close and open again. There is one
    stream, whoever the client is. Raises ConfigError when PATH is something else than a link to a pseudo-terminal.
    """

    def __init__(self, path: str) -> None:
        self.url = f"pty:{path}"
        self._link = Path(path)
        self._door = Door()
        _refuse_others(self._link)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._target = os.ttyname(self._slave)
        self._point()
        self._door.enter(TerminalStream(self._master))

    def _point(self) -> None:
        """Make the link in one step: a client finds the old terminal or the new one."""
        fresh = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        try:
            fresh.symlink_to(self._target)
            fresh.replace(self._link)
        except OSError as error:
            self._release()
            raise ConfigError(f"{self.url}: the link cannot be made: {error.strerror}") from error

    async def accept(self) -> ByteStream:
        """Return the stream; there is no second one."""
        return await self._door.accept()

    def close(self) -> None:
        """Take the link away and hang up."""
        if self._link.is_symlink() and str(self._link.readlink()) == self._target:
            self._link.unlink()
        self._door.close()
        self._release()

    def _release(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1


def _refuse_others(link: Path) -> None:
    """Raise ConfigError when `link` is taken by what an earlier run of ours cannot have left."""
    if not link.is_symlink():
        if link.exists():
            raise ConfigError(f"pty:{link}: there is a file that is no link; remove it or choose another path")
    elif _SLAVES not in link.readlink().parents:
        raise ConfigError(f"pty:{link}: the link leads to {link.readlink()}, no pseudo-terminal; choose another path")
