"""Where a gateway's adapter is plugged in: serves a link, and can be unplugged."""

import asyncio

import structlog

from drivers.stream import Listener, listen
from emulator.host import Modem
from protocols.errors import LinkDownError

_log = structlog.get_logger()


class Outlet:
    """One modem at the end of a link; a link that a client leaves waits for the next."""

    def __init__(self, url: str, modem: Modem) -> None:
        self.url = url
        self.listener: Listener | None = None
        self._modem = modem
        self._plugged = asyncio.Event()
        self._plugged.set()

    async def open(self) -> Listener:
        """Serve the link; its URL is then the real one. Raises ConfigError when it cannot be served."""
        self.listener = await listen(self.url)
        self.url = self.listener.url
        return self.listener

    def plug(self) -> None:
        """Plug the adapter in again."""
        self._plugged.set()

    def unplug(self) -> None:
        """Pull the adapter out: its client is gone, and nobody can open it."""
        self._plugged.clear()
        self.close()

    def stall(self, *, stalled: bool) -> None:
        """Let the adapter hang, or go on: its port stays open, and what passes meanwhile is lost."""
        self._modem.port.stalled = stalled

    def delay(self, seconds: float) -> None:
        """Let the client get what its adapter says so much later."""
        self._modem.port.delay_s = seconds

    def close(self) -> None:
        """Serve no more."""
        if self.listener is not None:
            self.listener.close()
            self.listener = None

    async def attend(self) -> None:
        """Serve client after client until cancelled."""
        while True:
            await self._plugged.wait()
            listener = self.listener or await self.open()
            try:
                stream = await listener.accept()
            except LinkDownError:  # unplugged while it waited
                continue
            _log.info("client_connected", link=self.url)
            try:
                await self._modem.serve(stream)
            finally:
                stream.close()
            _log.info("client_gone", link=self.url)
