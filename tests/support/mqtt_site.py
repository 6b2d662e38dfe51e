"""A site that stands still, for tests of what is published about it."""

from dataclasses import replace
from typing import Any

from gateway.snapshot import CommState, Energy, Identity, InverterView, NodeStats, SiteTotals
from gateway.telemetry.outbox import Outbox
from protocols import points
from protocols.events import Event, EventKind
from protocols.points import Channel
from protocols.states import InvSt, Quality
from tests.support.virtual_time import FakeClock

NOON = 1_782_043_200.0  # 2026-06-21T12:00:00Z

VALUES = {
    Channel(points.W): 401.26,
    Channel(points.VAR): -3.04,
    Channel(points.PF): 0.9996,
    Channel(points.LNV): 230.1,
    Channel(points.A): 1.744,
    Channel(points.HZ): 49.987,
    Channel(points.TMP_CAB): 41.5,
    Channel(points.W_MAX_LIM_PCT): 100,
    Channel(points.RIS): 2_000_000,
    Channel(points.DCI): 0.0012,
    Channel(points.UP_TMS): 3600,
    Channel(points.DCW, 1): 210.5,
    Channel(points.DCV, 1): 33.2,
    Channel(points.DCA, 1): 6.341,
    Channel(points.DCW, 2): 205.0,
    Channel(points.DCV, 2): 33.0,
    Channel(points.DCA, 2): None,
}
OVER_TEMP = Event(code=9, kind=EventKind.OVER_TEMP, text="case too hot")


def identity(slot: str = "roof-1", ports: int = 2, **changes: Any) -> Identity:
    """Return who stands in a slot."""
    who = Identity(slot, "A4500123", "MI-450", "atmoce", "east", "b1", 7, ports, 450.0, "1.4.2")
    return replace(who, **changes)


def running(slot: str = "roof-1", seq: int = 12, **changes: Any) -> InverterView:
    """Return a unit that answers."""
    view = InverterView(
        identity(slot),
        CommState.ONLINE,
        Quality.GOOD,
        VALUES,
        InvSt.RUNNING,
        frozenset(),
        {0: Energy(1_234_567, 2_345), 1: Energy(650_000, 1_200), 2: Energy(610_000, 1_190)},
        NOON,
        seq,
        NodeStats(polls=200, answered=199, retries=3, latency_s=0.21349, last_failure="no_answer"),
    )
    return replace(view, **changes)


def silent(slot: str = "roof-1", *, stored: bool = True) -> InverterView:
    """Return a unit that has not answered since the start, with or without energy in the store."""
    return InverterView(identity(slot), energy={0: Energy(1_234_567, 0)} if stored else {})


class StillSite:
    """Views that a test sets, and the marks that follow from it."""

    def __init__(self, *views: InverterView, outbox: Outbox | None = None) -> None:
        self.views = {view.identity.slot: view for view in views}
        self.outbox = outbox or Outbox()

    def utc(self) -> float:
        """Return noon plus what has passed since."""
        return FakeClock(NOON).utc()

    def totals(self) -> SiteTotals:
        """Return sums that follow from the views."""
        energies = [view.energy[0] for view in self.views.values() if 0 in view.energy]
        powers = [
            float(w) for view in self.views.values() if isinstance(w := view.values.get(Channel(points.W)), float)
        ]
        return SiteTotals(
            p_ac_w=sum(powers) if powers else None,
            q_ac_var=None,
            e_total_wh=sum(energy.total_wh for energy in energies),
            e_day_wh=sum(energy.day_wh for energy in energies),
            expected=len(self.views),
            reporting=sum(view.comm is CommState.ONLINE for view in self.views.values()),
            asleep=sum(view.comm is CommState.ASLEEP for view in self.views.values()),
        )

    def put(self, view: InverterView) -> None:
        """Set a view with new values."""
        self.views[view.identity.slot] = view
        self.outbox.mark_state(view.identity.slot)
