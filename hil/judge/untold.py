"""What a vendor's units do not tell: an expectation of it is not applicable, rather than failed or passed."""

from collections.abc import Mapping

from config.scenario import Expectation
from hil.lamps import TELL_THEIR_LAMP
from protocols.profile import VendorProfile


def subject(one: Expectation) -> str:
    """Return of whom something is expected; empty for messages and answers."""
    (kind,) = one.kinds
    return str(getattr(getattr(one, kind), "of", ""))


def untold(one: Expectation, vendors: Mapping[str, VendorProfile]) -> str | None:
    """Return why nobody can know; None when it can be known."""
    profile = vendors.get(subject(one))
    if profile is None:
        return None
    who = f"units of {profile.name}"
    code = one.alarm.code if one.alarm else one.trip.code if one.trip else None
    if code in range(1, 11) and code not in profile.alarm_codes:
        return f"{who} do not report alarm {code}"
    if one.trip is not None and profile.records is None:
        return f"{who} do not record when they trip"
    if one.state is not None and not {state.name.lower() for state in profile.states} & set(one.state.is_in):
        return f"{who} do not tell whether they are {' or '.join(one.state.is_in)}"
    if one.led is not None and profile.name not in TELL_THEIR_LAMP:
        return f"{who} do not tell what their lamp shows"
    return None
