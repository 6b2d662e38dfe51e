"""A double of a coordinator and its network: the units' own sides answer, datagrams get lost, time is virtual."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from random import Random

from drivers.link import LinkCounters, Port, Urgency
from protocols.modems.znp.air import BROADCAST, Message, Report, content, datagram
from protocols.modems.znp.network import network
from protocols.modems.znp.status import SUCCESS, Status
from protocols.vendors.apsystems.responder import InverterSide

ANSWER_S = 0.4
NO_ROUTE_S = 1.0
PAN = network("").pan


class Air:
    """Implements `drivers.link.Link`; `awake` tells whether units have light at a loop time."""

    def __init__(
        self, sides: Sequence[InverterSide], awake: Callable[[float], bool], *, loss: float = 0.0, rng: Random
    ) -> None:
        self.sides = {side.node: side for side in sides}
        self.awake = awake
        self.counters = LinkCounters()
        self.loss = loss
        self.rng = rng
        self.claimed: list[tuple[float, int]] = []  # when, and for whom
        for side in sides:
            side.pairing.home(PAN)

    @property
    def up(self) -> bool:
        return True

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def wait_up(self) -> None:
        return

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[Port]:
        assert urgency in Urgency
        self.claimed.append((asyncio.get_running_loop().time(), node))
        yield _Window(self)

    def carried(self) -> bool:
        return self.rng.random() >= self.loss


class _Window:
    def __init__(self, air: Air) -> None:
        self._air = air
        self._coming: list[tuple[float, bytes]] = []
        self._ends_at = 0.0

    async def send(self, datagram_: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        assert (reply_bytes > 0, replies) == (True, 1)
        now, message = asyncio.get_running_loop().time(), content(datagram_)
        assert isinstance(message, Message)
        self._ends_at, self._coming = now + within_s, []
        if message.node == BROADCAST:
            self._hear(now, message, datagram_, self._air.sides.values())
        elif message.node in self._air.sides and self._air.awake(now):
            self._coming = [(now + ANSWER_S / 2, datagram(Report(message.node, SUCCESS)))]
            self._hear(now, message, datagram_, [self._air.sides[message.node]])
        else:
            self._coming = [(now + NO_ROUTE_S, datagram(Report(message.node, Status.NWK_NO_ROUTE)))]

    def _hear(self, now: float, message: Message, raw: bytes, sides: Iterable[InverterSide]) -> None:
        for side in sides:
            if self._air.awake(now) and side.pairing.hears(message, PAN) and self._air.carried():
                answers = side.answer(raw, now)
                self._coming += [(now + ANSWER_S, each) for each in answers if self._air.carried()]

    async def receive(self) -> bytes | None:
        at, heard = self._coming.pop(0) if self._coming else (self._ends_at, None)
        await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
        return heard
