"""What an emulated Hoymiles unit keeps over a night, and what it forgets."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from emulator.inverter import Inverter
from protocols.commands import WMaxLimPct
from protocols.exchange import Done, Exchange
from protocols.points import DCWH_DAY, DCWH_INJ, W_MAX_LIM_PCT, Channel, Value
from protocols.profile import Station
from protocols.vendors.hoymiles import codec
from protocols.vendors.hoymiles import layout as y
from protocols.vendors.hoymiles.responder import InverterSide
from protocols.vendors.hoymiles.serials import inverter_address
from tests.support.emulated import HOUR, MIDNIGHT, unit
from tests.support.radio import HM
from tests.support.talk import talk

EVENING, NEXT_DAY = 17 * HOUR, 33 * HOUR
STARTED = 1
STATION = Station(HM, inverter_address(HM), "99978563412")


@dataclass
class At:
    """The unit's side at one instant."""

    side: InverterSide
    now: float

    def concerns(self, datagram: bytes) -> bool:
        return self.side.concerns(datagram)

    def answer(self, datagram: bytes, _: float) -> tuple[bytes, ...]:
        return self.side.answer(datagram, self.now)


class Day:
    """A unit from midnight on, asked now and then."""

    def __init__(self) -> None:
        self.unit: Inverter = unit(MIDNIGHT, serial=HM, ports=2, rated_w=600.0)
        self._side = InverterSide(self.unit)

    def tell(self, command: WMaxLimPct, now: float) -> None:
        done = talk(codec.command(STATION, command, MIDNIGHT + now), At(self._side, now))
        assert isinstance(done, Done)

    def live(self, now: float) -> dict[Channel, Value]:
        return self._read(codec.read_live(STATION, MIDNIGHT + now), now)

    def limit(self, now: float) -> Value:
        return self._read(codec.read_config(STATION, MIDNIGHT + now), now)[Channel(W_MAX_LIM_PCT)]

    def starts(self, now: float) -> list[int]:
        """Return the seconds of the day at which the log has starts."""
        done = talk(codec.read_alarms(STATION, MIDNIGHT + now), At(self._side, now))
        assert isinstance(done, Done)
        return [entry.start_s for entry in done.value if entry.code == STARTED]

    def _read(self, ask: Exchange[Mapping[Channel, Value]], now: float) -> dict[Channel, Value]:
        done = talk(ask, At(self._side, now))
        assert isinstance(done, Done)
        return dict(done.value)


@pytest.mark.parametrize(
    ("commands", "evening", "morning"),
    [
        ([WMaxLimPct(30.0)], 30.0, 100.0),
        ([WMaxLimPct(60.0, persistent=True)], 60.0, 60.0),
        ([WMaxLimPct(60.0, persistent=True), WMaxLimPct(30.0)], 30.0, 60.0),
        ([WMaxLimPct(30.0), WMaxLimPct(60.0, persistent=True)], 60.0, 60.0),
    ],
    ids=["temporary", "persistent", "temporary over persistent", "persistent over temporary"],
)
def test_a_temporary_limit_gives_way_to_the_persistent_one(
    commands: list[WMaxLimPct], evening: float, morning: float
) -> None:
    day = Day()
    day.live(EVENING)
    for command in commands:
        day.tell(command, EVENING)
    assert (day.limit(EVENING), day.unit.life.firmware.limits.owner_pct) == (evening, evening)
    assert (day.limit(NEXT_DAY), day.unit.life.firmware.limits.owner_pct) == (morning, morning)


def test_energy_goes_on_and_the_day_s_begins_anew() -> None:
    day = Day()
    day.live(4 * HOUR)
    evening, morning = day.live(EVENING), day.live(NEXT_DAY)
    for port in (1, 2):
        total, daily = Channel(DCWH_INJ, port), Channel(DCWH_DAY, port)
        assert evening[daily] == pytest.approx(evening[total], abs=20)  # the counter began this morning, too
        assert morning[total] > evening[total]  # type: ignore[operator]
        assert morning[daily] < evening[daily] / 2  # type: ignore[operator]


def test_a_boot_moves_the_event_counter_and_stands_in_the_log() -> None:
    day = Day()
    before = day.live(EVENING)[Channel(y.EVT_CNT)]
    after = day.live(NEXT_DAY)[Channel(y.EVT_CNT)]
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after > before
    booted_at = day.unit.booted_at(NEXT_DAY) % (24 * HOUR)
    assert day.starts(NEXT_DAY)[-1] == pytest.approx(booted_at, abs=1)
