import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from drivers.clock import Trust
from gateway.snapshot import CommState, Energy, InverterView, NodeStats
from gateway.telemetry.site import SAVE_S
from protocols.points import (
    DCW,
    MD,
    VR,
    Channel,
    Value,
    W,
)
from protocols.states import InvSt, Quality
from tests.gateway.acme import MODEL, identity
from tests.gateway.telemetry.site_bench import ALARM, NOON, Bench, on_a_loop
from tests.support.virtual_time import FakeClock, run


def test_before_the_first_answer_nothing_is_known(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        assert bench.view() == InverterView(identity("s1", 1))
        totals = bench.site.totals()
        assert (totals.p_ac_w, totals.e_total_wh, totals.expected, totals.reporting) == (None, None, 2, 0)
        assert not totals.complete

    on_a_loop(scene, tmp_path)


def test_a_reading_becomes_a_view(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.answer("s1", 5000)
        bench.answer("s1", 5001)
        view = bench.view()
        assert (view.comm, view.quality, view.state, view.seq) == (CommState.ONLINE, Quality.GOOD, InvSt.RUNNING, 2)
        assert view.values[Channel(W)] == 100.0
        assert view.energy[0] == Energy(5001, 1)
        assert view.events == {ALARM}
        assert view.ts == NOON
        assert bench.outbox.take().state == {"s1"}

    on_a_loop(scene, tmp_path)


def test_sums_are_of_those_who_report_and_energy_of_all(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.answer("s1", 5000, 100.0)
        bench.answer("s2", 7000, 50.0)
        assert bench.site.totals().p_ac_w == 150.0
        bench.site.comm_changed("s2", CommState.LOST)
        totals = bench.site.totals()
        assert (totals.p_ac_w, totals.e_total_wh) == (100.0, 12_000)
        assert (totals.expected, totals.reporting, totals.asleep, totals.complete) == (2, 1, 0, False)

    on_a_loop(scene, tmp_path)


def test_a_sleeper_gives_no_power_and_knows_no_voltage(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        for slot in ("s1", "s2"):
            bench.answer(slot, 5000)
            bench.site.comm_changed(slot, CommState.ASLEEP)
        view = bench.view()
        assert (view.quality, view.state, view.events) == (Quality.NIGHT, InvSt.SLEEPING, frozenset())
        flows = {Channel(W), Channel(DCW, 1)}
        assert {view.values[channel] for channel in flows} == {0}
        assert {view.values[channel] for channel in set(view.values) - flows} == {None, 5000}
        assert view.energy[0] == Energy(5000, 0)
        totals = bench.site.totals()
        assert (totals.p_ac_w, totals.expected, totals.asleep, totals.complete) == (0, 0, 2, True)

    on_a_loop(scene, tmp_path)


def test_nothing_is_invented_for_a_unit_that_never_answered(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.site.comm_changed("s1", CommState.ASLEEP)
        view = bench.view()
        assert (view.quality, view.values, view.state, view.energy) == (Quality.INVALID, {}, None, {})
        bench.site.comm_changed("s2", CommState.LOST)
        assert bench.view("s2").quality is Quality.INVALID

    on_a_loop(scene, tmp_path)


def test_a_plant_that_is_found_asleep_gives_no_power(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.site.comm_changed("s1", CommState.LOST)
        assert bench.site.totals().p_ac_w is None
        for slot in ("s1", "s2"):
            bench.site.comm_changed(slot, CommState.ASLEEP)
        totals = bench.site.totals()
        assert (totals.p_ac_w, totals.q_ac_var, totals.e_total_wh, totals.complete) == (0, 0, None, True)

    on_a_loop(scene, tmp_path)


def test_a_sum_of_which_a_part_is_not_told_is_not_known(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.answer("s1", 5000, var=12.0)
        bench.answer("s2", 5000)
        assert bench.site.totals().q_ac_var is None
        bench.answer("s2", 5000, var=-2.0)
        assert bench.site.totals().q_ac_var == 10.0

    on_a_loop(scene, tmp_path)


def test_units_that_take_no_limit_count_as_a_whole_beside_those_that_do(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        rated_w = bench.view().identity.rated_w
        assert bench.site.totals().limit_pct is None
        bench.answer("s1", 5000, limit_pct=60)
        assert (bench.site.totals().limit_w, bench.site.totals().limit_pct) == (0.6 * rated_w, 60)
        other = bench.view("s2")
        without = replace(other, identity=replace(other.identity, commands=frozenset()))
        bench.site.views["s2"] = without  # type: ignore[index] # nothing else makes one
        assert (bench.site.totals().limit_w, bench.site.totals().limit_pct) == (1.6 * rated_w, 80)

    on_a_loop(scene, tmp_path)


def test_stored_energy_is_there_at_once_and_stale(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.answer("s1", 5000)
        bench.answer("s1", 5040)
        bench.end()
        again = Bench(tmp_path)
        view = again.view()
        assert (view.quality, view.values, view.comm) == (Quality.STALE, {}, CommState.UNKNOWN)
        assert view.energy[0] == Energy(5040, 40)
        assert again.site.totals().e_total_wh is None  # the other unit's past is not known yet
        again.site.comm_changed("s2", CommState.LOST)
        assert again.site.totals().e_total_wh == 5040
        again.site.comm_changed("s1", CommState.ASLEEP)
        assert again.view().quality is Quality.STALE
        again.answer("s1", 5050)
        assert again.view().energy[0] == Energy(5050, 50)
        again.end()

    run(main())


def test_a_loss_and_a_return_are_events_and_a_night_is_none(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.answer("s1", 5000)
        bench.site.comm_changed("s1", CommState.ASLEEP)
        bench.answer("s1", 5000)
        assert bench.kinds() == []
        bench.site.comm_changed("s1", CommState.LOST)
        assert bench.view().quality is Quality.STALE
        bench.answer("s1", 5000)
        assert bench.kinds() == ["lost", "back"]

    with capture_logs() as logs:
        on_a_loop(scene, tmp_path)
    told = [(entry["event"], entry["log_level"]) for entry in logs if entry["event"] in {"lost", "back"}]
    assert told == [("lost", "warning"), ("back", "info")]


def test_a_join_completes_the_identity_once(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        named: dict[Channel, Value] = {Channel(VR): "1.0", Channel(MD): MODEL.name}
        bench.site.joined("s1", named)
        changes = bench.outbox.take()
        assert changes.info == set()  # nothing is said of a unit before its first values
        assert [event.kind for event in changes.events] == ["joined"]
        assert bench.view().identity.firmware == "1.0"
        bench.answer("s1", 5000)
        assert bench.outbox.take().info == {"s1"}
        bench.site.joined("s1", named)  # a restart
        assert bench.kinds() == []
        bench.site.joined("s1", {Channel(VR): "1.1", Channel(MD): "A-500"})
        assert bench.kinds() == ["joined", "model_differs"]

    on_a_loop(scene, tmp_path)


def test_a_replaced_unit_is_an_event_and_its_energy_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path, slots=1)
        bench.answer("s1", 5000)
        bench.end()
        again = Bench(tmp_path, slots=1, serial="NEW1")
        again.site.joined("s1", {Channel(VR): "1.0"})
        events = {event.kind: event.detail for event in again.outbox.take().events}
        assert events["replaced"] == {"former": "SN0001", "serial": "NEW1"}
        again.answer("s1", 12)
        again.answer("s1", 20)
        assert again.view().energy[0].total_wh == 5008
        again.end()

    run(main())


def test_a_stranger_is_an_event(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.site.mismatched("s1", "OTHER")
        (event,) = bench.outbox.take().events
        assert (event.kind, event.subject) == ("identity_mismatch", "s1")
        assert event.detail == {"found": "OTHER", "configured": "SN0001"}

    on_a_loop(scene, tmp_path)


def test_a_link_that_is_down_makes_values_stale_and_blames_nobody(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.answer("s1", 5000)
        bench.outbox.take()
        bench.site.link_changed("gw", up=False)
        bench.site.comm_changed("s1", CommState.UNKNOWN)
        assert (bench.view().quality, bench.view().comm) == (Quality.STALE, CommState.UNKNOWN)
        changes = bench.outbox.take()
        assert (changes.state, changes.availability) == ({"s1"}, {"s1"})
        assert [event.kind for event in changes.events] == ["link_down"]
        assert bench.site.totals().reporting == 0
        bench.site.link_changed("gw", up=True)
        bench.answer("s1", 5000)
        bench.site.comm_changed("s1", CommState.ONLINE)
        assert bench.site.totals().reporting == 1

    on_a_loop(scene, tmp_path)


def test_statistics_are_kept_and_mark_nothing(tmp_path: Path) -> None:
    def scene(bench: Bench) -> None:
        bench.site.stats("s1", NodeStats(polls=3, answered=2))
        assert bench.view().stats.polls == 3
        assert bench.outbox.take().state == set()

    on_a_loop(scene, tmp_path)


async def pass_time(bench: Bench, seconds: float) -> None:
    task = asyncio.create_task(bench.site.run())
    await asyncio.sleep(seconds)
    task.cancel()


def test_midnight_comes_even_when_nobody_answers(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.answer("s1", 5000)
        bench.answer("s1", 5040)
        bench.outbox.take()
        await pass_time(bench, 12 * 3600 - 0.5)
        assert bench.view().energy[0] == Energy(5040, 40)
        await pass_time(bench, 1)
        assert bench.view().energy[0] == Energy(5040, 0)
        assert bench.outbox.take().state == {"s1", "s2"}
        bench.end()

    run(main())


def test_a_reading_after_midnight_belongs_to_the_new_day(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.answer("s1", 5000)
        await asyncio.sleep(12 * 3600 + 1)  # nobody ticks
        bench.answer("s1", 5007)
        assert bench.view().energy[0] == Energy(5007, 7)
        bench.end()

    run(main())


def test_days_do_not_turn_while_the_clock_is_guessed(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path, clock=FakeClock(NOON, Trust.GUESSED))
        bench.answer("s1", 5000)
        await pass_time(bench, 30 * 3600)
        bench.answer("s1", 5040)
        assert bench.view().energy[0] == Energy(5040, 40)
        bench.clock.trusted = Trust.TRUSTED
        bench.site.tick()
        assert bench.view().energy[0] == Energy(5040, 40)  # the first trusted look adopts the day
        await pass_time(bench, 13 * 3600)
        assert bench.view().energy[0] == Energy(5040, 0)
        bench.end()

    run(main())


def test_a_guessed_clock_stamps_with_the_last_trusted_time_plus_what_passed(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.clock.trusted = Trust.GUESSED
        bench.clock.step(-1_000_000)
        bench.site.tick()
        await asyncio.sleep(100)
        assert bench.site.utc() == NOON + 100
        bench.end()
        again = Bench(tmp_path, clock=FakeClock(1000.0, Trust.GUESSED))
        assert again.site.utc() == NOON
        assert not again.site.clock_trusted
        again.end()

    run(main())


def test_a_clock_that_was_wrong_does_not_cost_the_day(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.answer("s1", 5000)
        bench.answer("s1", 5040)
        bench.clock.step(10 * 365 * 86_400)
        bench.site.tick()
        bench.answer("s1", 5041)
        assert bench.view().energy[0] == Energy(5041, 1)
        bench.end()
        again = Bench(tmp_path)  # the clock is right after a restart of the daemon
        again.answer("s1", 5042)
        assert again.view().energy[0] == Energy(5042, 42)
        again.end()

    run(main())


def test_the_ledger_is_stored_in_its_rhythm_and_nothing_is_lost_but_that(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.answer("s1", 5000)
        await pass_time(bench, SAVE_S + 1)
        bench.answer("s1", 5001)
        bench.store.close()  # killed: no save
        again = Bench(tmp_path)
        assert again.view().energy[0].total_wh == 5000
        again.answer("s1", 5002)
        assert again.view().energy[0] == Energy(5002, 2)
        again.end()

    run(main())


@pytest.mark.day
def test_a_week_with_summer_time_has_one_turn_a_day(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path, clock=FakeClock(1_774_350_000.0))  # 2026-03-24T11:00Z; summer time begins on the 29th
        today: list[int] = []
        for hour in range(7 * 24):
            bench.answer("s1", 5000 + 10 * hour)
            today.append(bench.view().energy[0].day_wh)
            await asyncio.sleep(3600)
        turns = [n for n in range(1, len(today)) if today[n] < today[n - 1]]
        assert [b - a for a, b in pairwise(turns)] == [24, 24, 24, 24, 23, 24]
        bench.end()

    run(main())
