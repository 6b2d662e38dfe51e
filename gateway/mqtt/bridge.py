"""The bridge: keeps a session with the broker and says there what the site has to say."""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from math import inf

import structlog

from config.site import Mqtt
from drivers.mqtt.connect import connect
from drivers.mqtt.session import AccessRefusedError, ClosedError, Message, Options, Session, TakenOverError
from drivers.together import first_of
from gateway.log import LogTap
from gateway.meter import Meters, parse_measured
from gateway.mqtt import payloads, topics
from gateway.mqtt.alarms import Alarms
from gateway.mqtt.commands import Commands, Orders
from gateway.mqtt.discovery import Discovery
from gateway.mqtt.messages import Messages
from gateway.mqtt.payloads import About, Json
from gateway.mqtt.questions import Questions
from gateway.mqtt.site import Site
from gateway.telemetry.outbox import MAX_EVENTS
from protocols.errors import ConfigError, LinkDownError

RETRY_FIRST_S = 1.0  # pause before another try; doubled each time
RETRY_MOST_S = 30.0  # so that a broker that comes back is found within half a minute
STEADY_S = 60.0  # a session that lasted for less does not end the doubling
SHORT_SESSIONS = 5  # in a row: it is no broker that restarts; a broker of MQTT 5 may tell at once who took our place
RETRY_TAKEN_S = 300.0  # then: who knocks at once throws the other off, and so on
BIRTH_DELAY_S = (0.5, 3.0)  # before we answer Home Assistant's birth: not all devices at once
FLUSH_GAP_S = 0.1  # between two looks at the outbox: a burst of answers is one message per topic
REPORT_EVERY_S = 60.0  # between two reports of health and links
FAREWELL_WITHIN_S = 1.0  # for our last word; with the driver's goodbye it stays below 2 s

_TAKEN, _REMEDY = "mqtt_taken_over", "does a second gateway run with this site's id? Give each an `id` of its own"

_log = structlog.get_logger()


@dataclass(slots=True)
class BridgeCounters:
    """What the bridge has counted since the daemon started; `dropped_inbound` is of the present session."""

    connected: bool = False
    connects: int = 0
    failures: int = 0
    published: int = 0
    waiting_events: int = 0
    dropped_events: int = 0
    dropped_inbound: int = 0
    dropped_replies: int = 0


class Bridge:
    """Connects the site with a broker, for as long as `run` runs.

    `orders` carries out what the broker's clients want done, `alarms` are the site's, `meters` get what is said on
    their topics, `health` returns what `bridge/health` says beside its time, `tap` holds the warnings for
    `bridge/logging`, `jitter` draws a number between two.
    """

    def __init__(  # noqa: PLR0913 - everything that speaks with the broker meets here
        self,
        site: Site,
        about: About,
        settings: Mqtt,
        options: Options,
        health: Callable[[], Json],
        tap: LogTap,
        *,
        orders: Orders,
        alarms: Alarms,
        meters: Meters,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._site = site
        self._options = options
        self._health = health
        self._tap = tap
        self._jitter = jitter
        tree = topics.Tree(settings.base, about.site)
        prefix = settings.discovery.prefix
        discovery = Discovery(tree, about, prefix, alarms.catalogue) if settings.discovery.enabled else None
        self._messages = Messages(tree, about, discovery, mirror=settings.flat)
        self._questions = Questions(tree, site, about, self._condition)
        self._commands = Commands(tree, orders, alarms, site.utc)
        self._alarms = alarms
        self._meters = meters
        self._inventory = tree.topic(topics.Bridge("devices"))
        self._birth = f"{prefix}/status" if discovery else None
        self._filters = [tree.requests, *tree.writes, self._inventory, *sorted(meters.topics)]
        self._filters += [self._birth] if self._birth else []
        self._born = asyncio.Event()
        self._speaking = asyncio.Lock()  # greeting and news never mix: values follow their descriptions
        self._events: deque[Message] = deque()  # taken from the outbox and not yet acknowledged
        self._report_at = 0.0
        self._tries = 0
        self._since = inf  # when the session began
        self._short = 0  # sessions in a row that did not last
        self._noted: str | None = None  # the loss that the log knows of
        self._counters = BridgeCounters()

    def counters(self) -> Json:
        """Return the counters, for `bridge/health`."""
        self._counters.waiting_events = len(self._events)
        self._counters.dropped_replies = self._commands.dropped
        return asdict(self._counters)

    async def run(self) -> None:
        """Keep a session open until cancelled; then say goodbye, in less than 2 s whatever the broker does."""
        while True:
            pause_s = await self._attempt()
            self._tries += 1
            await asyncio.sleep(self._jitter(pause_s / 2, pause_s))

    async def _attempt(self) -> float:
        """Hold one session until it ends; return how long to pause at most before the next."""
        self._since = inf
        try:
            async with connect(self._options) as session:
                self._since = asyncio.get_running_loop().time()
                await self._serve(session)
        except AccessRefusedError as error:
            self._note("mqtt_refused", error, remedy="check user, password, certificate and rights")
            return error.retry_s
        except LinkDownError as error:
            self._count_short(error)
            if self._short >= SHORT_SESSIONS:
                self._note(_TAKEN, error, remedy=_REMEDY)
                return RETRY_TAKEN_S
            self._note("mqtt_down", error)
        except ConfigError:
            raise
        except Exception:  # noqa: BLE001 - the MQTT supervisor: a bug of ours costs the session, never the plant
            self._counters.failures += 1
            _log.exception("mqtt_failed")
        finally:
            self._counters.connected = False
        return min(RETRY_FIRST_S * 2.0 ** min(self._tries, 10), RETRY_MOST_S)

    def _count_short(self, error: LinkDownError) -> None:
        """Count sessions in a row that the broker soon ended: two gateways of one name do so to each other for ever."""
        held_s = asyncio.get_running_loop().time() - self._since
        if isinstance(error, TakenOverError):
            self._short = SHORT_SESSIONS
        elif held_s >= 0:  # there was a session
            self._short = self._short + 1 if held_s < STEADY_S and isinstance(error, ClosedError) else 0
            self._tries = self._tries if self._short else 0

    def _note(self, event: str, error: LinkDownError, **more: str) -> None:
        """Log a loss once, not every vain try after it."""
        say = _log.debug if event == self._noted else _log.error if event == _TAKEN else _log.warning
        self._noted = event
        say(event, broker=self._options.url, reason=str(error), **more)

    async def _serve(self, session: Session) -> None:
        try:
            await self._subscribe(session)
            await self._greet(session)
            self._tries = self._tries if self._short else 0
            self._noted = self._noted if self._short else None  # a loss that comes again soon is the same one
            self._counters.connected = True
            self._counters.connects += 1
            _log.info("mqtt_up", broker=self._options.url)
            works = (self._tell, self._tell_alarms, self._listen, self._greet_newborn)
            more = (self._report, self._forward_logs, self._reply)
            await first_of(*(work(session) for work in (*works, *more)))
        finally:
            self._counters.dropped_inbound = session.dropped
            with contextlib.suppress(LinkDownError, TimeoutError):
                async with asyncio.timeout(FAREWELL_WITHIN_S):
                    await session.publish(self._messages.gone())

    async def _subscribe(self, session: Session) -> None:
        for topic_filter in self._filters:
            try:
                await session.subscribe(topic_filter)
            except AccessRefusedError as error:  # telemetry works without
                _log.warning("mqtt_subscription_refused", reason=str(error))

    async def _greet(self, session: Session) -> None:
        """Say everything, in the order that lets a listener make sense of it."""
        async with self._speaking:
            views = self._site.views
            await self._say(session, self._messages.bridge(views))
            await self._say(session, self._messages.descriptions(views))
            for view in views.values():
                await self._say(session, self._messages.availability(view))
            for view in views.values():
                await self._say(session, self._messages.info(view))
                await self._say(session, self._messages.state(view))
            await self._say_alarms(session, self._alarms.subjects)
            await self._say_site(session)

    async def _say_alarms(self, session: Session, subjects: Iterable[str]) -> None:
        await self._say(session, [self._messages.alarms(each, self._alarms.standing(each)) for each in subjects])

    async def _say_site(self, session: Session) -> None:
        summary = self._alarms.summary()
        await self._say(session, [self._messages.site(self._site.totals(), summary, self._site.utc())])

    async def _tell_alarms(self, session: Session) -> None:
        """Say each event of the journal, and move on when the broker has acknowledged it."""
        while True:
            entry = await self._alarms.journal.next()
            row = self._alarms.row(entry.subject, entry.code)
            await self._say(session, [self._messages.alarm_event(entry, row)])
            self._alarms.journal.told(entry)

    async def _tell(self, session: Session) -> None:
        """Say what is new, as soon as it is new."""
        while True:
            await self._site.outbox.wait()
            async with self._speaking:
                await self._flush(session)
            await asyncio.sleep(FLUSH_GAP_S)

    async def _flush(self, session: Session) -> None:
        changes = self._site.outbox.take()
        for event in changes.events:
            self._keep(self._messages.event(event))
        views = self._site.views
        for slot in changes.info:
            await self._say(session, self._messages.description(views[slot]))
            await self._say(session, self._messages.info(views[slot]))
        if changes.info:
            await self._say(session, [self._messages.devices(views)])
        for slot in changes.availability:
            await self._say(session, self._messages.availability(views[slot]))
        for slot in changes.state:
            await self._say(session, self._messages.state(views[slot]))
        await self._say_alarms(session, changes.alarms)
        if changes.site:
            await self._say_site(session)
        while self._events:
            await self._say(session, [self._events[0]])
            self._events.popleft()

    def _keep(self, event: Message) -> None:
        if len(self._events) >= MAX_EVENTS:
            self._events.popleft()
            self._counters.dropped_events += 1
        self._events.append(event)

    async def _listen(self, session: Session) -> None:
        async for message in session.messages():
            if message.topic == self._birth:
                if message.payload == b"online" and not message.retain:
                    self._born.set()
            elif message.topic == self._inventory:
                if message.retain:  # what an earlier run left behind; not our own echo
                    known = payloads.parse_inventory(message.payload)
                    await self._say(session, self._messages.departed(known, self._site.views))
            elif message.topic in self._meters.topics:
                self._measure(message)
            elif not self._commands.take(message) and (answer := self._questions.answer(message)):
                await self._say(session, [answer])

    def _measure(self, message: Message) -> None:
        """Take what a meter says; what the broker kept of it has no age, and so does not count."""
        measured = None if message.retain else parse_measured(message.payload)
        if measured is not None:
            self._meters.put(message.topic, measured)

    async def _reply(self, session: Session) -> None:
        """Say what came of commands."""
        while True:
            await self._say(session, [await self._commands.reply()])

    async def _greet_newborn(self, session: Session) -> None:
        """Answer Home Assistant's birth."""
        while True:
            await self._born.wait()
            await asyncio.sleep(self._jitter(*BIRTH_DELAY_S))
            self._born.clear()
            await self._greet(session)

    async def _report(self, session: Session) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(self._report_at - now())
            self._report_at = now() + REPORT_EVERY_S
            self._counters.dropped_inbound = session.dropped
            await self._say(session, [self._messages.health(self._condition())])
            for view in self._site.views.values():
                await self._say(session, self._messages.link(view))

    def _condition(self) -> Json:
        return {"ts": payloads.stamp(self._site.utc()), **self._health()}

    async def _forward_logs(self, session: Session) -> None:
        while True:
            await self._tap.wait()
            await self._say(session, [self._messages.log(record) for record in self._tap.take()])

    async def _say(self, session: Session, messages: Iterable[Message]) -> None:
        for message in messages:
            await session.publish(message)
            self._counters.published += 1
