from collections.abc import Callable
from itertools import pairwise

import pytest

from emulator.feeder import Feeder, Service, Terminal
from emulator.grid import Grid
from tests.support.emulated import NOON

MINUTE = NOON // 60 * 60


class Fed:
    """A unit of a scripted current."""

    def __init__(self, amps: Callable[[float], float]) -> None:
        self.amps = amps
        self.interrupted: list[float] = []

    def feeds(self, t: float) -> float:
        return self.amps(t)

    def interrupt(self, t: float) -> None:
        self.interrupted.append(t)


def branch(count: int, amps: float, *, plant_a: float = 0.0, ohm: float | None = None) -> list[Terminal]:
    feeder = Feeder(Service(230.0, plant_a, ohm), Grid(1, still=True).branch())
    return hung(feeder, count, amps)


def hung(feeder: Feeder, count: int, amps: float) -> list[Terminal]:
    terminals = [feeder.place(amps) for _ in range(count)]
    for terminal in terminals:
        terminal.hang(Fed(lambda _: amps))
    return terminals


@pytest.mark.parametrize(
    ("count", "amps", "spacing_m", "rise"),
    [(9, 2.17, 1.3, 2.0), (9, 2.17, 2.3, 3.6), (11, 1.74, 1.3, 2.4), (11, 1.74, 2.3, 4.2)],
    ids=["9 x MI-500 portrait", "9 x MI-500 landscape", "11 x MI-400 portrait", "11 x MI-400 landscape"],
)
def test_the_last_unit_stands_as_high_as_the_note_says(count: int, amps: float, spacing_m: float, rise: float) -> None:
    feeder = Feeder(Service(230.0, 0.0), Grid(1, still=True).branch(), spacing_m)
    assert hung(feeder, count, amps)[-1].volt(NOON) - 230 == pytest.approx(rise, abs=0.06)


def test_the_service_line_adds_what_the_note_says_and_a_large_plant_has_a_stronger_one() -> None:
    assert branch(9, 2.17, plant_a=19.53, ohm=0.4)[0].service.rise(NOON) == pytest.approx(7.8, abs=0.02)
    assert branch(9, 2.17, plant_a=19.53)[0].service.rise(NOON) == pytest.approx(6.9)
    assert branch(9, 2.17, plant_a=2000.0)[0].service.ohm == pytest.approx(6.9 / 2000)
    assert branch(2, 2.17, plant_a=4.34)[0].service.ohm == 0.4


def test_units_nearer_to_the_breaker_rise_less() -> None:
    volts = [terminal.volt(NOON) for terminal in branch(8, 2.0)]
    assert volts == sorted(volts)
    assert volts[0] > 230


def test_it_is_the_neighbours_real_current_that_counts() -> None:
    terminals = branch(3, 2.0, plant_a=6.0, ohm=0.4)
    full = terminals[0].volt(NOON)
    for terminal in terminals[1:]:
        terminal.hang(Fed(lambda _: 0.0))
    assert full - 230 == pytest.approx(6 * 0.4 + 6 * 2 * 0.00798 * 1.3)
    assert terminals[0].volt(NOON) - 230 == pytest.approx(2 * 0.4 + 2 * 2 * 0.00798 * 1.3)


def test_most_is_the_rise_at_full_power() -> None:
    terminals = branch(5, 2.0, plant_a=10.0)
    assert [terminal.most_v for terminal in terminals] == pytest.approx([each.volt(NOON) - 230 for each in terminals])


def test_currents_are_linear_between_whole_minutes_and_from_a_change_on() -> None:
    service = Service(230.0, 10.0, 1.0)
    feeder = Feeder(service, Grid(1, still=True).branch(), 0.0)
    terminal, unit = feeder.place(10.0), Fed(lambda t: (t - MINUTE) / 10)
    terminal.hang(unit)
    assert [terminal.volt(MINUTE + t) - 230 for t in (0, 30, 59)] == pytest.approx([0, 3, 5.9])
    unit.amps = lambda _: 0.0
    feeder.changed(MINUTE + 30)
    assert [terminal.volt(MINUTE + t) - 230 for t in (30, 50, 70)] == [0, 0, 0]
    assert [terminal.volt(MINUTE + t) - 230 for t in (0, 15, 29)] == pytest.approx([0, 1.5, 2.9])  # the past stays


def test_history_is_what_was() -> None:
    service = Service(230.0, 10.0, 1.0)
    grid = Grid(1, still=True)
    feeder = Feeder(service, grid.branch(), 0.0)
    terminal, unit = feeder.place(10.0), Fed(lambda _: 2.0)
    terminal.hang(unit)
    for minute in range(12):
        feeder.keep_up(MINUTE + 60 * minute)
    unit.amps = lambda _: 4.0
    feeder.changed(MINUTE + 690)
    grid.volt.set(MINUTE + 700, 240.0)
    pieces = list(terminal.history(MINUTE + 110, MINUTE + 710))
    assert (pieces[0].start, pieces[-1].end) == (MINUTE + 110, MINUTE + 710)
    assert all(early.end == late.start for early, late in pairwise(pieces))
    seen = {piece.start - MINUTE: piece.first for piece in pieces if piece.first != 232}
    assert seen == {690: 234, 700: 244}


def test_without_mains_there_is_no_voltage_whatever_is_fed_in() -> None:
    terminal = branch(1, 2.0, plant_a=2.0)[0]
    terminal.supply.breaker.move(NOON, closed=False)
    assert terminal.volt(NOON + 1) == 0
    assert terminal.piece(NOON + 1).first == 0


def test_a_change_is_told_to_those_who_watch_but_not_to_its_author() -> None:
    service = Service(230.0, 10.0)
    author, watcher, idle = (Fed(lambda _: 1.0) for _ in range(3))
    service.watching |= {author, watcher}
    service.changed(NOON, author)
    assert [unit.interrupted for unit in (author, watcher, idle)] == [[], [NOON], []]
