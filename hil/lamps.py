"""What the lamp of a unit shows, by the vendor's words."""

from enum import IntEnum

from gateway.snapshot import InverterView
from protocols.points import LED, Channel
from protocols.vendors.atmoce.led import Led

_WORDS: dict[str, type[IntEnum]] = {"atmoce": Led}
TELL_THEIR_LAMP = frozenset(_WORDS)  # vendors; others say nothing of it


def shown(view: InverterView) -> str | None:
    """Return what a unit said that its lamp shows, as red_slow; None where it did not say."""
    code, words = view.values.get(Channel(LED)), _WORDS.get(view.identity.vendor)
    if not isinstance(code, int) or words is None:
        return None
    return words(code).name.lower() if code in set(words) else f"0x{code:02x}"
