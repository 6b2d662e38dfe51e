"""What the poller keeps of one unit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

from gateway.fleet.comm import Comm, Light, is_dim
from gateway.fleet.pump import Outcome
from gateway.snapshot import CommState, Identity, NodeStats
from protocols.errors import LocalProtocolError
from protocols.events import AlarmRecord
from protocols.exchange import Cause, Failed
from protocols.points import INV_ST, UP_TMS, Channel, Number, Value
from protocols.profile import Model, PollItem, RecordLog, Station, VendorProfile
from protocols.reading import Reading
from protocols.states import InvSt

SEARCH_S = 600.0  # between two searches: units behind others come back after minutes to an hour
_NEW_SHARE = 0.1  # weight of the newest latency in the running mean
_LIT = (Light.DAY, Light.UNSEEN)
_STATES = {int(state): state for state in InvSt}


class Device:
    """A unit in its slot: who it is, how it can be reached, what it said last.

    `record_seq` is the number of the last alarm record that was taken from it, None before it is first heard of; `host`
    is what the gateway calls itself on the medium. Raises LocalProtocolError for a unit without an address.
    """

    def __init__(self, identity: Identity, model: Model, record_seq: int | None = None, host: str = "") -> None:
        if identity.node is None:
            raise LocalProtocolError(f"{identity.slot} is not paired: it has no address")
        self.identity = identity
        self.model = model
        self.station = Station(identity.serial, identity.node, host, identity.model)
        self.comm = Comm()
        self.joined = False
        self.record_seq = record_seq
        self._searched_at = -inf
        self.stranger: str | None = None  # who answered instead and was reported already
        self.stats = NodeStats()
        self.stats_told_at: float | None = None
        self._values: dict[Channel, Value] = {}

    def count(self, outcome: Outcome[Mapping[Channel, Value]], *, poll: bool) -> None:
        """Add a conversation to the statistics; only a poll's repeats and latency count, and no sleeper's silence."""
        old, latency = self.stats, self.stats.latency_s
        failed = isinstance(outcome.result, Failed)
        if failed and self.comm.state is CommState.ASLEEP:
            return
        if poll and not failed:
            latency = outcome.took_s if latency is None else latency + _NEW_SHARE * (outcome.took_s - latency)
        self.stats = NodeStats(
            polls=old.polls + 1,
            answered=old.answered + (not failed),
            retries=old.retries + (outcome.repeats if poll else 0),
            latency_s=latency,
            last_failure=_in_words(outcome.result) if isinstance(outcome.result, Failed) else old.last_failure,
        )

    def search(self, now: float, light: Light) -> bool:
        """Tell whether it is time to look for the unit under another address; no unit without light answers."""
        due = light in _LIT and now - self._searched_at >= SEARCH_S
        if due:
            self._searched_at = now
        return due

    def move(self, node: int) -> None:
        """Take another address of the unit; what it says there has to be learnt anew."""
        self.station = replace(self.station, node=node)
        self.joined = False

    def missing(self, newest: int, log: RecordLog) -> int:
        """Return how many alarm records to read, one more than are missing: another may come meanwhile.

        What a unit noted before it was first heard of is of the past.
        """
        if self.record_seq is None or not newest:
            self.record_seq = newest
        missing = log.since(newest, self.record_seq)
        return min(missing + 1, log.most) if missing else 0

    def take(self, records: Sequence[AlarmRecord], newest: int, log: RecordLog) -> tuple[AlarmRecord, ...]:
        """Return those of the newest records that are new, oldest first."""
        known = self.record_seq or 0
        most = log.since(newest, known) + 1
        new = sorted(
            (record for record in records if 0 < log.since(record.seq, known) <= most),
            key=lambda record: log.since(record.seq, known),
        )
        self.record_seq = new[-1].seq if new else newest
        return tuple(new)

    def read(
        self,
        values: Mapping[Channel, Value],
        profile: VendorProfile,
        at: float,
        records: tuple[AlarmRecord, ...] = (),
    ) -> Reading:
        """Return the reading for the answer to one poll item; state and events come from all items together.

        A unit whose uptime fell has restarted: it must join again.
        """
        before, after = self._values.get(_UPTIME), values.get(_UPTIME)
        if isinstance(before, Number) and isinstance(after, Number) and after < before:
            self.joined = False
        self._values.update(values)
        return Reading(self.identity.serial, at, values, self._state, profile.events(self._values), records)

    def outdated(self, values: Mapping[Channel, Value], plan: Sequence[PollItem]) -> tuple[int, ...]:
        """Return the numbers of the items that an answer calls for: a value that they go by is not what it was."""
        changed = {channel for channel, value in values.items() if self._values.get(channel, value) != value}
        return tuple(number for number, item in enumerate(plan) if item.on_change in changed)

    @property
    def dim(self) -> bool:
        """Tell whether the unit had little light when it answered last."""
        return is_dim(self.model, self._state, self._values)

    @property
    def _state(self) -> InvSt | None:
        raw = self._values.get(_STATE)
        return _STATES.get(raw) if isinstance(raw, int) else None


_UPTIME = Channel(UP_TMS)
_STATE = Channel(INV_ST)


def _in_words(failed: Failed) -> str:
    """Return why a conversation failed; a refusal with its reason, such as that the unit encrypts what it says."""
    words = failed.cause.value
    return f"{words}: {failed.detail}" if failed.cause is Cause.REFUSED and failed.detail else words
