"""Which alarms others explain: suppression by design."""

from collections.abc import Callable, Collection, Iterable

from config.alarms import Hide
from gateway.alarms.alarm import Alarm
from gateway.alarms.plant import Plant


class Hiding:
    """Applies the rules by which a standing alarm, or the dark, hides others at its subject and below.

    `lookup` returns the alarm of a subject, if it ever had one; `dark` are the units without light.
    """

    def __init__(
        self, rules: Iterable[Hide], plant: Plant, lookup: Callable[[str, int], Alarm | None], dark: Collection[str]
    ) -> None:
        self._rules = tuple(rules)
        self._plant = plant
        self._lookup = lookup
        self._dark = dark

    def reason(self, subject: str, code: int) -> str | None:
        """Return what hides an alarm: a code or `dark`; None if nothing does."""
        rules = (rule for rule in self._rules if code in rule.hide)
        return next((str(rule.holder) for rule in rules if self._applies(rule, subject)), None)

    def frozen(self, subject: str, code: int) -> bool:
        """Tell whether data on an alarm is not to be believed now."""
        return any(code in rule.freeze and self._applies(rule, subject) for rule in self._rules)

    def _applies(self, rule: Hide, subject: str) -> bool:
        above = self._plant.above(subject, rule.at)
        if above is None:
            return False
        if rule.holder == "dark":
            return above in self._dark
        holder = self._lookup(above, rule.holder)
        return holder is not None and holder.holds
