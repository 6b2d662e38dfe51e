"""The task of one link: polls its units, finds those that are silent, and puts commands ahead of polls."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import TypeAlias, TypeVar

import structlog

from drivers.link import Link, Urgency
from gateway.fleet import pump
from gateway.fleet.comm import Daylight, Light
from gateway.fleet.device import Device
from gateway.fleet.listener import Listener, Values
from gateway.fleet.pump import Outcome
from gateway.fleet.schedule import Job, Schedule
from gateway.snapshot import CommState
from protocols.commands import Command
from protocols.errors import LinkDownError
from protocols.events import AlarmRecord
from protocols.exchange import Cause, Done, Exchange, Failed
from protocols.points import ALRM_SEQ, SN, Channel
from protocols.profile import VendorProfile

MAX_COMMANDS = 32  # that wait for a link: more would be older than anybody waits for an answer
PROBE_S = {Light.NIGHT: 300.0, Light.TWILIGHT: 30.0, Light.DAY: 60.0, Light.UNSEEN: 60.0}
_LIGHT_S = 30.0  # the sun moves an eighth of a degree meanwhile
_STATS_S = 10.0
_DOWN_PAUSE_S = 0.1  # between finding the link down and asking for it again, so that a flapping link costs no CPU
_STRETCHED = 1.5  # times the period: a cycle worth a line in the log

CommandResult: TypeAlias = Done[Values] | Failed
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Poller:
    """Polls the units of one gateway over its link; `unpaired` are slots whose units nobody can speak to."""

    def __init__(  # noqa: PLR0913 - one task, told all that a link has
        self,
        gateway: str,
        link: Link,
        devices: Sequence[Device],
        profile: VendorProfile,
        *,
        poll_s: float,
        probe_share: float,
        light: Callable[[], float | None],
        utc: Callable[[], float],
        listener: Listener,
        unpaired: frozenset[str] = frozenset(),
    ) -> None:
        self.gateway = gateway
        self._link = link
        self._devices = tuple(devices)
        self._by_slot = {device.identity.slot: device for device in devices}
        self._unpaired = unpaired
        self._profile = profile
        self._periods_s = tuple(item.every_s or poll_s for item in profile.poll_plan)
        self._probe_share = probe_share
        self._elevation = light
        self._utc = utc
        self._daylight = Daylight()
        self._light = Light.UNSEEN
        self._light_until = 0.0
        self._listener = listener
        self._schedule: Schedule | None = None
        self._commands: deque[tuple[Device, Command, asyncio.Future[CommandResult]]] = deque()
        self._wake = asyncio.Event()
        self._link_up: bool | None = None  # what the listener was told
        self._opened: int | None = None  # which opening of the link we speak over
        self._stretched = False
        self.turned_at: float | None = None  # loop time of the last turn; None while the link is awaited

    @property
    def cycle_s(self) -> float | None:
        """Return the measured poll cycle; None before the second poll of a unit."""
        return None if self._schedule is None else self._schedule.cycle_s

    def submit(self, slot: str, command: Command) -> "asyncio.Future[CommandResult]":
        """Queue a command ahead of all polls; the future holds its result and is never an exception.

        Raises KeyError for a slot of another gateway.
        """
        future: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
        if slot in self._unpaired:
            future.set_result(Failed(Cause.NO_ANSWER, "the unit is not paired"))
            return future
        device = self._by_slot[slot]
        if type(command) not in self._profile.commands:
            future.set_result(Failed(Cause.REFUSED, f"{self._profile.name} has no {type(command).__name__}"))
        elif not self._link.up:
            future.set_result(Failed(Cause.LINK_DOWN))
        elif len(self._commands) >= MAX_COMMANDS:
            future.set_result(Failed(Cause.BUSY, f"{MAX_COMMANDS} commands wait already"))
        else:
            self._commands.append((device, command, future))
            self._wake.set()
        return future

    async def run(self) -> None:
        """Poll until cancelled."""
        now = asyncio.get_running_loop().time
        self._schedule = Schedule(len(self._devices), self._periods_s, probe_share=self._probe_share, now=now())
        for index, number in self._lacking():
            self._schedule.postpone(index, number, inf)
        try:
            while True:
                self.turned_at = None
                await self._await_link(self._schedule)
                self.turned_at = now()
                await self._turn(self._schedule)
        finally:
            self._fail_commands(Failed(Cause.LINK_DOWN, "the gateway stops"))

    def _lacking(self) -> Iterator[tuple[int, int]]:
        """Yield each unit's items that units of its model do not have, both by their numbers."""
        for index, device in enumerate(self._devices):
            for number, item in enumerate(self._profile.poll_plan):
                if item.models is not None and device.model.name not in item.models:
                    yield index, number

    async def _await_link(self, schedule: Schedule) -> None:
        """Return once the link is open; one that was closed between two turns has been down, too."""
        link = self._link
        if link.up and self._opened == link.counters.opened:
            return
        if not link.up or self._link_up:
            self._tell_link(up=False)
            await link.wait_up()
        self._opened = link.counters.opened
        schedule.resume(asyncio.get_running_loop().time())
        self._tell_link(up=True)

    def _tell_link(self, *, up: bool) -> None:
        if not up:
            self._fail_commands(Failed(Cause.LINK_DOWN))
        if self._link_up is up:
            return
        before_first_opening = self._link_up is None and not up
        self._link_up = up
        if before_first_opening:
            return  # nothing has gone down yet
        self._listener.link_changed(self.gateway, up=up)
        for device in () if up else self._devices:
            device.joined = False  # whoever answers next may have lost its address, or be another
            before = device.comm.state
            if device.comm.unheard() is not before:
                self._listener.comm_changed(device.identity.slot, device.comm.state)

    def _fail_commands(self, failure: Failed) -> None:
        while self._commands:
            *_, future = self._commands.popleft()
            if not future.done():
                future.set_result(failure)

    async def _turn(self, schedule: Schedule) -> None:
        """Do one thing: a command, else a poll, else wait for either; commands keep nobody waiting for too long."""
        now = asyncio.get_running_loop().time()
        if self._commands and not schedule.pressing(now):
            await self._command(*self._commands.popleft())
            return
        match schedule.next(now, PROBE_S[self._light_at(now)]):
            case Job() as job:
                await self._talk(schedule, job, now)
            case float() as until:
                await self._sleep(until)

    async def _sleep(self, until: float) -> None:
        """Wait until an instant, a command or the next look at the sky or the link."""
        self._wake.clear()
        loop = asyncio.get_running_loop()
        alarm = loop.call_at(min(until, loop.time() + _LIGHT_S), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    def _light_at(self, now: float) -> Light:
        if now >= self._light_until:
            self._light = self._daylight.observe(now, self._elevation())
            self._light_until = now + _LIGHT_S
            self._watch_cycle()
        return self._light

    def _watch_cycle(self) -> None:
        cycle_s = self.cycle_s
        stretched = cycle_s is not None and cycle_s > _STRETCHED * self._periods_s[0]
        if stretched is not self._stretched:
            self._stretched = stretched
            event = "poll_cycle_stretched" if stretched else "poll_cycle_kept"
            _log.warning(event, gateway=self.gateway, cycle_s=cycle_s, poll_s=self._periods_s[0])

    async def _converse(
        self, device: Device, exchange: Exchange[T], urgency: Urgency, node: int | None = None
    ) -> Outcome[T]:
        """Hold a conversation with a unit, or about it with another `node`."""
        outcome: Outcome[T]
        try:
            async with self._link.claim(device.station.node if node is None else node, urgency) as port:
                outcome = await pump.run(port, exchange)
        except LinkDownError as error:
            outcome = Outcome(Failed(Cause.LINK_DOWN, str(error)), 0, 0.0)
        if isinstance(outcome.result, Failed) and outcome.result.cause is Cause.LINK_DOWN:
            await asyncio.sleep(_DOWN_PAUSE_S)
        return outcome

    async def _command(self, device: Device, command: Command, future: "asyncio.Future[CommandResult]") -> None:
        if future.done():
            return  # whoever asked has given up
        try:
            result = await self._told(device, self._profile.command(device.station, command, self._utc()))
            if not future.done():
                future.set_result(result)
        finally:
            future.cancel()  # no effect on a future that has its result

    async def _told(self, device: Device, exchange: Exchange[Values]) -> CommandResult:
        """Carry out a command; where it is not certain who has the address, the unit must join first."""
        if not device.joined:
            join = await self._converse(device, self._profile.join(device.station, self._utc()), Urgency.COMMAND)
            if not self._settle(device, join, asyncio.get_running_loop().time(), joining=True):
                return (
                    join.result if isinstance(join.result, Failed) else Failed(Cause.MISMATCH, "another unit answers")
                )
        result = (await self._converse(device, exchange, Urgency.COMMAND)).result
        self._look_later(device)
        return result

    def _look_later(self, device: Device) -> None:
        """Read what a command has changed when the unit has had its time."""
        now = asyncio.get_running_loop().time()
        for number, item in enumerate(self._profile.poll_plan):
            if item.after_command_s is not None and self._schedule is not None:
                self._schedule.postpone(self._devices.index(device), number, now + item.after_command_s)

    async def _talk(self, schedule: Schedule, job: Job, now: float) -> None:
        """Join a unit or poll one of its items."""
        device = self._devices[job.unit]
        joining = job.probe or not device.joined  # a unit that was dark may have lost its address
        if joining:
            exchange = self._profile.join(device.station, self._utc())
        else:
            exchange = self._profile.poll(device.station, self._profile.poll_plan[job.item], self._utc())
        outcome = await self._converse(device, exchange, Urgency.PROBE if job.probe else Urgency.POLL)
        heard = asyncio.get_running_loop().time()
        records = () if joining else await self._new_records(device, outcome.result)
        outdated = self._outdated(device, outcome.result)
        answered = self._settle(device, outcome, heard, joining=joining, live=not job.item, records=records)
        if answered is None:
            return
        if job.probe and not answered:
            answered = await self._found(device, heard)
        ended = asyncio.get_running_loop().time()
        schedule.report(job, now, ended, answered=answered)
        for item in outdated:
            schedule.postpone(job.unit, item, ended)
        if joining and answered:
            schedule.hasten(job.unit, ended)

    async def _found(self, device: Device, now: float) -> bool:
        """Ask everybody where a silent unit is; tell whether it is under another address than before."""
        ways = self._profile.pairing
        if ways is None or not device.search(now, self._light):
            return False
        station = device.station
        question = ways.find(station.serial, station.host)
        result = (await self._converse(device, question, Urgency.PROBE, ways.everybody)).result
        if isinstance(result, Failed) or result.value == station.node:
            return False
        device.move(result.value)
        self._listener.moved(device.identity.slot, device.station)
        return True

    def _outdated(self, device: Device, result: CommandResult) -> tuple[int, ...]:
        return device.outdated(result.value, self._profile.poll_plan) if isinstance(result, Done) else ()

    async def _new_records(self, device: Device, result: CommandResult) -> tuple[AlarmRecord, ...]:
        """Read the alarm records that a poll announces; those that do not come now are asked for with the next poll."""
        log = self._profile.records
        newest = result.value.get(_RECORD_SEQ) if isinstance(result, Done) else None
        if log is None or not isinstance(newest, int):
            return ()
        missing = device.missing(newest, log)
        if not missing:
            return ()
        outcome = await self._converse(device, log.read(device.station, missing, self._utc()), Urgency.POLL)
        match outcome.result:
            case Done(records):
                return device.take(records, newest, log)
            case Failed():
                return ()

    def _settle(
        self,
        device: Device,
        outcome: Outcome[Values],
        at: float,
        *,
        joining: bool,
        live: bool = False,
        records: tuple[AlarmRecord, ...] = (),
    ) -> bool | None:
        """Note how a conversation went and tell it; return whether the unit is there, None when the link was down."""
        if isinstance(outcome.result, Failed) and outcome.result.cause is Cause.LINK_DOWN:
            return None
        device.count(outcome, poll=not joining)
        before = device.comm.state
        if joining:
            answered = self._join(device, outcome.result)
        elif isinstance(outcome.result, Failed) and outcome.result.cause is Cause.REFUSED:
            answered = self._refused(device, live=live)
        else:
            answered = self._take(device, outcome.result, at, records)
        if not answered:
            device.comm.missed(at, self._light)
        tell(self._listener, device, before, at)
        return answered

    def _take(self, device: Device, result: CommandResult, at: float, records: tuple[AlarmRecord, ...]) -> bool:
        """Act on the end of a poll; tell whether the unit is there."""
        match result:
            case Done(values) if not self._is_ours(device, values):
                device.joined = False
                return False
            case Done(values):
                self._listener.answered(device.identity.slot, device.read(values, self._profile, at, records))
                device.comm.answered(dim=device.dim)
                return True
            case Failed(cause, detail):
                self._note_stranger(device, cause, detail)
                return False

    def _refused(self, device: Device, *, live: bool) -> bool:
        """Act on a refusal: the unit is there, and what it refuses for good may be an item that it does not have."""
        if live:
            device.comm.refused(dim=device.dim)
            self._listener.refused(device.identity.slot)
        else:
            device.comm.answered(dim=device.dim)
        return True

    def _join(self, device: Device, result: CommandResult) -> bool:
        """Act on the end of an attempt to join; tell whether the unit is there."""
        match result:
            case Done(values):
                if not self._is_ours(device, values):
                    return False
                device.joined = True
                device.stranger = None
                self._listener.joined(device.identity.slot, values)
                return True
            case Failed(cause, detail):
                self._note_stranger(device, cause, detail)
                return False

    def _note_stranger(self, device: Device, cause: Cause, detail: str) -> None:
        if cause is Cause.MISMATCH:
            self._report_stranger(device, detail)

    def _is_ours(self, device: Device, values: Values) -> bool:
        serial = values.get(_SERIAL)
        if serial is None or serial == device.identity.serial:
            return True
        self._report_stranger(device, str(serial))
        return False

    def _report_stranger(self, device: Device, found: str) -> None:
        if device.stranger != found:
            device.stranger = found
            self._listener.mismatched(device.identity.slot, found)


def tell(listener: Listener, device: Device, before: CommState, now: float) -> None:
    """Tell a change of a unit's reachability since `before`, and its statistics now and then."""
    slot = device.identity.slot
    changed = device.comm.state is not before
    if changed:
        listener.comm_changed(slot, device.comm.state)
    if changed or device.stats_told_at is None or now - device.stats_told_at >= _STATS_S:
        device.stats_told_at = now
        listener.stats(slot, device.stats)


_SERIAL = Channel(SN)
_RECORD_SEQ = Channel(ALRM_SEQ)
