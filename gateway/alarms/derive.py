"""What the site's state says of alarm conditions, and what alarms say of the site."""

from collections.abc import Collection, Iterable, Iterator
from enum import Enum

from drivers.clock import Trust
from gateway.alarms.engine import Observation, Standing
from gateway.alarms.plant import SITE, gateway_subject
from gateway.alarms.states import ACTIVE, LATCHED, Suppression
from gateway.snapshot import CommState, InverterView
from protocols.states import InvSt, Quality

DEVICE_CODES = range(1, 11)
COMM_LOSS, GRID_PROFILE_MISMATCH, CLOCK, LINK_DOWN = 101, 104, 105, 106
DARK_S = 3600.0  # so long without light, and the next start of production is another day's

_SILENT = {
    CommState.UNKNOWN: None,
    CommState.ONLINE: False,
    CommState.DEGRADED: False,
    CommState.ASLEEP: None,  # explained silence is no answer either
    CommState.LOST: True,
    CommState.UNPAIRED: None,
}
_EXCUSED = (CommState.ASLEEP, CommState.UNKNOWN, CommState.UNPAIRED)
_PRODUCING = frozenset({InvSt.RUNNING, InvSt.THROTTLED})


def of_unit(view: InverterView, *, link_up: bool, told: Collection[int] = DEVICE_CODES) -> Iterator[Observation]:
    """Yield what a unit's state says of those alarms that it tells of itself, and of its communication.

    Old and damaged data say nothing, nor does silence while the link is down.
    """
    slot = view.identity.slot
    silent = _SILENT[view.comm] if link_up else None
    yield Observation(slot, COMM_LOSS, silent)
    events = sorted(
        view.events, key=lambda event: event.code, reverse=True
    )  # the first by number comes last, and stays
    raised = {event.alarm_code: event.cause or event.text for event in events}
    for code in told:
        condition = code in raised if view.quality is Quality.GOOD else None
        yield Observation(slot, code, condition, raised.get(code))


def of_profile(slot: str, wanted: str, found: str | None) -> Observation:
    """Return whether a unit works by the grid profile that the site file asks for; `found` None: not read."""
    cause = None if found is None else f"found {found}, wanted {wanted}"
    return Observation(slot, GRID_PROFILE_MISMATCH, None if found is None else found != wanted, cause)


def of_link(gateway: str, *, up: bool) -> Observation:
    """Return whether a gateway's link is down."""
    return Observation(gateway_subject(gateway), LINK_DOWN, not up)


def of_clock(trust: Trust) -> Observation:
    """Return whether the gateway does not know the time."""
    return Observation(SITE, CLOCK, trust is Trust.GUESSED)


def is_dark(view: InverterView) -> bool:
    """Tell whether a unit has no light: silent with that excuse, or in touch and asleep."""
    return view.comm is CommState.ASLEEP or view.state is InvSt.SLEEPING


class DayStarts:
    """Finds the starts of production after the dark, by a unit's own state: a unit generates only after its self-test.

    A restart of the gateway in the dark begins the count anew: the worst is that a latch waits one more day.
    """

    def __init__(self) -> None:
        self._dark_since: dict[str, float] = {}
        self._rested: set[str] = set()

    def observe(self, now_s: float, view: InverterView) -> bool:
        """Return whether a unit has just begun to generate after at least DARK_S without light (loop time, s)."""
        slot = view.identity.slot
        if is_dark(view):
            self._dark_since.setdefault(slot, now_s)
            return False
        if view.quality is not Quality.GOOD:
            return False
        if now_s - self._dark_since.pop(slot, now_s) >= DARK_S:
            self._rested.add(slot)
        starts = slot in self._rested and view.state in _PRODUCING
        if starts:
            self._rested.remove(slot)
        return starts


class SiteStatus(Enum):
    """The site in one word; codes are listed for the owner when it is not normal."""

    NORMAL = "normal"
    FAULTY = "faulty"
    OFFLINE = "offline"


def site_status(views: Iterable[InverterView], standing: Iterable[Standing]) -> SiteStatus:
    """Return the site's status: offline when every unit that should answer is silent, faulty when an alarm stands."""
    states = [view.comm for view in views]
    should = [state for state in states if state not in _EXCUSED]
    if should and all(state is CommState.LOST for state in should):
        return SiteStatus.OFFLINE
    return SiteStatus.FAULTY if any(is_faulty(alarm) for alarm in standing) else SiteStatus.NORMAL


def is_faulty(alarm: Standing) -> bool:
    """Tell whether an alarm is one that makes the site faulty: shown, and there or latched."""
    shown = alarm.record.suppression is Suppression.NONE
    return shown and alarm.row.site_fault and alarm.record.state in ACTIVE | LATCHED
