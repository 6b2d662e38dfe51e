"""Which alarms others explain: suppression by design."""

from collections.abc import Callable, Collection

from config.alarms import Catalogue, Hide
from gateway.alarms.alarm import Alarm
from gateway.alarms.plant import Plant


class Hiding:
    """Applies the rules by which a standing alarm, or the dark, hides others at its subject and below.

    `lookup` returns the alarm of a subject, if it ever had one; `dark` are the units without light.
    """

    def __init__(
        self, catalogue: Catalogue, plant: Plant, lookup: Callable[[str, int], Alarm | None], dark: Collection[str]
    ) -> None:
        self._rules = catalogue.hides
        self._in_dark = catalogue.dark
        self._plant = plant
        self._lookup = lookup
        self._dark = dark

    def reason(self, subject: str, code: int) -> str | None:
        """Return what hides an alarm: a code or `dark`; None if nothing does."""
        if subject in self._dark and code in self._in_dark.hide:
            return "dark"
        return next((str(rule.holder) for rule in self._rules if self._applies(rule, subject, code)), None)

    def frozen(self, subject: str, code: int) -> bool:
        """Tell whether data on an alarm is not to be believed now."""
        return subject in self._dark and code in self._in_dark.freeze

    def _applies(self, rule: Hide, subject: str, code: int) -> bool:
        above = self._plant.above(subject, rule.at) if code in rule.hide else None
        holder = None if above is None else self._lookup(above, rule.holder)
        return holder is not None and holder.holds
