"""The state of the site: takes what the pollers learn, keeps it as frozen views, and marks what is news."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import structlog

from drivers.clock import Clock, Trust
from gateway.rows import LedgerRow, Meta, PairedRow, Row
from gateway.snapshot import CommState, Identity, InverterView, NodeStats, SiteTotals
from gateway.store import Store
from gateway.telemetry.day import SiteDay, Turn
from gateway.telemetry.derived import derived
from gateway.telemetry.ledger import AC, Ledger, rows_by_slot
from gateway.telemetry.outbox import Outbox, SiteEvent
from protocols.commands import WMaxLimPct
from protocols.points import (
    CONN,
    GRID_PROFILE,
    MD,
    PF_W_INJ,
    VAR,
    VAR_SET_PCT,
    VR,
    W_MAX_LIM_PCT,
    Channel,
    Number,
    Value,
    W,
)
from protocols.profile import Counter, Station
from protocols.reading import Reading
from protocols.states import InvSt, Quality

TICK_S = 10.0  # how often trust and day are looked at
SAVE_S = 30.0  # how often the ledger is stored: counters make up for what a power cut takes
_GIVEN_UP = (CommState.LOST, CommState.UNPAIRED)
_NOT_EXPECTED = (CommState.ASLEEP, CommState.UNPAIRED)
_REACHED = (CommState.ONLINE, CommState.DEGRADED)
_UNREACHED = (CommState.LOST, CommState.UNKNOWN)
_FLOWS = ("W", "var", "VA")  # units of what is 0 without light, not unknown
_COUNTED = "Wh"

_log = structlog.get_logger(__name__)
_WORRIES = frozenset({"lost", "identity_mismatch"})  # events that somebody should look after


@dataclass(slots=True)
class _Slot:
    """What is kept of a slot beside its view."""

    ledger: Ledger
    former: str | None  # serial that the ledger knew before the daemon started, where it was another
    heard: bool = False


class SiteState:
    """Holds one frozen `InverterView` per slot; satisfies the pollers' `Listener`. Build it inside the running loop.

    `plant` names each slot's identity and how its device counts. Energy stored earlier is there at once, as stale;
    nothing else is known of a unit before it answers.
    """

    def __init__(
        self,
        plant: Iterable[tuple[Identity, tuple[Counter, ...]]],
        *,
        zone: ZoneInfo,
        clock: Clock,
        store: Store,
        outbox: Outbox,
    ) -> None:
        self.outbox = outbox
        self._clock = clock
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._slots: dict[str, _Slot] = {}
        self._views: dict[str, InverterView] = {}
        stored, meta = rows_by_slot(store.rows(LedgerRow)), store.meta()
        for identity, counters in plant:
            slot = identity.slot
            rows = stored.get(slot, {})
            ledger = Ledger(
                slot,
                identity.serial,
                identity.ports,
                identity.rated_w,
                counters,
                rows,
                efficiency=identity.efficiency,
            )
            former = next((row.serial for row in rows.values() if row.serial != identity.serial), None)
            self._slots[slot] = _Slot(ledger, former)
            quality = Quality.STALE if ledger.energy else Quality.INVALID
            comm = CommState.UNPAIRED if identity.node is None else CommState.UNKNOWN
            self._views[slot] = InverterView(identity, comm, quality, energy=ledger.energy)
        self._day = SiteDay(zone, today=_date(meta.get("day")), previous=_date(meta.get("previous_day")))
        self._trusted_at: tuple[float, float] | None = None  # UTC and loop time of the last trusted look at the clock
        if 0 <= meta.get("trusted_utc", -1) < _MOST_DAYS * _DAY_S:
            self._trusted_at = (float(meta["trusted_utc"]), self._loop.time())
        self._watchers: list[Callable[[InverterView], None]] = []
        self._around: list[Callable[[], None]] = []
        self._links: dict[str, bool] = {}
        self._event_ts = 0.0
        self._dirty: set[str] = set()
        self._saved_at = self._loop.time()
        self._trusted = False
        self.tick()

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return the present view of every slot, in the order of the site file."""
        return self._views

    @property
    def clock_trusted(self) -> bool:
        """Tell whether the clock was trusted at the last look."""
        return self._trusted

    @property
    def links(self) -> Mapping[str, bool]:
        """Return whether the link of a gateway is up, for those whose pollers have said."""
        return self._links

    def utc(self) -> float:
        """Return the time for stamps: the clock's while trusted, else the last trusted time plus what passed since."""
        if self._trusted or self._trusted_at is None:
            return self._clock.utc()
        utc, at = self._trusted_at
        return utc + self._loop.time() - at

    def totals(self) -> SiteTotals:
        """Return the sums over the site."""
        views = self._views.values()
        reporting = [v for v in views if v.quality is Quality.GOOD and v.comm in _REACHED]
        allowed_w, rated_w = _limits(views)
        asleep = [v for v in views if v.comm is CommState.ASLEEP]
        energies = [v.energy[AC] for v in views if AC in v.energy]
        counted = len(energies) == len(views) or all(AC in v.energy or v.comm in _GIVEN_UP for v in views)
        return SiteTotals(
            p_ac_w=_sum(reporting, asleep, _POWER),
            q_ac_var=_sum(reporting, asleep, _REACTIVE) if _all_tell(reporting, _REACTIVE) else None,
            e_total_wh=sum([energy.total_wh for energy in energies]) if counted else None,
            e_day_wh=sum([energy.day_wh for energy in energies]),
            expected=sum(v.comm not in _NOT_EXPECTED for v in views),
            reporting=len(reporting),
            asleep=len(asleep),
            limit_w=allowed_w if rated_w else None,
            limit_pct=100 * allowed_w / rated_w if rated_w else None,
        )

    def watch(self, tell: Callable[[InverterView], None]) -> None:
        """Tell somebody every view that an answer or a change of reachability makes."""
        self._watchers.append(tell)

    def watch_around(self, tell: Callable[[], None]) -> None:
        """Tell somebody when a link, or the trust in the clock, has changed."""
        self._around.append(tell)

    def answered(self, slot: str, reading: Reading) -> None:
        """Take a reading."""
        utc = self.utc()
        if self._trusted and utc >= self._day.end_utc:
            self._turn(utc)
        kept = self._slots[slot]
        if not kept.heard:
            kept.heard = True
            self.outbox.mark_info(slot)
        if kept.ledger.accept(reading, int(utc) if self._trusted else None):
            self._dirty.add(slot)
        old = self._views[slot]
        self._views[slot] = InverterView(
            old.identity,
            old.comm,
            Quality.GOOD,
            {**old.values, **reading.values, **derived(reading.values)},
            reading.state,
            reading.events,
            kept.ledger.energy,
            utc - (self._loop.time() - reading.at),
            old.seq + 1,
            old.stats,
            reading.records,
        )
        self.outbox.mark_state(slot)
        self._tell(slot)

    def refused(self, slot: str) -> None:
        """Take note that a unit is there and has refused to say how it is."""
        view = self._views[slot]
        if view.quality is Quality.GOOD:
            self._views[slot] = replace(view, quality=Quality.STALE)
            self.outbox.mark_state(slot)
            self._tell(slot)

    def read_back(self, slot: str, values: Mapping[Channel, Value]) -> None:
        """Take what a unit says of its settings after a command."""
        said = {channel: values[channel] for channel in _SETTINGS if channel in values}
        view = self._views[slot]
        self._views[slot] = replace(view, values={**view.values, **said})
        self.outbox.mark_state(slot)
        self._tell(slot)

    def comm_changed(self, slot: str, comm: CommState) -> None:
        """Take note that a unit's reachability changed."""
        old = self._views[slot]
        view = replace(old, comm=comm)
        if comm is CommState.ASLEEP and self._slots[slot].heard:
            view = _at_night(view)
        elif comm in _UNREACHED and view.quality is not Quality.INVALID:
            view = replace(view, quality=Quality.STALE)
        self._views[slot] = view
        self.outbox.mark_availability(slot)
        self._tell(slot)
        if comm is CommState.LOST:
            self.event("lost", slot, serial=view.identity.serial)
        elif old.comm is CommState.LOST:
            self.event("back", slot, serial=view.identity.serial)

    def joined(self, slot: str, values: Mapping[Channel, Value]) -> None:
        """Take the identity values of a unit that has joined."""
        kept, view = self._slots[slot], self._views[slot]
        known = view.identity
        firmware, model, profile = values.get(_FIRMWARE), values.get(_MODEL), values.get(_GRID_PROFILE)
        identity = replace(
            known,
            firmware=known.firmware if firmware is None else str(firmware),
            grid_profile=known.grid_profile if profile is None else str(profile),
        )
        self._views[slot] = replace(view, identity=identity)
        if kept.heard and identity != known:
            self.outbox.mark_info(slot)
        if not kept.heard or identity != known:
            self.event("joined", slot, serial=identity.serial, model=identity.model, firmware=identity.firmware)
        if model is not None and model != identity.model:
            self.event("model_differs", slot, found=str(model), configured=identity.model)
        if kept.former is not None:
            self.event("replaced", slot, former=kept.former, serial=identity.serial)
            kept.former = None

    def mismatched(self, slot: str, found: str) -> None:
        """Take note that another unit answers in a slot; it is not accepted."""
        self.event("identity_mismatch", slot, found=found, configured=self._views[slot].identity.serial)

    def moved(self, slot: str, station: Station) -> None:
        """Take note of a unit's new address; it is known after a restart, too."""
        known = self._views[slot].identity
        self._views[slot] = replace(self._views[slot], identity=replace(known, node=station.node))
        self._store.put([PairedRow(known.gateway, station.serial, station.node, station.host)])
        self.outbox.mark_info(slot)
        self.event("moved", slot, serial=station.serial, former=known.node, node=station.node)

    def stats(self, slot: str, stats: NodeStats) -> None:
        """Take a unit's statistics; they are published in their own time, so nothing is marked."""
        self._views[slot] = replace(self._views[slot], stats=stats)

    def link_changed(self, gateway: str, *, up: bool) -> None:
        """Take note of a link; while it is down its units' values are stale, and no unit is to blame."""
        self._links[gateway] = up
        self._post("link_up" if up else "link_down", gateway, {})  # the driver logs it
        self._tell_around()

    async def run(self) -> None:
        """Watch clock and day until cancelled; midnight is met even when nobody answers."""
        while True:
            to_midnight_s = self._day.end_utc - self.utc() if self._trusted else TICK_S
            await asyncio.sleep(min(TICK_S, max(to_midnight_s, 0.001)))
            self.tick()

    def tick(self) -> None:
        """Look at the clock, turn the day when it is time, and store what has changed."""
        before, self._trusted = self._trusted, self._clock.trust() is Trust.TRUSTED
        if self._trusted:
            utc = self._clock.utc()
            self._trusted_at = (utc, self._loop.time())
            self._turn(utc)
        if self._trusted is not before:
            self._tell_around()
        if self._loop.time() - self._saved_at >= SAVE_S:
            self.save()

    def save(self) -> None:
        """Hand everything that has changed to the store."""
        rows: list[Row] = [row for slot in self._dirty for row in self._slots[slot].ledger.rows.values()]
        if self._day.today is not None:
            rows.append(Meta("day", self._day.today.toordinal()))
            rows.append(Meta("previous_day", 0 if self._day.previous is None else self._day.previous.toordinal()))
        if self._trusted_at is not None:
            rows.append(Meta("trusted_utc", int(self._trusted_at[0])))
        self._store.put(rows)
        self._dirty.clear()
        self._saved_at = self._loop.time()

    def _turn(self, utc: float) -> None:
        turn = self._day.observe(utc)
        if turn is Turn.SAME:
            return
        for slot, kept in self._slots.items():
            match turn:
                case Turn.NEXT:
                    kept.ledger.next_day()
                case Turn.BACK:
                    kept.ledger.previous_day()
            self._views[slot] = replace(self._views[slot], energy=kept.ledger.energy)
            self._dirty.add(slot)
            self.outbox.mark_state(slot)
        self.save()  # day and rows in one commit: a power cut between them would count a day twice
        _log.info("day_turned", turn=turn.value, today=str(self._day.today))

    def event(self, kind: str, subject: str, **detail: str | float | None) -> None:
        """Tell a happening."""
        self._post(kind, subject, detail)
        say = _log.warning if kind in _WORRIES else _log.info
        say(kind, subject=subject, **detail)

    def _post(self, kind: str, subject: str, detail: Mapping[str, str | float | None]) -> None:
        """Tell the broker; no two events of one burst have the same time, which is a part of their ids."""
        utc = self.utc()
        self._event_ts = self._event_ts + 0.001 if 0 <= self._event_ts - utc + 0.001 < 1 else utc
        self.outbox.event(SiteEvent(kind, self._event_ts, subject, detail))

    def _tell(self, slot: str) -> None:
        for tell in self._watchers:
            tell(self._views[slot])

    def _tell_around(self) -> None:
        for tell in self._around:
            tell()


def _at_night(view: InverterView) -> InverterView:
    """Return a view of a unit without light: nothing flows, nothing is measured, what was counted or set stays."""
    values: dict[Channel, Value] = {}
    for channel, value in view.values.items():
        unit = channel.point.unit
        stays = unit == _COUNTED or channel in _SETTINGS
        values[channel] = 0 if unit in _FLOWS and value is not None else value if stays else None
    return replace(view, quality=Quality.NIGHT, values=values, state=InvSt.SLEEPING, events=frozenset())


def _sum(awake: Iterable[InverterView], asleep: Sequence[InverterView], channel: Channel) -> float | None:
    """Return what flows: nothing from sleepers, whether they were ever heard or not; None where nobody is known."""
    values = [value for view in awake if isinstance(value := view.values.get(channel), Number)]
    return sum(values) if values or asleep else None


def _all_tell(awake: Iterable[InverterView], channel: Channel) -> bool:
    """Tell whether no unit keeps a value to itself: the sum of the others would pass for that of all."""
    return all(isinstance(view.values.get(channel), Number) for view in awake)


def _limits(views: Collection[InverterView]) -> tuple[float, float]:
    """Return what the units that told their limits may deliver together, and their rated power.

    Beside them, units that take no limit may deliver all that they can.
    """
    known = [(pct, view.identity.rated_w) for view in views if isinstance(pct := view.values.get(_LIMIT), Number)]
    if known:
        known += [(_FULL_PCT, view.identity.rated_w) for view in views if WMaxLimPct not in view.identity.commands]
    return sum([pct / 100 * rated_w for pct, rated_w in known]), sum([rated_w for _, rated_w in known])


def _date(ordinal: int | None) -> date | None:
    """Return a stored day; None for none, or for one that a damaged disk has made up."""
    days = (ordinal or 0) - date(1970, 1, 1).toordinal()
    return date.fromordinal(ordinal) if ordinal and 0 < days < _MOST_DAYS else None


_DAY_S = 86400
_MOST_DAYS = 100_000  # from 1970 on: some days of the year 2243
_POWER = Channel(W)
_FULL_PCT = 100.0
_REACTIVE = Channel(VAR)
_LIMIT = Channel(W_MAX_LIM_PCT)
_SETTINGS = (
    _LIMIT,
    Channel(CONN),
    Channel(PF_W_INJ),
    Channel(VAR_SET_PCT),
)  # what a unit was told: it keeps that without light
_FIRMWARE = Channel(VR)
_MODEL = Channel(MD)
_GRID_PROFILE = Channel(GRID_PROFILE)
