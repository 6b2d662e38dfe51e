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
        pytest.param(NOW, True, None, Trust.TRUSTED, id="synchronised"),
        pytest.param(NOW, False, f"{NOW - 20:.0f}\n", Trust.TRUSTED, id="battery-backed"),
        pytest.param(NOW, False, None, Trust.GUESSED, id="neither"),
        pytest.param(0.0, False, "0\n", Trust.GUESSED, id="flat battery"),
        pytest.param(NOW, False, "300\n", Trust.GUESSED, id="no battery, and the time of the last stop was restored"),
        pytest.param(NOW, False, "soon", Trust.GUESSED, id="a clock that does not tell"),
        pytest.param(1_700_000_000.0, True, "1700000000\n", Trust.GUESSED, id="older than this program"),
    ],
)
def test_a_clock_is_trusted_when_something_keeps_it(
    utc: float,
    synchronised: bool,  # noqa: FBT001 - a row
    rtc: str | None,
    trust: Trust,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = tmp_path / "since_epoch"
    if rtc is not None:
        told.write_text(rtc)
    monkeypatch.setattr(clock, "_RTC", told)
    assert Machine(utc, synchronised=synchronised).trust() is trust
