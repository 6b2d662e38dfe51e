"""Open a session with the broker that a URL names."""

from contextlib import AbstractAsyncContextManager
from urllib.parse import SplitResult, urlsplit

from drivers.mqtt import client, memory
from drivers.mqtt.session import Options, Session
from protocols.errors import ConfigError

_SHOWN = 200  # characters of an address in an error
_PORTS = {"mqtt": 1883, "mqtts": 8883}


def connect(options: Options) -> AbstractAsyncContextManager[Session]:
    """Return a context that holds the session and takes leave of the broker at its end.

    Raises ConfigError for a URL that names no broker; entering the context raises LinkDownError when the broker is
    away and AccessRefusedError when it denies us. A loss inside it shows as LinkDownError from the session's methods.
    """
    try:
        where = urlsplit(options.url)
    except ValueError as error:  # a broken IPv6 address
        raise ConfigError(f"mqtt url {options.url[:_SHOWN]!r}: {str(error)[:_SHOWN]}") from None
    if where.scheme == "mem" and where.netloc and not where.path:
        return memory.session(memory.broker(where.netloc), options)
    if where.scheme in _PORTS and where.hostname:
        return client.session(where.hostname, _port(where, options.url), options, secure=where.scheme == "mqtts")
    raise ConfigError(
        f"mqtt url {options.url[:_SHOWN]!r}: expected mqtt://host[:port], mqtts://host[:port] or mem://name"
    )


def _port(where: SplitResult, url: str) -> int:
    if where.username is not None:
        raise ConfigError("mqtt url: user and password do not belong in it; use the settings for them")
    try:
        return where.port or _PORTS[where.scheme]
    except ValueError as error:
        raise ConfigError(f"mqtt url {url[:_SHOWN]!r}: {str(error)[:_SHOWN]}") from None
