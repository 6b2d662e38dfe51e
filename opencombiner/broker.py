"""A broker inside the demo's own process, on loopback, so that nothing has to be installed beside it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from protocols.errors import OpenCombinerError

HOST = "127.0.0.1"
USUAL_PORT = 1883
_MAX_CLIENTS = 50  # the gateway, the table and whoever looks on


class BrokerMissingError(OpenCombinerError):
    """The demo's broker is not installed."""


@asynccontextmanager
async def embedded_broker() -> AsyncIterator[int]:
    """Run a broker for the time of the context and yield its port: 1883 where it is free, else another.

    Raises BrokerMissingError when amqtt is not installed.
    """
    try:
        from amqtt.broker import Broker  # noqa: PLC0415 - an extra that only the demo needs
    except ImportError:
        raise BrokerMissingError(
            "the demo needs its broker: pip install 'opencombiner[demo]', or make demo in a checkout"
        ) from None
    port = free_port()
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}", "max_connections": _MAX_CLIENTS}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    try:
        yield port
    finally:
        await broker.shutdown()


def free_port() -> int:
    """Return 1883 where nobody has it on loopback, else a port that the system picks."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OpenCombinerError("no free port on loopback")
