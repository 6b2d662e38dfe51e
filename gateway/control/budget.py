"""How often a day the memory of each unit may be written: it wears out, and nobody sees it until it fails.

A vendor says which commands cost how many writes; what is only held until a unit loses power costs none, and a limit
that a unit is told to keep costs one at least. What was written is stored, so that a restart of the daemon forgets
neither the count nor the limit that a unit keeps: the same limit is not sent again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from gateway.rows import WriteRow
from gateway.snapshot import Identity
from protocols.commands import Command, WMaxLimPct

DAY_S = 86_400
_PER_PCT = 1000

Costs: TypeAlias = Mapping[type[Command], int]


class Budget:
    """Counts writes by slot and UTC day; `costs` and how many are `allowed` are by gateway, `save` stores rows.

    A day that lies behind by more than one was counted by a clock that was wrong, and is over. Another unit in a slot
    begins with a memory of its own.
    """

    def __init__(
        self,
        costs: Mapping[str, Costs],
        allowed: Mapping[str, int],
        rows: Iterable[WriteRow],
        save: Callable[[Iterable[WriteRow]], None],
    ) -> None:
        self._costs = costs
        self._allowed = allowed
        self._rows = {row.slot: row for row in rows}
        self._save = save

    def cost(self, who: Identity, command: Command) -> int:
        """Return how many writes a command costs a unit."""
        usual = self._costs[who.gateway].get(type(command), 0)
        return max(usual, 1) if isinstance(command, WMaxLimPct) and command.persistent else usual

    def affords(self, who: Identity, command: Command, utc: float) -> bool:
        """Tell whether a unit may be sent a command today."""
        cost = self.cost(who, command)
        return not cost or self._row(who, utc).writes + cost <= self._allowed[who.gateway]

    def book(self, who: Identity, command: Command, utc: float, *, obeyed: bool) -> None:
        """Take note that a command was sent; one that was not obeyed may have been written all the same."""
        cost = self.cost(who, command)
        if not cost:
            return
        row = self._row(who, utc)
        row = replace(row, writes=row.writes + cost)
        if isinstance(command, WMaxLimPct):
            row = replace(row, told_milli=round(command.pct * _PER_PCT) if obeyed else None)
        self._rows[who.slot] = row
        self._save([row])

    def told_pct(self, who: Identity) -> float | None:
        """Return the limit that a unit keeps in its memory as far as is known."""
        row = self._rows.get(who.slot)
        if row is None or row.serial != who.serial or row.told_milli is None:
            return None
        return row.told_milli / _PER_PCT

    def _row(self, who: Identity, utc: float) -> WriteRow:
        """Return the row of today."""
        today, row = int(utc // DAY_S), self._rows.get(who.slot)
        if row is None or row.serial != who.serial:
            return WriteRow(who.slot, who.serial, today, 0, None)
        if today > row.day or row.day - today > 1:
            return replace(row, day=today, writes=0)
        return row


def to_next_day_s(utc: float) -> float:
    """Return the time until the count begins anew."""
    return DAY_S - utc % DAY_S
