"""The ledger of one slot: the sides that the device counts, and the opposite sides derived from them.

What the counted side gained since the answer before is booked onto the other side by the powers of this answer. Where
they do not tell, because it is dark, one is not sent or they do not fit each other, the last ratio that did holds;
before the first, the model's efficiency, equal shares. So a derived total grows only with a counted one, in the same
commit, and a restart of the gateway or of the device changes nothing but the ratio that is remembered.
"""

from collections.abc import Iterable, Mapping, Sequence

from gateway.rows import LedgerRow
from gateway.snapshot import Energy
from gateway.telemetry.energy import Account, Instant
from protocols.points import DCW, UP_TMS, Channel, Number, W
from protocols.profile import USUAL_EFFICIENCY, Counter
from protocols.reading import Reading

AC = 0
_PLAUSIBLE = (0.5, 1.05)  # AC power over DC power: beyond that the two were not measured at the same time


class Split:
    """How power is shared between the sides at this moment; keeps the last plausible answer for dusk."""

    def __init__(self, ports: int, efficiency: float) -> None:
        self.efficiency = efficiency
        self.shares = dict.fromkeys(range(1, ports + 1), 1 / ports)
        self._channels = {port: Channel(DCW, port) for port in self.shares}

    def observe(self, reading: Reading) -> None:
        """Take the powers of a reading."""
        values = reading.values
        watts = {port: w for port, c in self._channels.items() if isinstance(w := values.get(c), Number)}
        total, ac = sum(watts.values()), values.get(_AC_POWER)
        if len(watts) < len(self.shares) or min(watts.values()) < 0 or total <= 0:
            return  # a side that draws power would take energy back from its ledger
        self.shares = {port: w / total for port, w in watts.items()}
        if isinstance(ac, Number) and _PLAUSIBLE[0] <= ac / total <= _PLAUSIBLE[1]:
            self.efficiency = ac / total


class Ledger:
    """Keeps the energy of one slot, by port; 0 is AC."""

    def __init__(
        self,
        slot: str,
        serial: str,
        ports: int,
        rated_w: float,
        counters: Sequence[Counter],
        stored: Mapping[int, LedgerRow],
        *,
        efficiency: float = USUAL_EFFICIENCY,
    ) -> None:
        self.rows = {port: stored.get(port) or LedgerRow(slot, port, serial) for port in range(ports + 1)}
        self._accounts = tuple(
            Account(counter, self.rows[counter.port], rated_w) for counter in counters if counter.port <= ports
        )
        counted = {account.row.port for account in self._accounts}
        self._derived = tuple(port for port in self.rows if port not in counted)
        self._split = Split(ports, efficiency)
        self.energy: Mapping[int, Energy] = {}
        self._refresh()

    def accept(self, reading: Reading, utc_s: int | None) -> bool:
        """Count a reading; tell whether a row changed."""
        uptime = reading.number(UP_TMS)
        when = Instant(reading.serial, reading.at, utc_s, None if uptime is None else int(uptime))
        added: dict[int, int] = {}
        heard = False
        for account in self._accounts:
            value = reading.values.get(account.channel)
            if isinstance(value, Number):
                heard = True
                added[account.row.port] = account.accept(round(value * 1000), when)
        if self._derived and heard:
            self._derive(reading, added)
        if heard:
            self._refresh()
        return heard

    def _derive(self, reading: Reading, added: Mapping[int, int]) -> None:
        """Book what the counted sides gained in this interval onto the sides that the device does not count."""
        self._split.observe(reading)
        efficiency = self._split.efficiency
        for port in self._derived:
            row = self.rows[port]
            if port == AC:
                row.total_mwh += round(sum(added.values()) * efficiency)
            else:
                row.total_mwh += round(added.get(AC, 0) / efficiency * self._split.shares[port])
            row.serial = reading.serial

    def next_day(self) -> None:
        """Begin a day: its energy starts at 0."""
        for row in self.rows.values():
            row.previous_base_mwh, row.day_base_mwh = row.day_base_mwh, row.total_mwh
        self._refresh()

    def previous_day(self) -> None:
        """Undo the last `next_day`."""
        for row in self.rows.values():
            row.day_base_mwh = row.previous_base_mwh
        self._refresh()

    def _refresh(self) -> None:
        """Make the energy anew where a Wh changed; a side of which nothing is known is left out."""
        if not any(account.row.mark_mwh is not None for account in self._accounts):
            return
        energy = {
            port: _energy(row, derived=port in self._derived) for port, row in self.rows.items() if self._known(row)
        }
        if energy != self.energy:
            self.energy = energy

    def _known(self, row: LedgerRow) -> bool:
        return row.mark_mwh is not None or row.port in self._derived


def _energy(row: LedgerRow, *, derived: bool) -> Energy:
    return Energy(row.total_mwh // 1000, (row.total_mwh - row.day_base_mwh) // 1000, derived)


def rows_by_slot(rows: Iterable[LedgerRow]) -> dict[str, dict[int, LedgerRow]]:
    """Group stored rows by slot and port."""
    grouped: dict[str, dict[int, LedgerRow]] = {}
    for row in rows:
        grouped.setdefault(row.slot, {})[row.port] = row
    return grouped


_AC_POWER = Channel(W)
