from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest

from gateway.alarms.record import Record, Shelf
from gateway.alarms.sound import MAX_NUMBER, sound
from gateway.alarms.states import AlarmState

RECORD = Record(
    "a",
    3,
    AlarmState.UNACK,
    Shelf("me", 60.0, one_shot=True),
    raised_ts=1.5,
    occurrences=(1.0, 2),
    escalated=(("e1", 3.0),),
)


def test_what_is_as_declared_passes() -> None:
    assert sound(RECORD) is RECORD


@pytest.mark.parametrize(
    "changes",
    [
        {"raised_ts": "1.5"},
        {"raised_ts": nan},
        {"raised_ts": inf},
        {"raised_ts": 2 * MAX_NUMBER},
        {"count": None},
        {"count": 1.5},
        {"count": True},
        {"first_out": 1},
        {"state": "unack"},
        {"shelf": {"owner": "me"}},
        {"shelf": Shelf("me", 60.0, one_shot="no")},  # type: ignore[arg-type]
        {"occurrences": [1.0]},
        {"occurrences": (1.0, "x")},
        {"escalated": (("e1",),)},
        {"cause": 5},
    ],
    ids=str,
)
def test_what_is_not_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=f"^({next(iter(changes))}|one_shot) is "):
        sound(replace(RECORD, **changes))
