"""What the database holds: rows of integers and short text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MOST_NODE = 0xFFFF  # as in the site file


@dataclass(slots=True)
class LedgerRow:
    """What the energy ledger keeps of one side of a slot; energy in mWh.

    `mark_mwh` is the counter as far as it was counted, None where nothing is counted yet; `seen_s` is the UTC of the
    last counted answer, None when the clock was guessed. Two day bases: today's, and the one before it.
    """

    slot: str
    port: int
    serial: str
    total_mwh: int = 0
    day_base_mwh: int = 0
    previous_base_mwh: int = 0
    mark_mwh: int | None = None
    uptime_s: int | None = None
    seen_s: int | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """A number of the daemon's own, by name."""

    key: str
    value: int


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A power limit that somebody has set on a target, in mW or thousandths of a percent as `unit` says.

    `value_milli` None: the lease has ended, the fallback is in force. `until_s` is the UTC at which the lease ends and
    `lease_s` the time that it was given for, both None without a lease. `by`: who set it.
    """

    target: str
    value_milli: int | None
    unit: str
    until_s: int | None
    lease_s: int | None
    by: str


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One event of the alarms' journal, in the order of `seq`; `facts` is JSON with what its kind has to tell."""

    seq: int
    ts_ms: int
    subject: str
    code: int
    kind: str
    facts: str


@dataclass(frozen=True, slots=True)
class JournalStart:
    """The journal begins behind `seq`: what is not newer is deleted."""

    seq: int


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """What is kept of one alarm, as JSON."""

    subject: str
    code: int
    record: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """Which unit the alarms know in a slot, by which profile, and the last of its records that they took."""

    slot: str
    serial: str
    firmware: str | None
    grid_profile: str | None
    record_seq: int | None


@dataclass(frozen=True, slots=True)
class WriteRow:
    """How often the memory of a unit was written on a day (UTC, days since 1970), and the limit that it keeps."""

    slot: str
    serial: str
    day: int
    writes: int
    told_milli: int | None  # thousandths of a percent; None: not known


@dataclass(frozen=True, slots=True)
class PairedRow:
    """The address that a unit has on the medium of a gateway that calls itself `host` there."""

    gateway: str
    serial: str
    node: int
    host: str


Row: TypeAlias = LedgerRow | Meta | LimitRow | JournalRow | JournalStart | AlarmRow | UnitRow | WriteRow | PairedRow


def addresses(rows: Iterable[PairedRow], gateway: str, host: str) -> dict[str, int]:
    """Return the addresses that pairing found for a gateway, by serial; under another name it has another network.

    What a damaged disk has made up is left out.
    """
    ours = (row for row in rows if (row.gateway, row.host) == (gateway, host))
    return {row.serial: row.node for row in ours if 0 < row.node <= MOST_NODE}
