from gateway.alarms.command import Action
from gateway.alarms.load import MAX_RAISES, Flood
from gateway.alarms.states import Suppression
from tests.gateway.alarms.bench import CATALOGUE, Bench, at


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five() -> None:
    flood = Flood(CATALOGUE.load)
    for n in range(10):
        flood.raised(n * 10)
    assert flood.state(100) == (10, False)
    flood.raised(100)
    assert flood.state(100) == (11, True)
    assert flood.state(650) == (5, True)
    assert flood.state(659.9) == (5, True)
    assert flood.state(660) == (4, False)
    assert flood.state(700) == (0, False)


def test_only_so_many_raises_are_kept() -> None:
    flood = Flood(CATALOGUE.load)
    for _ in range(MAX_RAISES + 10):
        flood.raised(0)
    assert flood.state(1) == (MAX_RAISES, True)


def test_what_is_hidden_is_counted_apart_and_makes_no_flood() -> None:
    bench = Bench({"a": 20})
    for n in range(1, 21):
        bench.see(n * 100.0, f"a{n}", {1: n > 5, 9: True})
    bench.command(2001, Action.SHELVE, "a1", 9)
    load = bench.engine.load(at(2001))
    assert (load.standing, load.suppressed[Suppression.BY_DESIGN], load.suppressed[Suppression.SHELVED]) == (19, 15, 1)
    assert load.raised == 6
    assert not load.flood


def test_chattering_and_stale_alarms_are_counted() -> None:
    bench = Bench({"a": 20})
    for t in range(30, 60, 10):
        bench.see(t, "a1", {9: True})
        bench.see(t + 5, "a1", {9: False})
    bench.see(0, "a2", {4: True})
    assert bench.engine.load(at(60)).chattering == 1
    assert bench.engine.load(at(100)).chattering == 0
    assert bench.engine.load(at(86_400)).stale == 0
    assert bench.engine.load(at(86_401)).stale == 1
