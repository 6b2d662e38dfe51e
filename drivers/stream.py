"""Byte streams by URL, both ends: what a driver opens and what the emulator serves.

/dev/…               a serial device               pty:PATH   a pseudo-terminal; the serving end makes the link PATH
socket://host:port   a TCP connection              mem://name an in-process pipe
"""

import asyncio
import errno
import os
from urllib.parse import urlsplit

from drivers.transport import BACKLOG, CHUNK, ByteStream, Listener
from drivers.transport.memory import MemoryListener, MemoryStream, connect, pipe
from drivers.transport.paired import open_serial, open_socket, serve_socket
from drivers.transport.terminal import TerminalListener
from protocols.errors import ConfigError, LinkDownError

__all__ = ["BACKLOG", "CHUNK", "ByteStream", "Listener", "MemoryStream", "listen", "open_stream", "pipe"]

_CONNECT_S = 10  # a host that is switched off answers nothing, not even a refusal
_PREFIXES = ("pty:", "socket://", "mem://")


async def open_stream(url: str, *, baud: int = 9600) -> ByteStream:
    """Open the client end of a URL.

    `baud` matters to serial devices only. Raises ConfigError for a URL of another form, LinkDownError with the reason
    when nobody is there.
    """
    scheme, rest = _split(url)
    try:
        match scheme:
            case "mem://":
                return connect(rest)
            case "socket://":
                async with asyncio.timeout(_CONNECT_S):
                    return await open_socket(*_address(url))
            case _:
                return await open_serial(rest, baud)
    except TimeoutError as error:
        raise LinkDownError(f"{url}: no answer within {_CONNECT_S} s") from error
    except OSError as error:
        raise LinkDownError(_reason(url, error)) from error
    except ValueError as error:
        raise ConfigError(f"{url}: {baud} baud is not possible: {error}") from error


async def listen(url: str) -> Listener:
    """Serve a pty, a socket or an in-process pipe. Raises ConfigError when the URL cannot be served."""
    scheme, rest = _split(url)
    try:
        match scheme:
            case "mem://":
                return MemoryListener(rest)
            case "socket://":
                return await serve_socket(*_address(url))
            case "pty:":
                return TerminalListener(rest)
            case _:
                raise ConfigError(f"{url}: a serial device cannot be served; use pty:PATH, socket://… or mem://…")
    except OSError as error:
        raise ConfigError(f"{url} cannot be served: {error.strerror or error}") from error


def _split(url: str) -> tuple[str, str]:
    """Return the prefix that tells the kind of a URL, and the rest."""
    if url.startswith("/dev/"):
        return "", url
    for prefix in _PREFIXES:
        if url.startswith(prefix) and url != prefix:
            return prefix, url.removeprefix(prefix)
    raise ConfigError(f"{url!r} is no link: expected /dev/…, pty:PATH, socket://host:port or mem://name")


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:  # a port that is no number, or out of range; a name that no host can have
        host, port = None, None
    if not host or port is None:
        raise ConfigError(f"{url!r} needs a host and a port from 0 to 65535: socket://host:port")
    return host, port


def _reason(url: str, error: OSError) -> str:
    """Say why `url` cannot be opened, and what helps."""
    match error.errno:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return f"{url} is missing: is it plugged in?"
        case errno.EACCES | errno.EPERM:
            return f"{url}: permission denied; add the user to group dialout"
        case errno.EAGAIN | errno.EBUSY:
            return f"{url} is in use by another program"
        case int(code) if code > 0:
            return f"{url}: {os.strerror(code)}"  # asyncio's own text does not say why
        case _:
            return f"{url}: {error}"
