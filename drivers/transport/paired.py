"""Serial devices and TCP connections: both come from asyncio as a pair of reader and writer."""

import asyncio
import os
import socket

import serial_asyncio_fast

from drivers.transport import BACKLOG, CHUNK, CLOSED, ByteStream
from drivers.transport.door import Door
from protocols.errors import LinkDownError

_IDLE_S = 10  # a silent peer is asked for a sign of life after this; one that lost its power is found after four times
_PROBES = 3


class PairedStream:
    """A reader and a writer as one stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._transport = writer.transport

    async def read(self) -> bytes:
        """Return the next bytes."""
        try:
            chunk = await self._reader.read(CHUNK)
        except OSError as error:  # those of pyserial are among them; it guesses where the system gives no number
            raise LinkDownError(f"{CLOSED}: {os.strerror(error.errno)}" if error.errno else CLOSED) from error
        if not chunk:
            self.close()  # what is written to a half-open connection goes nowhere
            raise LinkDownError(CLOSED)
        return chunk

    async def write(self, data: bytes) -> None:
        """Hand over `data`."""
        if self._transport.is_closing():
            raise LinkDownError(CLOSED)
        room = BACKLOG - self._transport.get_write_buffer_size()
        if room > 0:
            self._transport.write(data[:room])

    def close(self) -> None:
        """Close at once; what was not sent is lost."""
        if not self._transport.is_closing():
            self._transport.abort()


async def open_serial(path: str, baud: int) -> ByteStream:
    """Open a serial device for ourselves alone, 8N1. Raises OSError."""
    return PairedStream(*await serial_asyncio_fast.open_serial_connection(url=path, baudrate=baud, exclusive=True))


async def open_socket(host: str, port: int) -> ByteStream:
    """Connect to a TCP server. Raises OSError."""
    return _tuned(*await asyncio.open_connection(host, port))


class SocketListener:
    """Serves a TCP port."""

    def __init__(self, server: asyncio.Server, door: Door, url: str) -> None:
        self.url = url
        self._server = server
        self._door = door

    async def accept(self) -> ByteStream:
        """Return the stream of the next client."""
        return await self._door.accept()

    def close(self) -> None:
        """Free the port and drop the client."""
        self._server.close()
        self._door.close()


async def serve_socket(host: str, port: int) -> SocketListener:
    """Serve a TCP port; with 0 the system chooses one. Raises OSError."""
    door = Door()

    def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        door.enter(_tuned(reader, writer))

    server = await asyncio.start_server(enter, host, port)
    given = server.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return SocketListener(server, door, f"socket://{shown}:{given}")


def _tuned(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> PairedStream:
    """Send small frames at once, and notice a peer that vanished."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    return PairedStream(reader, writer)
