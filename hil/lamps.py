"""What the lamp of a unit shows, by the vendor's words."""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from gateway.snapshot import InverterView
from hil.trace import Lamp
from protocols.points import LED, Channel
from protocols.vendors.apsystems.led import Led as ApsystemsLed
from protocols.vendors.atmoce.led import Led

_TOLD: dict[str, type[IntEnum]] = {"atmoce": Led}  # units that say it themselves
_WATCHED: dict[str, type[IntEnum]] = {"apsystems": ApsystemsLed}  # somebody beside the plant looks at it


def shown(view: InverterView) -> str | None:
    """Return what a unit said that its lamp shows, as red_slow; None where it did not say."""
    code, words = view.values.get(Channel(LED)), _TOLD.get(view.identity.vendor)
    if not isinstance(code, int) or words is None:
        return None
    return _word(words, code)


def unseen(vendor: str, shows: str) -> str | None:
    """Return why nobody ever sees a vendor's lamp show something."""
    words = _TOLD.get(vendor) or _WATCHED.get(vendor)
    if words is None:
        return "do not tell what their lamp shows"
    return None if shows.upper() in words.__members__ else f"have no lamp that shows {shows}"


def is_watched(vendor: str) -> bool:
    """Tell whether the lamps of a vendor's units are looked at, because the units do not tell."""
    return vendor in _WATCHED


def watched(vendor: str, slot: str, looks: Iterable[tuple[float, float]]) -> Iterator[Lamp]:
    """Yield the changes of a lamp that was looked at: instants, and the vendor's number for what it showed."""
    before: float | None = None
    for at_s, code in looks:
        if code != before:
            yield Lamp(at_s, slot, _word(_WATCHED[vendor], int(code)))
        before = code


def _word(words: type[IntEnum], code: int) -> str:
    return words(code).name.lower() if code in set(words) else f"0x{code:02x}"
