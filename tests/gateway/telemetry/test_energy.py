from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.rows import LedgerRow
from gateway.telemetry.energy import CONFIRM, TOLERANCE_MWH, Account, Instant
from protocols.points import TOT_WH_INJ
from protocols.profile import Counter

RATED_W = 400.0
LIFETIME = Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False)
SMALL = Counter(TOT_WH_INJ, port=0, wrap_wh=9_999, restarts=False)
OFFSET = Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False, offset=True)
RESTARTING = Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=True)


def account(counter: Counter, row: LedgerRow | None = None) -> Account:
    return Account(counter, row or LedgerRow("s1", 0, "A"), RATED_W)


@dataclass(frozen=True)
class Say:
    """A counter value in Wh at a loop time, and the total in Wh that must follow."""

    at: float
    wh: float
    total_wh: float
    uptime_s: int | None = None
    serial: str = "A"


H = 3600.0
SCENARIOS: dict[str, tuple[Counter, list[Say]]] = {
    "a lifetime counter is adopted and followed": (
        LIFETIME,
        [Say(0, 5000, 5000), Say(H, 5100, 5100), Say(2 * H, 5100, 5100)],
    ),
    "what the factory left in a counter is not adopted": (
        OFFSET,
        [Say(0, 5000, 0), Say(H, 5100, 100), Say(2 * H, 5090, 100), Say(3 * H, 5101, 101)],
    ),
    "another unit's offset is not adopted either": (
        OFFSET,
        [Say(0, 5000, 0), Say(H, 5100, 100), Say(2 * H, 70_000, 100, serial="B"), Say(3 * H, 70_050, 150, serial="B")],
    ),
    "zeros before the memory is read move nothing": (
        LIFETIME,
        [Say(0, 0, 0), Say(H, 5000, 5000), Say(2 * H, 0, 5000), Say(3 * H, 5100, 5100)],
    ),
    "a counter wraps": (
        SMALL,
        [Say(0, 9_990, 9_990), Say(H, 9_999, 9_999), Say(2 * H, 5, 10_005), Say(3 * H, 20, 10_020)],
    ),
    "a counter wraps from its last value to its first": (SMALL, [Say(0, 9_999, 9_999), Say(H, 1, 10_001)]),
    "what a dusk restart forgot is not counted twice": (
        LIFETIME,
        [Say(0, 5000, 5000), Say(H, 4970, 5000), Say(2 * H, 4999, 5000), Say(3 * H, 5001, 5001)],
    ),
    "a lifetime counter that begins anew is believed when it insists": (
        LIFETIME,
        [
            Say(0, 50_000, 50_000),
            Say(60, 7, 50_000),
            Say(120, 8, 50_000),
            Say(180, 9, 50_000),
            Say(240, 19, 50_010),
        ],
    ),
    "one wild value is not counted": (LIFETIME, [Say(0, 5000, 5000), Say(60, 65_535, 5000), Say(120, 5001, 5001)]),
    "two wild values that differ are not counted": (
        LIFETIME,
        [
            Say(0, 5000, 5000),
            Say(60, 65_535, 5000),
            Say(120, 30_000, 5000),
            Say(180, 9_000_000, 5000),
            Say(240, 5002, 5002),
        ],
    ),
    "a leap that insists is counted": (
        LIFETIME,
        [Say(0, 5000, 5000), Say(60, 7000, 5000), Say(120, 7001, 5000), Say(180, 7002, 7002), Say(240, 7003, 7003)],
    ),
    "a replaced unit counts on from its own counter": (
        LIFETIME,
        [Say(0, 5000, 5000), Say(H, 800, 5000, serial="B"), Say(2 * H, 850, 5050, serial="B")],
    ),
    "a restarting counter counts from boot": (RESTARTING, [Say(0, 120, 120, 3600), Say(H, 320, 320, 7200)]),
    "a boot that the uptime tells": (
        RESTARTING,
        [Say(0, 120, 120, 3600), Say(H, 320, 320, 7200), Say(2 * H, 50, 370, 600), Say(3 * H, 100, 420, 4200)],
    ),
    "a boot that only the counter tells": (RESTARTING, [Say(0, 120, 120), Say(H, 50, 170), Say(2 * H, 100, 220)]),
    "a boot overnight with a counter that has overtaken": (
        RESTARTING,
        [Say(0, 100, 100, 3600), Say(24 * H, 900, 1000, 5 * 3600)],
    ),
    "a restarting counter that falls without a boot is garbage": (
        RESTARTING,
        [Say(0, 1000, 1000, 20_000), Say(60, 500, 1000, 20_060), Say(120, 1002, 1002, 20_120)],
    ),
    "an uptime that wraps is no boot": (
        RESTARTING,
        [Say(0, 3000, 3000, 65_500), Say(60, 3005, 3005, 24), Say(120, 3010, 3010, 84)],
    ),
    "a replaced unit whose counter restarts has counted here since its boot": (
        RESTARTING,
        [Say(0, 1000, 1000, 20_000), Say(H, 30, 1030, 600, "B"), Say(2 * H, 60, 1060, 4200, "B")],
    ),
}


@pytest.mark.parametrize(("counter", "rows"), SCENARIOS.values(), ids=SCENARIOS.keys())
def test_counting(counter: Counter, rows: list[Say]) -> None:
    kept = account(counter)
    for say in rows:
        before = kept.row.total_mwh
        added = kept.accept(round(say.wh * 1000), Instant(say.serial, say.at, None, say.uptime_s))
        assert (say.at, kept.row.total_mwh) == (say.at, round(say.total_wh * 1000))
        assert added in (0, kept.row.total_mwh - before)


def test_adopted_energy_is_not_of_today_but_energy_since_boot_is() -> None:
    lifetime, restarting = account(LIFETIME), account(RESTARTING)
    for kept in (lifetime, restarting):
        kept.accept(5000, Instant("A", 0.0, None, 100))
    assert lifetime.row.day_base_mwh == 5000
    assert restarting.row.day_base_mwh == 0


@pytest.mark.parametrize(("over_mwh", "counted"), [(0, True), (1, False)], ids=["at the limit", "over the limit"])
def test_the_limit_is_the_rated_power_with_a_margin(over_mwh: int, counted: bool) -> None:  # noqa: FBT001 - a column
    kept = account(LIFETIME)
    kept.accept(5_000_000, Instant("A", 0.0, None, None))
    most = 480_000 + TOLERANCE_MWH  # 1.2 x 400 W for an hour
    kept.accept(5_000_000 + most + over_mwh, Instant("A", 3600.0, None, None))
    assert (kept.row.total_mwh > 5_000_000) is counted


def test_a_held_step_is_logged_once_and_again_when_believed() -> None:
    kept = account(LIFETIME)
    with capture_logs() as logs:
        for at, wh in enumerate((5000, *range(9000, 9000 + CONFIRM))):
            kept.accept(wh * 1000, Instant("A", float(at), None, None))
    assert [entry["event"] for entry in logs] == ["energy_step_held_back", "energy_step_believed"]


def test_after_a_restart_of_the_gateway_the_clock_bounds_the_step() -> None:
    row = LedgerRow("s1", 0, "A", total_mwh=5_000_000, mark_mwh=5_000_000, seen_s=1_000_000)
    bounded = account(LIFETIME, row)
    assert bounded.accept(9_000_000, Instant("A", 0.0, 1_000_060, None)) == 0
    assert bounded.accept(5_001_000, Instant("A", 1.0, 1_000_061, None)) == 1000


def test_after_a_restart_without_a_clock_a_rise_is_believed() -> None:
    row = LedgerRow("s1", 0, "A", total_mwh=5_000_000, mark_mwh=5_000_000)
    assert account(LIFETIME, row).accept(9_000_000, Instant("A", 0.0, None, None)) == 4_000_000


@dataclass
class Truth:
    """A device that really produces, and a counter that behaves in one of the ways that counters do."""

    counter: Counter
    at: float = 0.0
    booted_at: float = 0.0
    true_mwh: int = 0
    start_mwh: int = 0
    kept: Account = field(init=False)

    def __post_init__(self) -> None:
        self.kept = account(self.counter)
        self.read()

    def produce(self, power_w: int, seconds: int) -> None:
        self.at += seconds
        self.true_mwh += power_w * seconds * 1000 // 3600

    def read(self) -> None:
        value = self.start_mwh + self.true_mwh
        value %= (self.counter.wrap_wh + 1) * 1000
        utc = 1_700_000_000 + int(self.at)
        self.kept.accept(value, Instant("A", self.at, utc, int(self.at - self.booted_at)))

    def reboot(self) -> None:
        self.booted_at = self.at
        if self.counter.restarts:
            self.start_mwh = -self.true_mwh

    def restart_gateway(self) -> None:
        self.kept = account(self.counter, self.kept.row)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["read", "gateway", "reboot"]),
        st.integers(0, int(RATED_W)),
        st.integers(600, 7200),  # a boot in the first minutes of another cannot be told from a slow clock
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("counter", "start_mwh"),
    [
        pytest.param(LIFETIME, 1_234_567, id="lifetime"),
        pytest.param(SMALL, 9_000_000, id="wrapping"),
        pytest.param(RESTARTING, 0, id="restarting"),
    ],
)
@given(steps=STEPS)
def test_the_ledger_equals_what_was_produced(
    counter: Counter, start_mwh: int, steps: list[tuple[str, int, int]]
) -> None:
    truth = Truth(counter, start_mwh=start_mwh)
    for act, power_w, seconds in steps:
        truth.produce(power_w, seconds)
        truth.read()
        if act == "gateway":
            truth.restart_gateway()
        if act == "reboot":
            truth.reboot()
        assert truth.kept.row.total_mwh == start_mwh + truth.true_mwh


@given(
    counter=st.sampled_from([LIFETIME, SMALL, RESTARTING]),
    readings=st.lists(
        st.tuples(
            st.integers(0, 0xFFFF_FFFF),
            st.integers(0, 100_000),
            st.none() | st.integers(0, 100_000),
            st.sampled_from("AB"),
        )
    ),
)
def test_whatever_a_device_says_the_total_never_falls(
    counter: Counter, readings: list[tuple[int, int, int | None, str]]
) -> None:
    kept, at = account(counter), 0.0
    for value_mwh, seconds, uptime_s, serial in readings:
        at += seconds
        before = kept.row.total_mwh
        added = kept.accept(value_mwh, Instant(serial, at, None, uptime_s))
        assert added >= 0
        assert kept.row.total_mwh >= before + added
