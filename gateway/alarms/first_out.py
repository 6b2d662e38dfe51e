"""Which of several alarms of a branch came first."""

from dataclasses import dataclass

from config.alarms import FirstOut


@dataclass(frozen=True, slots=True)
class Lead:
    """The alarm that leads its group: the earliest by the devices' own instants, ties by the order of codes."""

    since: float
    rank: int
    subject: str
    code: int


class FirstOuts:
    """The leader of the latest group of each branch; a group are the raises within a time of its leader."""

    def __init__(self, settings: FirstOut) -> None:
        self._within_s = settings.within_s
        self._ranks = {code: rank for rank, code in enumerate(settings.order)}
        self._leads: dict[str, Lead] = {}

    def enter(self, branch: str, subject: str, code: int, since: float) -> tuple[bool, Lead | None]:
        """Return whether a raise is the first of its group, and the leader that it overtakes if it is late news."""
        entrant = Lead(since, self._ranks.get(code, len(self._ranks)), subject, code)
        lead = self._leads.get(branch)
        if lead is None or since > lead.since + self._within_s:
            self._leads[branch] = entrant
            return True, None
        if since < lead.since - self._within_s:  # news of a group before: its own first, as far as is known
            return True, None
        if (entrant.since, entrant.rank) >= (lead.since, lead.rank):
            return False, None
        self._leads[branch] = entrant
        return True, lead
