"""What the plant's own current does to the voltage of each unit: cables of the branches, and the service line.

    grid ── service line ──┬── breaker ── unit 1 ── unit 2 ── … ── unit n        branch
                           └── breaker ── …

The currents of all units are known at whole minutes and whenever one of them changes what it does; in between they
are taken as linear. So the rise is linear too, and one sum a minute serves everybody who asks.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from emulator.clouds import KNOT_S
from emulator.course import part
from emulator.grid import Supply
from emulator.mean import WINDOW_S
from emulator.track import Line

CABLE_OHM_PER_M = 0.00798  # 2.5 mm² copper at 20 °C, one conductor
SPACING_M = 1.3  # between units mounted upright
SERVICE_OHM = 0.40  # reference impedance of IEC 60725, resistive part
_SERVICE_RISE = 0.03  # of nominal at full power: a larger plant gets a stronger connection


class Fed(Protocol):
    """A unit as the wires see it."""

    def feeds(self, t: float) -> float:
        """Return the current that it feeds in at `t` if it goes on as it does now, A."""
        ...

    def interrupt(self, t: float) -> None:
        """Look at the grid anew at `t`."""
        ...


class Service:
    """The line from the grid to the plant. `ohm` None: as strong as `plant_a`, the rated current of all, needs."""

    def __init__(self, v_nom: float, plant_a: float, ohm: float | None = None) -> None:
        self.v_nom = v_nom
        usual = min(SERVICE_OHM, _SERVICE_RISE * v_nom / plant_a) if plant_a else 0.0
        self.ohm = usual if ohm is None else ohm
        self.most_v = self.ohm * plant_a
        self.feeders: list[Feeder] = []
        self.watching: set[Fed] = set()  # units close enough to a limit to mind the others' current

    def rise(self, t: float) -> float:
        """Return how far the connection point stands above the grid."""
        return self.ohm * sum(feeder.amps(t) for feeder in self.feeders)

    def changed(self, t: float, by: Fed) -> None:
        """Tell those who mind that a unit changed its output."""
        for unit in self.watching - {by}:
            unit.interrupt(t)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The rises along a branch between two instants, and its current."""

    start: float
    end: float
    first_v: Sequence[float]
    last_v: Sequence[float]
    first_a: float
    last_a: float
    amps_last: Sequence[float] = ()  # of each unit

    def _share(self, t: float) -> float:
        return (t - self.start) / (self.end - self.start)

    def rise(self, place: int, t: float) -> float:
        first = self.first_v[place]
        return first + (self.last_v[place] - first) * self._share(t)

    def amps(self, t: float) -> float:
        return self.first_a + (self.last_a - self.first_a) * self._share(t)

    def until(self, t: float) -> "_Piece":
        """Return the part before `t`."""
        last_v = [self.rise(place, t) for place in range(len(self.last_v))]
        return _Piece(self.start, t, self.first_v, last_v, self.first_a, self.amps(t))


class Feeder:
    """A branch: its units from the breaker outwards, the supply at its breaker and the cable between units."""

    def __init__(self, service: Service, supply: Supply, cable_m: float = SPACING_M) -> None:
        self.service = service
        self.supply = supply
        self._ohm = 2 * CABLE_OHM_PER_M * cable_m
        self._units: list[Fed | None] = []
        self._rated_a: list[float] = []
        self._now: _Piece | None = None
        self._before: deque[_Piece] = deque()
        service.feeders.append(self)

    def place(self, rated_a: float) -> "Terminal":
        """Make a place at the far end of the branch, for a unit of a rated current."""
        self._units.append(None)
        self._rated_a.append(rated_a)
        return Terminal(self, len(self._units) - 1)

    def hang(self, place: int, unit: Fed) -> None:
        """Put a unit where none or another was."""
        self._units[place] = unit
        self._now = None

    def most_v(self, place: int) -> float:
        """Return the rise at a place, the service line's included, when every unit feeds in its rated current."""
        return self.service.most_v + self._along(self._rated_a)[place]

    def amps(self, t: float) -> float:
        """Return the current of the branch."""
        return self._at(t).amps(t)

    def rise(self, place: int, t: float) -> float:
        """Return how far a unit stands above its breaker."""
        return self._at(t).rise(place, t)

    def rise_in(self, place: int, t: float, at: float) -> float:
        """Return the rise at the instant `at` by the piece around `t`."""
        return self._at(t).rise(place, at)

    def amps_in(self, t: float, at: float) -> float:
        """Return the current at the instant `at` by the piece around `t`."""
        return self._at(t).amps(at)

    def keep_up(self, t: float) -> None:
        """Note what happens until `t`, so that it can be looked up later."""
        if self._now is None or t >= self._now.end:
            self._at(t)

    def until(self, t: float) -> float:
        """Return when the piece around `t` ends."""
        return self._at(t).end

    def changed(self, t: float) -> None:
        """Begin a new piece at `t`: a unit changed what it does."""
        now = self._at(t)
        if now.start < t:
            self._keep(now.until(t))
        self._now = self._made(t, now.end)

    def _at(self, t: float) -> _Piece:
        now = self._now
        if now is None or t >= now.end:
            start = t // KNOT_S * KNOT_S
            known = None
            if now is not None:
                self._keep(now)
                known = now.amps_last if now.end == start else None
            now = self._now = self._made(start, start + KNOT_S, known)
        if t >= now.start:
            return now
        return next((each for each in reversed(self._before) if each.start <= t), now)

    def _made(self, start: float, end: float, known: Sequence[float] | None = None) -> _Piece:
        """Return a new piece; `known`: the currents at its start, where nothing has changed since they were taken."""
        first = self._amps(start) if known is None else known
        last = self._amps(end)
        return _Piece(start, end, self._along(first), self._along(last), sum(first), sum(last), last)

    def _amps(self, t: float) -> list[float]:
        return [unit.feeds(t) if unit else 0.0 for unit in self._units]

    def _along(self, amps: Sequence[float]) -> list[float]:
        """Return the rise at each unit: a section of cable carries the current of all units beyond it."""
        beyond = [*accumulate(reversed(amps))]
        return [*accumulate(self._ohm * current for current in reversed(beyond))]

    def _keep(self, piece: _Piece) -> None:
        self._before.append(piece)
        while self._before[0].end < piece.end - WINDOW_S - KNOT_S:
            self._before.popleft()


class Terminal:
    """Where a unit is connected."""

    def __init__(self, feeder: Feeder, place: int) -> None:
        self.feeder = feeder
        self.service = feeder.service
        self.supply = feeder.supply
        self.position = place + 1  # counted from the breaker
        self._place = place

    def hang(self, unit: Fed) -> None:
        """Connect a unit here."""
        self.feeder.hang(self._place, unit)

    @property
    def most_v(self) -> float:
        """Return by how much the voltage here may stand above the grid's."""
        return self.feeder.most_v(self._place)

    def volt(self, t: float) -> float:
        """Return the voltage."""
        return self.supply.volt_at(t) + self._rise(t) if self.supply.alive(t) else 0.0

    def _rise(self, t: float) -> float:
        return self.service.rise(t) + self.feeder.rise(self._place, t)

    def piece(self, t: float) -> Line:
        """Return the piece of the voltage that begins at `t`."""
        supplied = self.supply.volt_piece(t)
        if not self.supply.alive(t):
            return Line(t, supplied.end, 0.0, 0.0)
        end = min(supplied.end, *(feeder.until(t) for feeder in self.service.feeders))
        supplied = part(supplied, t, end)
        return Line(t, end, supplied.first + self._rise(t), supplied.last + self._rise_before(end, t))

    def _rise_before(self, end: float, t: float) -> float:
        """Return the rise just before `end`, in the pieces around `t`."""
        amps = sum(feeder.amps_in(t, end) for feeder in self.service.feeders)
        return self.service.ohm * amps + self.feeder.rise_in(self._place, t, end)

    def history(self, since: float, until: float) -> Iterator[Line]:
        """Yield the pieces of the voltage between two instants of the past."""
        while since < until:
            piece = part(self.piece(since), since, until)
            yield piece
            since = piece.end
