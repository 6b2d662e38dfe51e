"""The task of a link whose units report by themselves: the counterpart of the poller, with the same listener."""

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from typing import Protocol

from gateway.fleet.comm import Daylight, Light
from gateway.fleet.device import Device
from gateway.fleet.listener import Listener, Values
from gateway.fleet.poller import CommandResult, tell
from gateway.fleet.pump import Outcome
from gateway.snapshot import CommState
from protocols.commands import Command
from protocols.exchange import Cause, Done, Failed
from protocols.points import SN, Channel
from protocols.profile import VendorProfile

GRACE = 1.5  # times the period: a report that is later counts as missed
DIAL_IN_S = 60.0  # after the link has come up: the units lost the broker too, and dial again one after another
CONFIRM = 3  # reports in a row whose time rises again, after it fell, before they are believed
_LIGHT_S = 30.0  # the sun moves an eighth of a degree meanwhile
_LINK_S = 5.0  # between two looks at the link


class Counters(Protocol):
    """What the receiver looks at of a link's counters."""

    opened: int
    outdated: int


class Link(Protocol):
    """What the receiver needs of its link."""

    @property
    def counters(self) -> Counters:
        """Return what it has counted."""
        ...

    def listen(self, hear: Callable[[str, bytes], bytes]) -> None:
        """Hand over each message of a known unit, by its serial; what is returned answers it."""
        ...

    @property
    def up(self) -> bool:
        """Tell whether the units can be heard."""
        ...

    async def wait_up(self) -> None:
        """Return once they can."""
        ...


class _Reporter:
    """What is kept of a unit beside its device: when it must report next, and the time by its own clock."""

    __slots__ = ("_agreeing", "_suspect_ms", "_t_ms", "device", "due", "heard_at", "interval_s")

    def __init__(self, device: Device) -> None:
        self.device = device
        self.due = inf
        self.heard_at: float | None = None
        self.interval_s: float | None = None
        self._t_ms = self._suspect_ms = -1
        self._agreeing = 0

    def is_news(self, t_ms: int) -> bool:
        """Tell whether a report is newer than all before, by the unit's own clock: a replay is not.

        A clock may have been set back: that is believed once CONFIRM reports in a row rise from there.
        """
        if t_ms <= self._t_ms:
            self._agreeing = self._agreeing + 1 if t_ms > self._suspect_ms and self._agreeing else 1
            self._suspect_ms = t_ms
            if self._agreeing < CONFIRM:
                return False
        self._t_ms, self._agreeing = t_ms, 0
        return True


class Receiver:
    """Takes the reports of one gateway's units and notices those that do not come.

    The units are told to report every `every_s`, and the time, `utc`. Raises ValueError for a vendor whose units do not
    report by themselves.
    """

    def __init__(
        self,
        gateway: str,
        link: Link,
        devices: Sequence[Device],
        profile: VendorProfile,
        *,
        every_s: float,
        light: Callable[[], float | None],
        listener: Listener,
        utc: Callable[[], float],
    ) -> None:
        if profile.push is None:
            raise ValueError(f"units of {profile.name} do not report by themselves")
        self.gateway = gateway
        self._hear = profile.push.hear
        self._every_s = every_s
        self._link = link
        self._reporters = {device.identity.serial: _Reporter(device) for device in devices}
        self._profile = profile
        self._elevation = light
        self._daylight = Daylight()
        self._light = Light.UNSEEN
        self._light_until = 0.0
        self._listener = listener
        self._utc = utc
        self._link_up = False  # what the listener was told
        self._opened = 0  # which opening of the link we hear
        self.turned_at: float | None = None  # loop time of the last turn; None while the link is awaited
        link.listen(self.hear)

    @property
    def cycle_s(self) -> float | None:
        """Return the longest time between the last two reports of any unit that reports; None before the second."""
        intervals = (each.interval_s for each in self._reporters.values() if each.device.comm.state in _REACHED)
        return max((s for s in intervals if s is not None), default=None)

    def submit(self, slot: str, command: Command) -> "asyncio.Future[CommandResult]":
        """Refuse a command: no unit of this kind is known to take any."""
        future: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
        future.set_result(Failed(Cause.REFUSED, f"{slot} takes no {type(command).__name__}"))
        return future

    def hear(self, serial: str, payload: bytes) -> bytes:
        """Take a message of a unit and return the answer to it. Raises RemoteProtocolError.

        What is no news is answered too: whoever asks may wait for it, and an answer does no harm.
        """
        heard = self._hear(payload, self._utc(), self._every_s)
        reporter = self._reporters[serial]
        if reporter.is_news(heard.t_ms):
            self._take(reporter, heard.values)
        else:
            self._link.counters.outdated += 1
        return heard.answer

    async def run(self) -> None:
        """Watch over the units until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.turned_at = None
            await self._await_link()
            now = self.turned_at = loop.time()
            self._light_at(now)
            for reporter in self._reporters.values():
                if reporter.due <= now:
                    self._miss(reporter, now)
            soonest = min((each.due for each in self._reporters.values()), default=inf)
            await asyncio.sleep(max(min(soonest - now, _LINK_S), 0.0))

    async def _await_link(self) -> None:
        """Return once the units can be heard; a link that was closed between two turns has been down, too."""
        if self._link.up and self._link_up and self._opened == self._link.counters.opened:
            return
        if self._link_up:
            self._tell_link(up=False)
        await self._link.wait_up()
        self._opened = self._link.counters.opened
        self._tell_link(up=True)
        now = asyncio.get_running_loop().time()
        for reporter in self._reporters.values():
            reporter.due, reporter.heard_at = now + DIAL_IN_S, None

    def _tell_link(self, *, up: bool) -> None:
        self._link_up = up
        self._listener.link_changed(self.gateway, up=up)
        for reporter in () if up else self._reporters.values():
            comm, slot = reporter.device.comm, reporter.device.identity.slot
            before = comm.state
            if comm.unheard() is not before:
                self._listener.comm_changed(slot, comm.state)

    def _take(self, reporter: _Reporter, values: Values) -> None:
        """Take a report."""
        device, now = reporter.device, asyncio.get_running_loop().time()
        before, slot = device.comm.state, device.identity.slot
        device.count(Outcome(Done(values), 0, 0.0), poll=False)
        if not device.joined:
            device.joined = True
            self._listener.joined(slot, {Channel(SN): device.identity.serial})
        if values:
            self._listener.answered(slot, device.read(values, self._profile, now))
        device.comm.answered(dim=device.dim)
        reporter.interval_s = None if reporter.heard_at is None else now - reporter.heard_at
        reporter.heard_at, reporter.due = now, now + GRACE * self._every_s
        tell(self._listener, device, before, now)

    def _miss(self, reporter: _Reporter, now: float) -> None:
        """Take note that a report has not come."""
        device = reporter.device
        before = device.comm.state
        device.count(_MISSED, poll=False)
        device.comm.missed(now, self._light_at(now))
        reporter.heard_at, reporter.due = None, now + self._every_s
        tell(self._listener, device, before, now)

    def _light_at(self, now: float) -> Light:
        if now >= self._light_until:
            self._light = self._daylight.observe(now, self._elevation())
            self._light_until = now + _LIGHT_S
        return self._light


_MISSED: Outcome[Values] = Outcome(Failed(Cause.NO_ANSWER), 0, 0.0)
_REACHED = (CommState.ONLINE, CommState.DEGRADED)
