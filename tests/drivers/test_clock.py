from pathlib import Path

import pytest

from drivers import clock
from drivers.clock import SystemClock, Trust

NOW = 1_800_000_000.0


class Machine(SystemClock):
    """A machine whose clock says what the test wants."""

    def __init__(self, utc: float, *, synchronised: bool) -> None:
        super().__init__()
        self._utc = utc
        self._kept = synchronised

    def utc(self) -> float:
        return self._utc

    def _synchronised(self) -> bool:
        return self._kept


def test_time_is_later_than_this_test() -> None:
    assert SystemClock().utc() > 1_750_000_000


def test_the_kernel_can_be_asked() -> None:
    assert SystemClock().trust() in Trust


def test_the_user_may_vouch_for_the_clock() -> None:
    assert SystemClock(always=True).trust() is Trust.TRUSTED


@pytest.mark.parametrize(
    ("utc", "synchronised", "rtc", "trust"),
    [
        (NOW, True, False, Trust.TRUSTED),
        (NOW, False, True, Trust.TRUSTED),
        (NOW, False, False, Trust.GUESSED),
        (0.0, False, True, Trust.GUESSED),
        (1_700_000_000.0, True, True, Trust.GUESSED),
    ],
    ids=["synchronised", "battery-backed", "neither", "flat battery", "older than this program"],
)
def test_a_clock_is_trusted_when_something_keeps_it(
    utc: float,
    synchronised: bool,  # noqa: FBT001 - a row
    rtc: bool,  # noqa: FBT001 - a row
    trust: Trust,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = tmp_path / "rtc0"
    if rtc:
        device.touch()
    monkeypatch.setattr(clock, "_RTC", device)
    assert Machine(utc, synchronised=synchronised).trust() is trust
