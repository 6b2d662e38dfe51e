import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.alarms import journal as module
from gateway.alarms import rows
from gateway.alarms.journal import Journal
from gateway.alarms.record import Record, Shelf, Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from gateway.alarms.trip import Trip
from gateway.rows import AlarmRow, JournalRow, UnitRow
from gateway.store import Store
from tests.support.virtual_time import run

EDGE = Transition(
    1, 1_782_000_000.125, "a1", 3, Stimulus.RAISE, AlarmState.NORM, AlarmState.UNACK, Suppression.NONE, count=1
)
RECORD = Record("a1", 3, AlarmState.UNACK, count=1)

texts = st.none() | st.text(max_size=120)
instants = st.none() | st.floats(1e9, 4e9)
stamps = st.integers(10**12, 4 * 10**12).map(lambda ms: ms / 1000)  # the journal resolves ms
seqs = st.integers(1, 2**40)
transitions = st.builds(
    Transition,
    seq=seqs,
    ts=stamps,
    subject=st.text(max_size=60),
    code=st.integers(1, 999),
    stimulus=st.sampled_from(Stimulus),
    before=st.sampled_from(AlarmState),
    state=st.sampled_from(AlarmState),
    suppression=st.sampled_from(Suppression),
    count=st.integers(0, 2**40),
    chatter=st.integers(0, 2**40),
    cause=texts,
    actor=texts,
    detail=texts,
    since=instants,
    first_out=st.booleans(),
    until_ts=instants,
    one_shot=st.booleans(),
)
uptimes = st.integers(0, 2**32 - 1)
trips = st.builds(
    Trip,
    seq=seqs,
    ts=stamps,
    subject=st.text(max_size=60),
    code=st.integers(1, 255),
    serial=st.text(max_size=16),
    record_seq=st.integers(1, 65535),
    stage=st.integers(0, 255),
    extreme=st.floats(-1e6, 1e6),
    crossed_ms=uptimes,
    opened_ms=uptimes,
    crossed_ts=instants,
    opened_ts=instants,
)
records = st.builds(
    Record,
    subject=st.text(max_size=60),
    code=st.integers(1, 999),
    state=st.sampled_from(AlarmState),
    shelf=st.none() | st.builds(Shelf, st.text(max_size=60), st.floats(1e9, 4e9), st.booleans()),
    hidden_by=texts,
    removed_by=texts,
    cause=texts,
    since=instants,
    first_out=st.booleans(),
    raised_ts=instants,
    cleared_ts=instants,
    acked_ts=instants,
    acked_by=texts,
    count=st.integers(0, 2**40),
    chatter=st.integers(0, 2**40),
    occurrences=st.lists(st.floats(1e9, 4e9), max_size=64).map(tuple),
    locked_out=st.booleans(),
    released_ts=st.floats(0, 4e9),
    escalated=st.lists(st.tuples(st.text(max_size=40), st.floats(1e9, 4e9)), max_size=5).map(tuple),
)


@given(transitions | trips)
def test_every_entry_comes_back_from_its_row(entry: Transition | Trip) -> None:
    found = rows.entry(rows.journal_row(entry))
    assert found == entry
    assert found.id == entry.id


@given(records)
def test_every_record_comes_back_from_its_row(record: Record) -> None:
    assert rows.record(rows.alarm_row(record)) == record


@pytest.mark.parametrize(
    "facts", ["", "[]", "{}", '{"before":"norm","state":"melted"}', '{"before":"norm","state":"norm","what":1}']
)
def test_what_cannot_be_read_is_logged_and_left_out(facts: str) -> None:
    with capture_logs() as logs:
        assert rows.entry(JournalRow(1, 0, "a1", 3, "raise", facts)) is None
        assert rows.record(AlarmRow("a1", 3, facts)) is None
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("alarm_event_unreadable", "error"),
        ("alarm_unreadable", "error"),
    ]


def edge(seq: int) -> Transition:
    return replace(EDGE, seq=seq)


def on(folder: Path, act: Callable[[Journal], Coroutine[Any, Any, None]], *, inline: bool = True) -> None:
    """Act on the journal of a folder's database."""

    async def main() -> None:
        store = Store(folder, inline=inline)
        try:
            await act(Journal(store))
        finally:
            store.close()

    if inline:
        run(main())
    else:
        asyncio.run(main())


async def told(journal: Journal) -> list[int]:
    """Tell everything that there is and return the numbers."""
    numbers = []
    try:
        async with asyncio.timeout(1):
            while True:
                entry = await journal.next()
                numbers.append(entry.seq)
                journal.told(entry)
    except TimeoutError:
        return numbers


@pytest.mark.parametrize("inline", [True, False], ids=["written directly", "written by the thread"])
def test_what_was_not_acknowledged_is_told_by_the_next_run(tmp_path: Path, *, inline: bool) -> None:
    async def first(journal: Journal) -> None:
        assert journal.snapshot.records == ()
        journal.file([edge(1), edge(2), edge(3)], [RECORD], [UnitRow("a1", "SN1", "1.0", "eu", 7)])
        journal.told(await journal.next())
        assert (await journal.next()).seq == 2  # heard, and not acknowledged

    async def second(journal: Journal) -> None:
        assert (journal.snapshot.seq, journal.snapshot.records) == (3, (RECORD,))
        assert journal.units == {"a1": UnitRow("a1", "SN1", "1.0", "eu", 7)}
        assert journal.waiting == 2
        assert await told(journal) == [2, 3]

    async def third(journal: Journal) -> None:
        assert (journal.waiting, journal.snapshot.seq) == (0, 3)

    for act in (first, second, third):
        on(tmp_path, act, inline=inline)


def test_nobody_hears_of_what_is_not_on_the_disk(tmp_path: Path) -> None:
    state, killed = tmp_path / "state", tmp_path / "killed"
    state.mkdir()

    async def act(journal: Journal) -> None:
        waiting = asyncio.ensure_future(journal.next())
        await asyncio.sleep(0)
        journal.file([edge(1)], [])
        assert (await waiting).seq == 1
        shutil.copytree(state, killed)

    on(state, act, inline=False)
    store = Store(killed, inline=True)
    assert [row.seq for row in store.journal(0)] == [1]
    store.close()


def test_a_disk_that_is_full_keeps_no_alarm_from_being_told(tmp_path: Path) -> None:
    async def main() -> None:
        store = Store(tmp_path, inline=True, max_bytes=64 * 1024)
        journal = Journal(store)
        for seq in range(1, 500):
            journal.file([replace(edge(seq), cause="x" * 100)], [])
        assert store.failures > 0
        assert await told(journal) == list(range(1, 500))
        store.close()

    with capture_logs():
        run(main())


def test_a_broker_that_is_away_for_too_long_costs_the_oldest_counted_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 5)

    async def act(journal: Journal) -> None:
        for seq in range(1, 13):
            journal.file([edge(seq)], [])
        assert (journal.waiting, journal.lost) == (5, 7)
        assert await told(journal) == [8, 9, 10, 11, 12]
        for seq in range(13, 20):
            journal.file([edge(seq)], [])
        assert journal.lost == 9

    async def later(journal: Journal) -> None:
        assert await told(journal) == [15, 16, 17, 18, 19]

    with capture_logs() as logs:
        on(tmp_path, act)
        on(tmp_path, later)
    assert [line["event"] for line in logs] == ["alarm_events_lost"] * 2  # one for each outage


def test_the_journal_on_the_disk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 5)

    async def act(journal: Journal) -> None:
        for seq in range(1, 31):
            journal.file([edge(seq)], [])
            journal.told(await journal.next())

    on(tmp_path, act)
    store = Store(tmp_path, inline=True)
    assert [row.seq for row in store.journal(0)] == [26, 27, 28, 29, 30]
    store.close()


def test_an_entry_that_was_given_up_while_it_was_told_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 3)

    async def act(journal: Journal) -> None:
        journal.file([edge(1)], [])
        slow = await journal.next()
        journal.file([edge(2), edge(3), edge(4)], [])
        journal.told(slow)
        assert await told(journal) == [2, 3, 4]

    with capture_logs():
        on(tmp_path, act)


def test_an_entry_of_another_version_is_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path, inline=True)
    store.put([JournalRow(1, 0, "a1", 3, "melt", "{}"), rows.journal_row(edge(2))])
    store.close()

    async def act(journal: Journal) -> None:
        assert await told(journal) == [2]
        assert journal.lost == 1

    with capture_logs():
        on(tmp_path, act)
