"""Where the clients of a listener come in."""

import asyncio

from drivers.transport import ByteStream
from protocols.errors import LinkDownError


class Door:
    """Holds one client: the newest takes the place of the one before."""

    def __init__(self) -> None:
        self._client: ByteStream | None = None
        self._changed = asyncio.Event()
        self._open = True

    def enter(self, client: ByteStream) -> None:
        """Let a client in."""
        self._dismiss()
        self._client = client
        self._changed.set()

    async def accept(self) -> ByteStream:
        """Return the next client. Raises LinkDownError once the door is closed."""
        await self._changed.wait()
        if not self._open or self._client is None:
            raise LinkDownError("the listener is closed")
        self._changed.clear()
        return self._client

    def close(self) -> None:
        """Send the client away and let nobody else in."""
        self._dismiss()
        self._open = False
        self._changed.set()

    def _dismiss(self) -> None:
        if self._client is not None:
            self._client.close()
