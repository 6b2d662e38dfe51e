"""When the events of a scenario are: since the run began, since the one before, or by the clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from config.findings import Finding, quoted
from config.scenario import LONGEST_S, Event, Scenario
from config.site import Site


def timed(acts: tuple[Event, ...], scenario: Scenario, site: Site) -> Iterator[Finding]:
    """Yield the events that have no time in the run."""
    days = LONGEST_S / 86400
    remedy = f"write a time of day, as 06:30, or ISO 8601: not before the start, at most {days:g} days after it"
    for index, act in enumerate(acts):
        if not _has_time(act, scenario, site):
            problem = f"{quoted(act.at)} is no time of this run"
            yield Finding(problem=problem, remedy=remedy, loc=("timeline", index, "at"))


def _has_time(act: Event, scenario: Scenario, site: Site) -> bool:
    try:
        return at_s(act, 0.0, scenario, site) <= LONGEST_S
    except ValueError:
        return False


def at_s(event: Event, before: float, scenario: Scenario, site: Site) -> float:
    """Return the seconds from the start to an event, `before` to the one before it; raises ValueError."""
    if event.at_s is not None:
        return event.at_s
    if event.at is None:
        return before + (event.after_s or 0.0)
    return _clock_s(event.at, scenario.start, ZoneInfo(site.location.timezone))


def _clock_s(text: str, start: datetime, zone: ZoneInfo) -> float:
    """Return the seconds from the start to a time of day, the next one, or to a stamp; raises ValueError."""
    if "T" in text:
        stamp = datetime.fromisoformat(text)
        stamp = stamp.replace(tzinfo=zone) if stamp.tzinfo is None else stamp
    else:
        hour, minute, second = (*map(int, text.split(":")), 0)[:3]
        local = start.astimezone(zone)
        stamp = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
        if stamp.timestamp() < start.timestamp():
            stamp += timedelta(days=1)
    if stamp.timestamp() < start.timestamp():
        raise ValueError(text)
    return stamp.timestamp() - start.timestamp()
