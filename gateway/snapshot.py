"""The frozen state of the site: what MQTT, faces and pages read. Nothing here decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from protocols.commands import Command, Conn, Restart, WMaxLimPct
from protocols.events import AlarmRecord, Event
from protocols.points import Channel, Value
from protocols.profile import USUAL_EFFICIENCY
from protocols.states import InvSt, Quality

USUAL_COMMANDS: frozenset[type[Command]] = frozenset({WMaxLimPct, Conn, Restart})


class CommState(Enum):
    """How well a unit can be reached."""

    UNKNOWN = "unknown"  # has not answered since the daemon started; no verdict yet
    ONLINE = "online"
    DEGRADED = "degraded"  # answers, but misses polls
    ASLEEP = "asleep"  # silent, and there is no light
    LOST = "lost"  # silent, and should not be
    UNPAIRED = "unpaired"  # has no address as long as it is not paired


@dataclass(frozen=True, slots=True)
class Identity:
    """What stands in a slot: from the site file, completed by the unit's own word.

    `node` None: the unit has not been paired, so nobody can speak to it.
    """

    slot: str
    serial: str
    model: str
    vendor: str
    gateway: str
    branch: str
    node: int | None
    ports: int
    rated_w: float
    firmware: str | None = None
    grid_profile: str | None = None
    efficiency: float = USUAL_EFFICIENCY
    commands: frozenset[type[Command]] = USUAL_COMMANDS  # the classes of those that it carries out


@dataclass(frozen=True, slots=True)
class Energy:
    """The ledger of one side of a slot, Wh; it never falls. `derived`: not counted by the device on this side."""

    total_wh: int
    day_wh: int
    derived: bool = False


@dataclass(frozen=True, slots=True)
class NodeStats:
    """How talking to one unit went since the daemon started, its sleep left out; latency is a running mean."""

    polls: int = 0
    answered: int = 0
    retries: int = 0
    latency_s: float | None = None
    last_failure: str | None = None


@dataclass(frozen=True, slots=True)
class InverterView:
    """All that is known of one slot.

    `energy` by port: 0 is AC, 1 … n the PV inputs. `ts` is the UTC time of the sample, None before the first answer.
    `records` are the alarm records that came with the sample, oldest first.
    """

    identity: Identity
    comm: CommState = CommState.UNKNOWN
    quality: Quality = Quality.INVALID
    values: Mapping[Channel, Value] = field(default_factory=dict)
    state: InvSt | None = None
    events: frozenset[Event] = frozenset()
    energy: Mapping[int, Energy] = field(default_factory=dict)
    ts: float | None = None
    seq: int = 0
    stats: NodeStats = NodeStats()
    records: tuple[AlarmRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteTotals:
    """Sums over the site: AC only; the last energy of silent units is carried on.

    `e_total_wh` is None as long as the counter of some unit has never been read and it may still be: a sum that grows
    by a unit's whole past would count as energy of this hour with whoever takes differences.
    `expected`: units that should answer now (all but those asleep); `reporting`: those that do. The limits are what
    the units say that they were told, as a sum and of their rating.
    """

    p_ac_w: float | None
    q_ac_var: float | None
    e_total_wh: int | None
    e_day_wh: int
    expected: int
    reporting: int
    asleep: int
    limit_w: float | None = None
    limit_pct: float | None = None

    @property
    def complete(self) -> bool:
        """Tell whether every unit that should answer does."""
        return self.reporting == self.expected
