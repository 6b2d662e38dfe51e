"""Which alarm records are read from a unit, and which of them are new."""

from collections.abc import Sequence

import pytest

from gateway.fleet.device import Device
from protocols.events import AlarmRecord
from protocols.exchange import Exchange
from protocols.profile import RecordLog, Station
from tests.gateway.acme import MODEL, identity


def never(station: Station, count: int, _: float) -> Exchange[tuple[AlarmRecord, ...]]:
    raise AssertionError(f"{station.serial} is asked for {count} records")


LOG = RecordLog(never, most=15, last=65535)


def record(seq: int) -> AlarmRecord:
    return AlarmRecord(seq, 3, 1, 47.0, 1000, 1200)


@pytest.mark.parametrize(
    ("known", "newest", "asked"),
    [
        pytest.param(None, 40, 0, id="first heard of: what it noted before is of the past"),
        pytest.param(40, 40, 0, id="nothing new"),
        pytest.param(40, 41, 2, id="one, and another may come meanwhile"),
        pytest.param(0, 1, 2, id="the first ever"),
        pytest.param(40, 60, 15, id="more than can be read at once"),
        pytest.param(65535, 1, 2, id="the numbers begin anew"),
        pytest.param(65530, 2, 8, id="across the end of the numbers"),
        pytest.param(40, 0, 0, id="the unit has forgotten all"),
    ],
)
def test_how_many_records_are_asked_for(known: int | None, newest: int, asked: int) -> None:
    assert Device(identity("s1"), MODEL, known).missing(newest, LOG) == asked


@pytest.mark.parametrize(
    ("known", "newest", "heard", "taken"),
    [
        pytest.param(40, 41, (41, 40), (41,), id="the one that is new"),
        pytest.param(40, 41, (42, 41), (41, 42), id="one that came meanwhile, too"),
        pytest.param(40, 42, (42, 41, 40), (41, 42), id="oldest first"),
        pytest.param(65534, 1, (1, 65535, 65534), (65535, 1), id="across the end of the numbers"),
        pytest.param(40, 41, (), (), id="the unit has none after all"),
        pytest.param(40, 2, (2, 1), (1, 2), id="a unit whose numbers begin anew"),
    ],
)
def test_which_records_are_new(known: int, newest: int, heard: Sequence[int], taken: Sequence[int]) -> None:
    device = Device(identity("s1"), MODEL, known)
    found = device.take([record(seq) for seq in heard], newest, LOG)
    assert tuple(each.seq for each in found) == taken
    assert device.missing(taken[-1] if taken else newest, LOG) == 0
