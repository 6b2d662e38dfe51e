"""The alarms of the site at work: fed by what the site learns, kept in the journal, moved by operators."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Protocol

from config.alarms import AlarmDef, Catalogue, Priority
from drivers.clock import Trust
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action, Command
from gateway.alarms.derive import (
    COMM_LOSS,
    DEVICE_CODES,
    DayStarts,
    SiteStatus,
    is_dark,
    is_faulty,
    of_clock,
    of_link,
    of_profile,
    of_unit,
    site_status,
)
from gateway.alarms.engine import Engine, Observation, Standing
from gateway.alarms.grid_watch import GridWatch
from gateway.alarms.journal import Journal
from gateway.alarms.record import Moment, Transition
from gateway.alarms.reset import Answer, Resets, Sender, concerns_device
from gateway.alarms.rows import Entry
from gateway.alarms.units import Units
from gateway.rows import UnitRow
from gateway.snapshot import InverterView

_URGENCY = {priority: rank for rank, priority in enumerate(reversed(Priority))}


class Site(Protocol):
    """What alarms need of the site."""

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return all slots by their ids; the set of slots is fixed."""
        ...

    @property
    def links(self) -> Mapping[str, bool]:
        """Return whether the link of a gateway is up."""
        ...

    @property
    def clock_trusted(self) -> bool:
        """Tell whether the clock is right for sure."""
        ...

    def utc(self) -> float:
        """Return the time for stamps."""
        ...

    def event(self, kind: str, subject: str, **detail: str | float | None) -> None:
        """Take note of a happening."""
        ...


@dataclass(frozen=True, slots=True)
class Summary:
    """The site in one word, how many alarms are shown, and the name of the most urgent of them."""

    status: SiteStatus
    shown: int
    worst: str | None


class Alarms:
    """The alarms of a site. Build it inside the running loop; `senders` are by slot, `mark` notes whose alarms moved.

    `grid_profiles` are by slot those that units must work by: none where nobody says, or where a vendor's units have no
    word for it. `watch` judges the units that do not tell their alarms.

    What an earlier run has left in the journal is in force again at once, and judged by the first observation.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        site: Site,
        senders: Mapping[str, Sender],
        *,
        mark: Callable[[Iterable[str]], None],
        grid_profiles: Mapping[str, str],
        watch: GridWatch | None = None,
    ) -> None:
        self.journal = journal
        self._engine = engine
        self._site = site
        self._mark = mark
        self._grid_profiles = grid_profiles
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._units = Units(engine, journal.units)
        self._resets = Resets(senders, self._obey, self._conclude)
        self._answers: dict[tuple[str, int], asyncio.Future[Answer]] = {}  # of the resets on their way
        self._seen = {slot: (view.seq, view.quality) for slot, view in site.views.items()}
        self._starts = DayStarts()
        self._armed = inf
        self._wake = asyncio.Event()
        engine.restore(journal.snapshot)
        engine.resume(self._now())

    # what the site learns

    def look(self, view: InverterView) -> None:
        """Take the newest view of a unit."""
        now, slot = self._now(), view.identity.slot
        seq, quality = self._seen[slot]
        self._seen[slot] = view.seq, view.quality
        entries: list[Entry] = [*self._engine.dark(now, slot, is_dark=is_dark(view))]
        units: list[UnitRow] = []
        if view.seq != seq:
            news = self._units.take(now, view)
            entries += news.entries
            units += [news.unit] if news.unit else []
        entries += self._engine.observe(now, *self._conditions(view, fresh=view.seq != seq))
        if self._starts.observe(now.loop_s, view):
            entries += self._engine.day_start(now, slot)
        self._file(entries, units)
        if view.quality is not quality and self.standing(slot):
            self._mark([slot])  # they may have become uncertain
        self._resets.settle(slot)

    def look_around(self) -> None:
        """Look at the clock and at the links."""
        trust = Trust.TRUSTED if self._site.clock_trusted else Trust.GUESSED
        links = (of_link(gateway, up=up) for gateway, up in self._site.links.items())
        self._file(self._engine.observe(self._now(), of_clock(trust), *links))

    def _conditions(self, view: InverterView, *, fresh: bool) -> Iterator[Observation]:
        """Yield what a view says; a sample counts once, however often it is looked at."""
        link_up = self._site.links.get(view.identity.gateway, True)
        for seen in (*of_unit(view, link_up=link_up, told=self._told(view)), *self._watched(view)):
            if fresh or seen.code == COMM_LOSS or seen.condition is None:
                yield seen
        wanted = self._grid_profiles.get(view.identity.slot)
        if wanted is not None and fresh:
            yield of_profile(view.identity.slot, wanted, view.identity.grid_profile)

    def _told(self, view: InverterView) -> Collection[int]:
        """Return the codes that a unit tells of itself."""
        return () if self._watch is not None and view.identity.slot in self._watch.slots else DEVICE_CODES

    def _watched(self, view: InverterView) -> Iterable[Observation]:
        return () if self._watch is None else self._watch.observe(view)

    # what operators want

    def command(self, command: Command) -> "asyncio.Future[Answer]":
        """Do what an operator asks; the future holds the alarm after it, or why not, and is cancelled at the end."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        alarm = self._engine.alarm(command.subject, command.code)
        if command.action is Action.RESET and alarm is not None and concerns_device(alarm):
            came_of_it: Answer | None = self._resets.begin(command, alarm, self._site.views[command.subject].comm)
        else:
            came_of_it = self._obey(command)
        if came_of_it is None:
            self._answers[command.subject, command.code] = answer
        else:
            self._audit(command, came_of_it)
            answer.set_result(came_of_it)
        return answer

    def _obey(self, command: Command) -> Answer:
        moved = self._engine.command(self._now(), command)
        if isinstance(moved, Refused):
            self._rearm()  # the device may just have said yes, and is given some time
            return moved
        self._file(moved)
        alarm = self._engine.alarm(command.subject, command.code)
        return Refused("unknown_target", "there is no such alarm") if alarm is None else alarm

    def _conclude(self, command: Command, came_of_it: Answer) -> None:
        """Take what came of a reset by the device."""
        self._audit(command, came_of_it)
        answer = self._answers.pop((command.subject, command.code))
        if not answer.done():
            answer.set_result(came_of_it)

    def _audit(self, command: Command, came_of_it: Answer) -> None:
        """Tell whoever wants to know who did what."""
        facts: dict[str, str | float] = {"by": command.by, "code": command.code, "action": command.action.value}
        if isinstance(came_of_it, Refused):
            facts |= {"result": came_of_it.code, "message": came_of_it.reason}
        self._site.event("alarm_command", command.subject, **{"result": "ok"} | facts)

    # what is shown

    @property
    def catalogue(self) -> Catalogue:
        """Return which alarms there are."""
        return self._engine.catalogue

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return all that alarms can belong to."""
        return self._engine.subjects

    def row(self, subject: str, code: int) -> AlarmDef | None:
        """Return the row of the catalogue that an alarm lives by."""
        return self._engine.row(subject, code)

    def standing(self, subject: str | None = None) -> list[Standing]:
        """Return the alarms of a subject, or all, that are not back to normal, hidden ones too; urgent ones first."""
        alarms = [each for each in self._engine.standing() if subject in (None, each.record.subject)]
        return sorted(alarms, key=lambda each: (_URGENCY[each.row.priority], each.record.raised_ts or 0.0))

    def summary(self) -> Summary:
        """Return the site in a few words."""
        alarms = self.standing()
        shown = [each for each in alarms if is_faulty(each)]
        status = site_status(self._site.views.values(), alarms)
        return Summary(status, len(shown), shown[0].row.name if shown else None)

    def condition(self) -> Mapping[str, float | bool]:
        """Return the load and the journal's condition, for `bridge/health`."""
        load = self._engine.load(self._now())
        hidden = {kind.value: count for kind, count in load.suppressed.items()}
        counts = {"standing": load.standing, "raised": load.raised, "chattering": load.chattering, "stale": load.stale}
        journal = {"waiting_events": self.journal.waiting, "lost_events": self.journal.lost}
        return {**counts, "flood": load.flood, **hidden, **journal}

    # time

    async def run(self) -> None:
        """Do what time brings about, until cancelled."""
        self.look_around()
        try:
            while True:
                self._wake.clear()
                self._armed = self._deadline()
                alarm = None if self._armed == inf else self._loop.call_at(self._armed, self._wake.set)
                try:
                    await self._wake.wait()
                finally:
                    if alarm is not None:
                        alarm.cancel()
                self._file(self._engine.tick(self._now()))
                self._resets.settle()
        finally:
            for answer in self._answers.values():
                answer.cancel()

    def _deadline(self) -> float:
        due = self._engine.next_deadline()
        return min(inf if due is None else due, *self._resets.deadlines(), inf)

    def _rearm(self) -> None:
        if self._deadline() != self._armed:
            self._wake.set()

    def _now(self) -> Moment:
        return Moment(self._loop.time(), self._site.utc())

    def _file(self, entries: Iterable[Entry], units: Iterable[UnitRow] = ()) -> None:
        """Put what happened into the journal, tell that there is news, and see whether time brings more."""
        entries, units = list(entries), list(units)
        if entries or units:
            moved = dict.fromkeys((each.subject, each.code) for each in entries if isinstance(each, Transition))
            alarms = (self._engine.alarm(*key) for key in moved)
            self.journal.file(entries, [alarm.record for alarm in alarms if alarm is not None], units)
            self._mark({subject for subject, _ in moved})
        self._rearm()
