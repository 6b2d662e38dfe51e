"""What a vendor folder offers: data, and functions that make exchanges and responders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from protocols.commands import Command
from protocols.decode import Kind
from protocols.events import AlarmRecord, Event
from protocols.exchange import Exchange, Responder
from protocols.framing.volatile import Volatile
from protocols.grid_profile import GridProfile
from protocols.pairing import PairingWays
from protocols.points import Channel, Point, Value
from protocols.push import Dialler, Heard
from protocols.states import InvSt

USUAL_EFFICIENCY = 0.965  # European efficiency of the supported models, rounded


@dataclass(frozen=True, slots=True)
class Station:
    """A device on a medium: `serial` is its identity, `node` its address there.

    `host` is what the gateway calls itself on the medium, empty where a medium has no such name. `model` is the name
    of the unit's model, for what its answers do not tell; empty where nobody says.
    """

    serial: str
    node: int
    host: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """How a device counts energy at a channel.

    Port 0 is AC; a device that counts on the DC side has a counter for each input, and AC follows from them and from
    its powers. `wrap_wh`: the counter restarts at 0 after this value. `restarts`: it begins at 0 at every boot;
    otherwise it is a lifetime counter kept in the device, which may fall back a little when power was lost before it
    was saved.
    `offset`: it left the factory with some value, so what it shows at first was not produced by this unit.
    """

    point: Point
    port: int
    wrap_wh: int
    restarts: bool
    offset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Figures of one model from its manual; `source` says where they stand.

    `starts_by_voltage`: its processor starts as soon as the voltage suffices, whatever the power, and so it boots again
    and again at dawn and dusk.
    `efficiency`, AC over DC, serves where a unit counts on one side and its powers do not tell.
    """

    name: str
    ports: int
    rated_w: float
    rated_a: float
    dc_start_v: float
    dc_stop_v: float
    dc_max_v: float
    dc_max_a: float
    units_per_breaker: Mapping[int, int]  # breaker rating in A → most units on the branch; empty: no manual says
    source: str
    units_per_awg: Mapping[int, int] = field(default_factory=dict)  # wire gauge of the branch → most units on it
    assumed: frozenset[str] = frozenset()  # figures that no source has
    phases: int = 1
    efficiency: float = USUAL_EFFICIENCY
    starts_by_voltage: bool = False


@dataclass(frozen=True, slots=True)
class PollItem:
    """One thing that is read regularly; the vendor knows by its name how.

    `every_s` None means the period that the site file sets. With `after_command_s` the first reading after a command
    to a unit comes so long after it, neither earlier nor later. With `on_change` the item is also read as soon as that
    value of the live poll differs from the one before. `models`: only units of these models have it.
    """

    name: str
    every_s: float | None = None
    after_command_s: float | None = None
    on_change: Channel | None = None
    models: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class PollSize:
    """Lengths on the medium, in bytes: of the request of a poll and of each datagram of its answer."""

    request: int
    answers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordLog:
    """A device's own list of alarm records; its live values tell the newest one's number as ALRM_SEQ, 0 for none.

    `read` returns the so many newest, at most `most`; it is told the time in UTC. Numbers run from 1 to `last`,
    then from 1 again.
    """

    read: Callable[[Station, int, float], Exchange[tuple[AlarmRecord, ...]]]
    most: int
    last: int

    def since(self, newest: int, known: int) -> int:
        """Return how many records came after a known one."""
        return (newest - known) % self.last if newest else 0


class Device(Protocol):
    """The device behind a responder: what an emulated inverter offers to its own protocol side.

    `now` is device time: seconds of the loop's clock.
    """

    @property
    def serial(self) -> str:
        """Return the serial number."""
        ...

    @property
    def model(self) -> Model:
        """Return the figures of the model."""
        ...

    def values(self, now: float) -> Mapping[Channel, Value]:
        """Return every measured and set value, by the points of `protocols.points`; no vendor codes."""
        ...

    def alarms(self, now: float) -> frozenset[int]:
        """Return the alarm codes 1-10 that are active."""
        ...

    def alarm_records(self, now: float) -> Sequence[AlarmRecord]:
        """Return the newest alarm records, newest first, at most 16."""
        ...

    @property
    def grid_profile(self) -> GridProfile:
        """Return the protection settings in force."""
        ...

    def command(self, command: Command, now: float) -> bool:
        """Carry out a command; False when it is refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The conversation of a vendor whose units dial a broker and report by themselves.

    A unit publishes on `uplink` and hears on `downlink`, each followed by its serial. `hear` takes a payload, the UTC
    time, s, and the period for the next report, s; it raises RemoteProtocolError. `user` and `password` are those that
    the units have from the factory.
    """

    uplink: str
    downlink: str
    hear: Callable[[bytes, float, float], Heard]
    dialler: Callable[[Device], Dialler]
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """What it takes to hide serials in captured datagrams, byte for byte.

    `spellings` are the ways in which a serial stands there, as long for every serial of its form. `reseal(old, new)`
    returns `new`, made of `old` by changing bytes in place, with right checksums where `old` had them.
    """

    spellings: Callable[[str], tuple[bytes, ...]]
    reseal: Callable[[bytes, bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorProfile:
    """One vendor. `join` makes a unit reachable at its node and returns its identity values.

    `maker` is the name as the vendor itself writes it.
    `join`, `poll` and `command` are told the time in UTC, s since 1970: some requests carry it. `serials` None means
    that any serial may be this vendor's. `node` derives a unit's address from its serial, and raises ValueError where a
    serial has none; without it the site file or the order of the units gives the address; with `pairing` the
    unit chooses it, and that finds it out. `commands` are the classes of commands that the vendor's units carry out;
    others never reach `command`. `memory_writes` says how many writes to a unit's memory each of them costs;
    the site file says how many a unit may take a day. `carrier` tells from a serial what bears a unit's datagrams, None
    where the serial does not tell; without it one carrier is as good as another. `fits` tells whether a unit with a
    serial may be of a model; without it serials say nothing of models.
    `over` has the profiles of units of this vendor that talk otherwise over some medium, by its name.
    With `push` the units report by themselves and nobody asks them: what makes requests and answers is then that of
    `protocols.unasked`.
    """

    name: str
    maker: str
    serials: tuple[range, ...] | None
    models: Mapping[str, Model]
    counters: Callable[[Model], tuple[Counter, ...]]
    poll_plan: tuple[PollItem, ...]  # the first item is the live poll
    join: Callable[[Station, float], Exchange[Mapping[Channel, Value]]]
    poll: Callable[[Station, PollItem, float], Exchange[Mapping[Channel, Value]]]
    command: Callable[[Station, Command, float], Exchange[Mapping[Channel, Value]]]
    commands: frozenset[type[Command]]
    events: Callable[[Mapping[Channel, Value]], frozenset[Event]]
    responder: Callable[[Device], Responder]
    kinds: tuple[Kind, ...]  # of messages, for whoever looks at captured bytes
    poll_size: Callable[[Model], PollSize]  # of the live poll, for the expected cycle
    node: Callable[[str], int] | None = None
    carrier: Callable[[str], str | None] | None = None
    fits: Callable[[str, Model], bool] | None = None
    push: Push | None = None
    over: "Mapping[str, VendorProfile]" = field(default_factory=dict)
    alarm_codes: frozenset[int] = frozenset(range(1, 11))  # those that its units can report
    pairing: PairingWays | None = None
    states: frozenset[InvSt] = frozenset(InvSt)  # those that its units tell, or that follow from what they tell
    grid_profiles: frozenset[str] | None = None  # those that its units can name; None: any
    memory_writes: Mapping[type[Command], int] = field(default_factory=dict)
    records: RecordLog | None = None
    volatile: tuple[Volatile, ...] = ()  # what differs between two requests that ask the same, for a replay
    redaction: Redaction | None = None  # None: no link of theirs can be captured

    @property
    def pairs(self) -> bool:
        """Tell whether units choose their addresses."""
        return self.pairing is not None
