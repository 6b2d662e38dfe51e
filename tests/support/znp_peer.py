"""An emulated coordinator behind a link, with units that a test writes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from drivers.link import Urgency
from drivers.zigbee.link import ZigbeeLink
from drivers.zigbee.settings import ZigbeeSettings
from emulator.media.zigbee.coordinator import Coordinator
from emulator.outlet import Outlet
from protocols.modems.znp.air import Item, Message, content, datagram
from protocols.modems.znp.frame import UART_BYTES_LARGE
from protocols.modems.znp.network import CLUSTER_IN, CLUSTER_OUT
from protocols.modems.znp.status import SUCCESS

NODE = 0x1001
ANSWER = Message(NODE, CLUSTER_IN, b"answer", lqi=120)


class Peer:
    """A coordinator; `script` says to each message what its units answer, and `status` what became of it."""

    def __init__(self, uart_bytes: int = UART_BYTES_LARGE) -> None:
        self.coordinator = Coordinator(uart_bytes, self._transmit)
        self.script: Callable[[Message], list[Message]] = lambda _: [ANSWER]
        self.status: int | None = SUCCESS
        self.after_s = 0.2
        self.sent: list[Message] = []

    def _transmit(self, message: Message, sent: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        self.sent.append(message)
        if self.status is not None:
            loop.call_later(0.01, sent, self.status)
        if message.data[:3] != b"ask":
            return  # the greeting of a start-up: nobody heeds it
        for answer in self.script(message):
            loop.call_later(self.after_s, self.coordinator.hear, answer, ())


@asynccontextmanager
async def plugged(peer: Peer, url: str = "mem://coordinator") -> AsyncIterator[tuple[ZigbeeLink, Outlet]]:
    """Serve a coordinator and keep a link to it."""
    outlet = Outlet(url, peer.coordinator)
    await outlet.open()
    link = ZigbeeLink("barn", ZigbeeSettings(url=outlet.url))
    tasks = [asyncio.create_task(work) for work in (outlet.attend(), link.run())]
    try:
        yield link, outlet
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        outlet.close()


def question(number: int = 0, node: int = NODE) -> bytes:
    """Return the datagram of a question."""
    return datagram(Message(node, CLUSTER_OUT, b"ask%d" % number))


async def ask(link: ZigbeeLink, number: int = 0, within_s: float = 1.0) -> list[Item]:
    """Return all that is heard within the window of a question."""
    heard = []
    async with link.claim(NODE, Urgency.POLL) as port:
        await port.send(question(number), reply_bytes=len(datagram(ANSWER)), within_s=within_s)
        while (raw := await port.receive()) is not None:
            heard.append(content(raw))
    return heard
