"""What the M-Gateway face says and what it makes of writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import unpack
from typing import Any

import pytest

from gateway.control.order import Order, Verb
from gateway.faces.desk import InForce
from gateway.faces.m_gateway import MGateway, box_of
from gateway.meter import Measured
from gateway.snapshot import CommState, Energy
from protocols.modbus.pdu import ExceptionCode
from tests.support.face_plant import StillPlant, site, standing, unit

BY = "m_gateway 10.0.0.7"
NO_LIMIT = (0xFFFF, 0xFFFF)
TARGET = "gateway/east"
BAD, NOT_HERE = ExceptionCode.ILLEGAL_VALUE, ExceptionCode.ILLEGAL_ADDRESS


@dataclass
class Map:
    """The map, asked without a server."""

    strict: bool = True
    plant: StillPlant = field(default_factory=StillPlant)

    def __post_init__(self) -> None:
        self.face = MGateway(box_of(site().gateways[0], "MG100X1"), strict=self.strict)

    def read(self, start: int, count: int, number: int = 1) -> Any:
        return self.face.answer(self.plant, number, start, count)

    def number(self, start: int, fmt: str) -> int:
        """Return a value by its struct code."""
        data = self.read(start, {"H": 1, "h": 1, "I": 2, "i": 2, "Q": 4}[fmt])
        found: int = unpack(f">{fmt}", data)[0]
        return found

    def write(self, start: int, *words: int, number: int = 1) -> Any:
        """Write, and let the plant hold the limit that it is told."""
        data = b"".join(word.to_bytes(2, "big") for word in words)
        wishes = self.face.written(self.plant, number, start, data, BY)
        for wish in wishes if isinstance(wishes, tuple) else ():
            self.plant.limits[wish.target] = InForce(wish.value, wish.unit, None)
        return wishes


def limit(value: float, of: str) -> tuple[Order]:
    return (Order(target=TARGET, verb=Verb.LIMIT, by=BY, value=value, unit=of),)


def remote(map_: Map) -> Map:
    assert map_.write(60301, 1) == ()
    return map_


READINGS = [
    pytest.param(60010, "H", 0x0200, id="hardware 2.0"),
    pytest.param(60026, "H", 0x0106, id="protocol 1.6"),
    pytest.param(60027, "I", 3 * 450, id="rated power, W"),
    pytest.param(60029, "I", 0, id="no storage: its rating"),
    pytest.param(60031, "I", 0, id="no storage: its capacity"),
    pytest.param(60066, "H", 0, id="no fault"),
    pytest.param(60067, "H", 99, id="no storage: idle"),
    pytest.param(60069, "I", 1204, id="PV power, W"),
    pytest.param(60071, "i", 0, id="no storage: its power"),
    pytest.param(60073, "i", 0x7FFF_FFFF, id="no meter: grid power"),
    pytest.param(60075, "i", -9, id="reactive power, var"),
    pytest.param(60089, "H", 0xFFFF, id="no meter: voltage"),
    pytest.param(60090, "h", 0x7FFF, id="no meter: current"),
    pytest.param(60160, "Q", 3 * 1_234_567 // 10, id="lifetime energy, 0.01 kWh"),
    pytest.param(60164, "I", 704, id="today's energy, 0.01 kWh"),
    pytest.param(60178, "Q", 0, id="no meter: export"),
    pytest.param(60301, "H", 0, id="local control"),
    pytest.param(60304, "H", 1000, id="100 %, in tenths"),
    pytest.param(60310, "H", 2, id="no forced command"),
    pytest.param(60322, "I", 0xFFFF_FFFF, id="no largest power"),
    pytest.param(60330, "i", 0x7FFF_FFFF, id="a register of unknown meaning"),
]


@pytest.mark.parametrize(("register", "fmt", "raw"), READINGS)
def test_a_register_reads(register: int, fmt: str, raw: int) -> None:
    assert Map().number(register, fmt) == raw


METERED = [
    pytest.param(Measured(812.4, 231.44, 3.515), (812, 2314, 352), id="import"),
    pytest.param(Measured(-812.4, 231.44, -3.51), (-812, 2314, -351), id="export"),
    pytest.param(Measured(-812.4), (-812, 0xFFFF, 0x7FFF), id="power alone"),
    pytest.param(Measured(0.0, 0.0, 0.0), (0, 0, 0), id="nothing flows"),
    pytest.param(Measured(1e7, 1000.0, -10_000.0), (10_000_000, 10_000, -0x8000), id="as much as may be said"),
]


@pytest.mark.parametrize(("said", "raw"), METERED)
def test_the_meters_registers_show_what_it_says(said: Measured, raw: tuple[int, ...]) -> None:
    map_ = Map(plant=StillPlant(metered={"east": said}))
    assert (map_.number(60073, "i"), map_.number(60089, "H"), map_.number(60090, "h")) == raw
    assert (map_.number(60091, "H"), map_.number(60092, "h")) == (0xFFFF, 0x7FFF)  # it says nothing of other phases


def test_the_meter_of_another_gateway_is_not_shown() -> None:
    assert Map(plant=StillPlant(metered={"west": Measured(5.0)})).number(60073, "i") == 0x7FFF_FFFF


def test_texts_are_padded_and_fill_their_registers() -> None:
    head = Map().read(60000, 33)
    assert head[:20] == b"MG100X1".ljust(20, b"\0")
    assert head[22:52] == b"01.01.00.29.00".ljust(30, b"\0")


@pytest.mark.parametrize(
    ("start", "count"),
    [
        pytest.param(60000, 33, id="identity"),
        pytest.param(60066, 13, id="live"),
        pytest.param(60089, 7, id="grid"),
        pytest.param(60096, 3, id="state, across a gap"),
        pytest.param(60160, 30, id="counters"),
        pytest.param(60300, 100, id="settings and nothing around them"),
        pytest.param(60040, 29, id="a gap, then values"),
    ],
)
@pytest.mark.parametrize("strict", [False, True], ids=["as built", "strict"])
def test_the_blocks_that_clients_read_are_there(start: int, count: int, *, strict: bool) -> None:
    assert len(Map(strict).read(start, count)) == 2 * count


def test_what_lies_between_values_reads_0() -> None:
    assert Map().read(60096, 3)[2:4] == b"\0\0"
    assert Map().read(60031, 20)[4:] == bytes(36)


@pytest.mark.parametrize(
    ("start", "count", "number"),
    [
        pytest.param(60069, 1, 1, id="the first half of a value"),
        pytest.param(60070, 1, 1, id="the second half"),
        pytest.param(60066, 4, 1, id="a block that ends inside a value"),
        pytest.param(60161, 3, 1, id="three quarters of a counter"),
        pytest.param(60005, 2, 1, id="part of a text"),
        pytest.param(60040, 10, 1, id="a gap alone"),
        pytest.param(60500, 1, 1, id="above the map"),
        pytest.param(40000, 2, 1, id="where others have SunSpec"),
        pytest.param(60400, 1, 1, id="a register that is only written"),
        pytest.param(60000, 33, 2, id="another unit"),
    ],
)
def test_what_is_not_there_is_refused_or_met_with_silence(start: int, count: int, number: int) -> None:
    assert Map(strict=True).read(start, count, number) is NOT_HERE
    assert Map(strict=False).read(start, count, number) is None


def _asleep(plant: StillPlant) -> None:
    plant.views |= {slot: unit(slot, comm=CommState.ASLEEP) for slot in ("u1", "u2", "u3")}


def _half(plant: StillPlant) -> None:
    plant.views["u3"] = unit("u3", comm=CommState.LOST, energy={0: Energy(0, 0)})


@pytest.mark.parametrize(
    ("change", "watts", "energy"),
    [
        pytest.param(_asleep, 0, 370_370, id="night: no power, and every counter"),
        pytest.param(_half, 802, 246_913, id="a unit is lost: the others' power"),
    ],
)
def test_power_and_energy_of_units_that_are_silent(
    change: Callable[[StillPlant], None], watts: int, energy: int
) -> None:
    map_ = Map()
    change(map_.plant)
    assert (map_.number(60069, "I"), map_.number(60160, "Q")) == (watts, energy)


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        pytest.param("u2", 1, id="a unit's"),
        pytest.param("branch/b1", 1, id="its branch's"),
        pytest.param("gateway/east", 1, id="its own"),
        pytest.param("gateway/west", 0, id="of another gateway"),
    ],
)
def test_an_alarm_is_a_fault_of_the_station(subject: str, fault: int) -> None:
    assert Map(plant=StillPlant(alarms=[standing(3, subject)])).number(60066, "H") == fault


WRITES = [
    pytest.param([(60322, 0, 900)], limit(900, "W"), id="a largest power"),
    pytest.param([(60322, 0, 0)], limit(0, "W"), id="no power at all"),
    pytest.param([(60304, 505)], limit(50.5, "%"), id="a percentage"),
    pytest.param([(60304, 500), (60322, 0, 300)], limit(300, "W"), id="the tighter of both: watts"),
    pytest.param([(60304, 500), (60322, 0, 900)], (), id="the tighter of both: the percentage stays"),
    pytest.param([(60322, 0, 900), (60304, 500)], limit(50, "%"), id="a percentage below the watts"),
    pytest.param([(60322, 0, 900), (60304, 500), (60304, 1000)], limit(900, "W"), id="the watts are back"),
    pytest.param([(60322, 0, 900), (60322, *NO_LIMIT)], limit(100, "%"), id="the limit is lifted"),
    pytest.param([(60322, 0, 900), (60322, 0, 900)], (), id="the same again"),
    pytest.param([(60322, 0, 5000)], (), id="more than the plant has"),
    pytest.param([(60322, 0, 900), (60301, 0)], limit(100, "%"), id="back to local control"),
    pytest.param([(60301, 0)], (), id="local control without a limit"),
    pytest.param([(60318, *NO_LIMIT, *NO_LIMIT, 0, 800, *NO_LIMIT, *NO_LIMIT)], limit(800, "W"), id="all at once"),
    pytest.param([(60310, 2)], (), id="no forced command"),
    pytest.param([(60310, 0)], BAD, id="charge what is not there"),
    pytest.param([(60302, 0, 500)], BAD, id="a set-point at a meter that is not there"),
    pytest.param([(60324, 0, 0)], BAD, id="no export without a meter"),
    pytest.param([(60304, 1001)], BAD, id="more than all"),
    pytest.param([(60301, 2)], BAD, id="neither local nor remote"),
    pytest.param([(60400, 0)], BAD, id="a reset, of which nobody knows what it does"),
    pytest.param([(60322, 0)], NOT_HERE, id="half of a largest power"),
    pytest.param([(60323, 0)], NOT_HERE, id="the other half"),
    pytest.param([(60069, 0, 1)], NOT_HERE, id="a measurement"),
    pytest.param([(60301, 1, 0)], NOT_HERE, id="half of what follows"),
]


@pytest.mark.parametrize(("writes", "wishes"), WRITES)
def test_a_write_under_remote_control(writes: list[tuple[int, ...]], wishes: object) -> None:
    map_ = remote(Map())
    came_of_it = [map_.write(*write) for write in writes]
    assert came_of_it[-1] == wishes


def test_a_write_elsewhere_is_met_with_silence_as_built() -> None:
    map_ = Map(strict=False)
    assert [map_.write(60500, 1), map_.write(60301, 1, number=3), map_.write(60322, 0)] == [None] * 3


@pytest.mark.parametrize("write", [(60322, 0, 900), (60304, 500)], ids=["watts", "a percentage"])
def test_under_local_control_a_limit_is_refused(write: tuple[int, ...]) -> None:
    map_ = Map()
    assert map_.write(*write) is BAD
    assert not map_.plant.limits


def test_a_limit_may_come_in_one_write_with_remote_control() -> None:
    assert Map().write(60301, 1, 0, 0) is BAD  # a set-point at the meter stands between
    map_ = remote(Map())
    map_.write(60304, 500)
    assert (map_.number(60301, "H"), map_.number(60304, "H")) == (1, 500)


@pytest.mark.parametrize(
    ("others", "pct", "watts"),
    [
        pytest.param(InForce(70, "%", None), 700, 0xFFFF_FFFF, id="a percentage in the place of our watts"),
        pytest.param(InForce(600, "W", 20.0), 1000, 600, id="other watts"),
        pytest.param(None, 1000, 0xFFFF_FFFF, id="nothing: it was lifted"),
    ],
)
def test_reads_back_what_another_has_set_since(others: InForce | None, pct: int, watts: int) -> None:
    map_ = remote(Map())
    map_.write(60322, 0, 900)
    map_.plant.limits = {} if others is None else {TARGET: others}
    assert (map_.number(60304, "H"), map_.number(60322, "I")) == (pct, watts)
