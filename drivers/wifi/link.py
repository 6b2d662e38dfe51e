"""A link to units that dial a broker: hears there what they report, and has each report answered at once."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from drivers.mqtt.connect import connect
from drivers.mqtt.session import AccessRefusedError, Message, Options, Session
from drivers.upkeep import Upkeep
from drivers.wifi.gate import MAX_BYTES, Gate
from protocols.errors import RemoteProtocolError

MAX_STRANGERS = 64  # whose serials are remembered, so that each is told once

_log = structlog.get_logger()


@dataclass(slots=True)
class WifiCounters:
    """What a link has counted since the daemon started."""

    opened: int = 0
    received: int = 0
    sent: int = 0  # answers
    damaged: int = 0  # messages that nobody can read
    oversize: int = 0
    too_fast: int = 0  # beyond a unit's allowance
    retained: int = 0  # replayed by the broker: nobody waits for an answer
    outdated: int = 0  # older than the unit's last: replayed, or its clock has just been set back
    strangers: int = 0  # messages of units that the site file does not name
    dropped: int = 0  # found the inbox full
    reason: str | None = None  # why the link is not up


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where units speak and hear: topics without the serial at their ends, and the serials that are ours."""

    uplink: str
    downlink: str
    known: frozenset[str]


class WifiLink:
    """One session with the broker that the units dial.

    Answers go out at quality 0: one that is lost is asked for again.
    """

    def __init__(
        self,
        name: str,
        options: Options,
        mailbox: Mailbox,
        *,
        rng: random.Random | None = None,
    ) -> None:
        self.counters = WifiCounters()
        self._options = options
        self._mailbox = mailbox
        self._hear: Callable[[str, bytes], bytes] | None = None
        self._upkeep = Upkeep(name, options.url, self.counters, rng)
        self._log = _log.bind(link=name, url=options.url)
        self._gate = Gate(mailbox.known, asyncio.get_running_loop().time())
        self._opened = asyncio.Event()
        self._strangers: set[str] = set()

    def listen(self, hear: Callable[[str, bytes], bytes]) -> None:
        """Hand over each message of a known unit, by its serial; what is returned answers it.

        `hear` raises RemoteProtocolError for a message that it cannot read.
        """
        self._hear = hear

    @property
    def up(self) -> bool:
        """Tell whether the units can be heard."""
        return self._opened.is_set()

    async def wait_up(self) -> None:
        """Return once the units can be heard."""
        await self._opened.wait()

    async def run(self) -> None:
        """Keep a session open, with backoff, until cancelled. Raises ConfigError."""
        await self._upkeep.run(self._once)

    async def _once(self) -> None:
        """Hold one session until it is lost."""
        try:
            async with connect(self._options) as session:
                await session.subscribe(f"{self._mailbox.uplink}+")
                self._opened.set()
                self._upkeep.up()
                await self._serve(session)
        except AccessRefusedError as error:
            raise AccessRefusedError(f"{error}; check user, password and rights") from error

    async def _serve(self, session: Session) -> None:
        try:
            async for message in session.messages():
                await self._take(session, message)
        finally:
            self._opened.clear()
            self.counters.dropped += session.dropped

    async def _take(self, session: Session, message: Message) -> None:
        serial = message.topic.removeprefix(self._mailbox.uplink)
        if self._hear is None or not self._admits(serial, message):
            return
        self.counters.received += 1
        try:
            answer = self._hear(serial, message.payload)
        except RemoteProtocolError as error:
            self.counters.damaged += 1
            self._log.debug("message_damaged", serial=serial, reason=str(error))
            return
        await session.publish(Message(self._mailbox.downlink + serial, answer))
        self.counters.sent += 1

    def _admits(self, serial: str, message: Message) -> bool:
        """Tell whether a message is for us to read; count it where it is not."""
        if not self._gate.knows(serial):
            self._note_stranger(serial)
            return False
        if message.retain:
            self.counters.retained += 1
            return False
        if len(message.payload) > MAX_BYTES:
            self.counters.oversize += 1
            return False
        if not self._gate.admits(serial, asyncio.get_running_loop().time()):
            self.counters.too_fast += 1
            return False
        return True

    def _note_stranger(self, serial: str) -> None:
        self.counters.strangers += 1
        if serial not in self._strangers and len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(serial)
            self._log.warning("unknown_unit", serial=serial[:MAX_STRANGERS], remedy="add it to the site file")
