"""An inverter's side, asked by a DTU's."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from protocols.commands import WMaxLimPct
from protocols.events import AlarmRecord
from protocols.exchange import Done, Exchange, Failed
from protocols.modems.radio_frame import RadioFrame, Region, channel_change, decode
from protocols.points import (
    ALRM,
    DCV,
    DCWH_DAY,
    DCWH_INJ,
    GRID_PROFILE,
    UP_TMS,
    VR,
    W_MAX_LIM_PCT,
    W_RTG,
    Channel,
    Value,
    W,
)
from protocols.profile import Station
from protocols.vendors.hoymiles import alarm_log, codec
from protocols.vendors.hoymiles import layout as y
from protocols.vendors.hoymiles.alarm_log import MAX_RECORDS
from protocols.vendors.hoymiles.control import Action, Codes, Order
from protocols.vendors.hoymiles.grid_settings import from_profile
from protocols.vendors.hoymiles.models import MODELS
from protocols.vendors.hoymiles.requests import DataType, information
from protocols.vendors.hoymiles.responder import Habits, InverterSide, habits_of
from protocols.vendors.hoymiles.serials import inverter_address
from tests.support.device import ScriptedDevice, running
from tests.support.talk import talk

HOST = "199980102680"
MIDNIGHT = 1_712_620_800.0  # 2024-04-09
MORNING = MIDNIGHT + 8 * 3600


@dataclass
class At:
    """The unit's side at one instant of its life."""

    side: InverterSide
    now: float

    def concerns(self, datagram: bytes) -> bool:
        return self.side.concerns(datagram)

    def answer(self, datagram: bytes, _: float) -> tuple[bytes, ...]:
        return self.side.answer(datagram, self.now)


@dataclass
class Pair:
    """A unit, its protocol side, and the station that a gateway knows it by."""

    unit: ScriptedDevice
    side: InverterSide
    station: Station

    def read(self, ask: Exchange[Mapping[Channel, Value]], utc: float = MORNING) -> dict[Channel, Value]:
        done = talk(ask, At(self.side, utc))
        assert isinstance(done, Done)
        return dict(done.value)

    def live(self, utc: float = MORNING) -> dict[Channel, Value]:
        return self.read(codec.read_live(self.station, utc), utc)

    def log(self, utc: float = MORNING) -> list[tuple[int, int, int | None]]:
        done = talk(codec.read_alarms(self.station, utc), At(self.side, utc))
        assert isinstance(done, Done)
        return [(entry.code, entry.start_s, entry.end_s) for entry in done.value]


def pair(serial: str = "114483761097", model: str = "HMS-1000-2T", habits: Habits | None = None) -> Pair:
    figures = MODELS[model]
    shown = running(figures.ports) | {Channel(DCWH_INJ, n): 1000 * n for n in range(1, figures.ports + 1)}
    unit = ScriptedDevice(serial, figures, shown)
    return Pair(unit, InverterSide(unit, habits), Station(serial, inverter_address(serial), HOST))


FAMILIES = [
    ("112172615582", "HM-300"),
    ("114172220143", "HM-600"),
    ("116183063371", "HM-1500"),
    ("112483748174", "HMS-400-1T"),
    ("1400A0000001", "HMS-500-1T"),
    ("114483761097", "HMS-1000-2T"),
    ("1164A00D4D9B", "HMS-2000-4T"),
    ("136183063371", "HMT-2000-4T"),
    ("138283063371", "HMT-2250-6T"),
    ("1520A025566B", "MIT-5000-8T"),
    ("282183063371", "HERF-800"),
]
each_family = pytest.mark.parametrize(("serial", "model"), FAMILIES, ids=[model for _, model in FAMILIES])


@each_family
def test_every_family_shows_what_the_device_has(serial: str, model: str) -> None:
    unit = pair(serial, model)
    values = unit.live()
    known = values.keys() & unit.unit.shown.keys()
    assert {channel.port for channel in known} == set(range(MODELS[model].ports + 1))
    for channel in known - {Channel(DCV, 1), *(Channel(y.EVT_CNT),)}:
        assert values[channel] == pytest.approx(unit.unit.shown[channel], rel=0.01), channel


@each_family
def test_every_family_joins_and_obeys(serial: str, model: str) -> None:
    unit = pair(serial, model)
    identity = unit.read(codec.join(unit.station, MORNING))
    assert identity[Channel(VR)] == (habits_of(serial).firmware or "1.4.2")
    assert identity[Channel(GRID_PROFILE)] == "de_vde_ar_n_4105_2018_11"
    assert identity.get(Channel(W_RTG), MODELS[model].rated_w) == MODELS[model].rated_w
    done = talk(codec.command(unit.station, WMaxLimPct(40.0), MORNING), unit.side)
    assert done == Done({Channel(W_MAX_LIM_PCT): 40.0})
    assert unit.unit.commands == [WMaxLimPct(40.0)]


@pytest.mark.parametrize(("serial", "model"), [FAMILIES[1], FAMILIES[5]])
def test_hm_repeats_its_own_address_hms_names_the_dtu(serial: str, model: str) -> None:
    unit = pair(serial, model)
    request = information(unit.station.node, 0x80102680, DataType.REALTIME, MORNING).encode()
    answers = [decode(frame) for frame in unit.side.answer(request, 0.0)]
    assert {frame.dtu for frame in answers} == {unit.station.node if serial.startswith("114172") else 0x80102680}
    assert [frame.index for frame in answers] == [1, 2, 0x83]


def test_a_unit_that_delivers_every_third_fragment_is_read_whole() -> None:
    whole, sparse = pair("1164A00D4D9B", "HMS-2000-4T", Habits()), pair("1164A00D4D9B", "HMS-2000-4T")
    assert sparse.live() == whole.live()
    request = information(sparse.station.node, 1, DataType.REALTIME, MORNING).encode()
    assert [decode(frame).number for frame in sparse.side.answer(request, 0.0)] == [1, 4]


@pytest.mark.parametrize(
    ("serial", "habits"),
    [
        ("114172220143", Habits(cuts_in_low_light=True)),
        ("114483761097", Habits()),
        ("1410A01121AE", Habits(every_fragment=3, firmware="2.0.4")),
        ("152083766711", Habits(every_fragment=3, firmware="2.0.4")),
    ],
    ids=["HM", "HMS with digits only", "HMS with letters", "MIT"],
)
def test_the_serial_tells_the_habits(serial: str, habits: Habits) -> None:
    assert habits_of(serial) == habits


def test_a_live_answer_that_is_cut_off_in_low_light_fails() -> None:
    unit = pair("114172220143", "HM-600")
    assert unit.live()[Channel(W)] == 312.4
    unit.unit.shown |= {Channel(DCV, 1): 15.0, Channel(DCV, 2): 14.0}
    assert isinstance(talk(codec.read_live(unit.station, MORNING), unit.side), Failed)


def test_a_fragment_that_never_was_is_met_with_silence() -> None:
    unit = pair()
    for number in (0, 1, 9, 127):
        assert unit.side.answer(RadioFrame(0x15, unit.station.node, 1, 0x80 | number).encode(), 0.0) == ()


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(information(0x12345678, 1, DataType.REALTIME, MORNING).encode(), id="for another inverter"),
        pytest.param(information(0x83761097, 1, DataType.SELF_CHECK, MORNING).encode(), id="what it does not know"),
        pytest.param(RadioFrame(0x15, 0x83761097, 1, 0x80, bytes(16)).encode(), id="a wrong CRC-16"),
        pytest.param(RadioFrame(0x0E, 0x83761097, 1, 0x81, bytes(16)).encode(), id="another main command"),
        pytest.param(b"\x15\x83\x76\x10\x97", id="too short"),
    ],
)
def test_what_is_not_for_it_is_met_with_silence(foreign: bytes) -> None:
    assert pair().side.answer(foreign, 0.0) == ()


def test_a_call_to_another_channel_is_not_answered() -> None:
    unit = pair()
    assert unit.side.answer(channel_change(unit.station.node, 1, Region.EU, 0x20, crc16=True), 0.0) == ()


def test_the_first_requests_start_the_log() -> None:
    unit = pair()
    assert unit.live()[Channel(y.EVT_CNT)] == 2
    assert [code for code, _, _ in unit.log()] == [1, 2]


def test_an_alarm_moves_the_counter_and_stands_in_the_log_until_it_is_over() -> None:
    unit = pair()
    before = unit.live()[Channel(y.EVT_CNT)]
    unit.unit.active = frozenset({5})
    assert unit.live(MORNING + 60)[Channel(y.EVT_CNT)] != before
    polled = unit.read(codec.poll(unit.station, codec.ALARMS, MORNING + 60), MORNING + 60)
    assert polled[Channel(ALRM)] == "141"
    unit.unit.active = frozenset()
    unit.live(MORNING + 120)
    assert unit.log(MORNING + 120)[-1] == (141, 8 * 3600 + 60, 8 * 3600 + 120)
    assert unit.read(codec.poll(unit.station, codec.ALARMS, MORNING + 180), MORNING + 180)[Channel(ALRM)] == ""


def test_an_alarm_is_dated_by_the_device_s_own_record() -> None:
    unit = pair()
    unit.live()
    unit.unit.records = (AlarmRecord(1, 5, 1, 262.0, 3_700_456, 3_701_000),)  # 23 s before the uptime of now
    unit.unit.active = frozenset({5})
    assert unit.log()[-1] == (141, 8 * 3600 - 23, None)


def test_the_log_keeps_only_so_many_entries() -> None:
    unit = pair()
    for step in range(20):
        unit.unit.active = frozenset({5}) if step % 2 else frozenset({3})
        unit.live(MORNING + step)
    entries = unit.log(MORNING + 20)
    assert len(entries) == MAX_RECORDS == 15
    assert entries[-1] == (141, 8 * 3600 + 19, None)


def test_an_update_of_the_log_has_only_what_nobody_has_read() -> None:
    unit = pair()
    unit.log()
    unit.unit.active = frozenset({6})

    def pending() -> list[int]:
        ask = codec.ask(unit.station, DataType.ALARM_UPDATE, MORNING, alarm_log.unpack)
        done = talk(ask, At(unit.side, MORNING))
        assert isinstance(done, Done)
        return [entry.code for entry in done.value]

    assert [pending(), pending()] == [[144], []]


def test_the_day_s_energy_begins_at_midnight_of_the_clock_that_it_is_sent() -> None:
    unit = pair()
    unit.live(MIDNIGHT + 86_000)
    unit.unit.shown[Channel(DCWH_INJ, 1)] = 1400
    assert unit.live(MIDNIGHT + 86_300)[Channel(DCWH_DAY, 1)] == 400
    assert unit.live(MIDNIGHT + 86_500)[Channel(DCWH_DAY, 1)] == 0


def test_the_day_s_energy_begins_anew_after_a_restart_and_a_temporary_limit_is_forgotten() -> None:
    unit = pair()
    unit.live()
    unit.read(codec.command(unit.station, WMaxLimPct(60.0, persistent=True), MORNING))
    talk(codec.command(unit.station, WMaxLimPct(30.0), MORNING), unit.side)
    unit.unit.shown |= {Channel(DCWH_INJ, 1): 1500, Channel(UP_TMS): 5.0}
    assert unit.live(MORNING + 600)[Channel(DCWH_DAY, 1)] == 0
    assert unit.unit.shown[Channel(W_MAX_LIM_PCT)] == 60.0
    assert [code for code, _, _ in unit.log(MORNING + 600)] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("serial", "model", "firmware", "told"),
    [
        ("114172220143", "HM-600", "1.0.18", 30.0),
        ("114483761097", "HMS-1000-2T", "1.0.18", 30.0),
        ("114483761097", "HMS-1000-2T", "1.1.12", None),
    ],
)
def test_a_temporary_limit_is_told_but_by_newer_hms_firmware(
    serial: str, model: str, firmware: str, told: float | None
) -> None:
    unit = pair(serial, model)
    unit.unit.shown[Channel(VR)] = firmware
    talk(codec.command(unit.station, WMaxLimPct(30.0), MORNING), unit.side)
    polled = unit.read(codec.poll(unit.station, codec.SETTINGS, MORNING))
    assert polled.get(Channel(W_MAX_LIM_PCT)) == told


@pytest.mark.parametrize(
    ("serial", "model", "firmware", "codes"),
    [
        pytest.param("114172220143", "HM-600", "1.0.18", Codes.CLASSIC, id="an HM"),
        pytest.param("136183063399", "HMT-2000-4T", "2.0.4", Codes.CLASSIC, id="an HMT"),
        pytest.param("114483761097", "HMS-1000-2T", "1.0.18", Codes.CLASSIC, id="an HMS with old firmware"),
        pytest.param("114483761097", "HMS-1000-2T", "2.0.4", Codes.HMS, id="an HMS with newer firmware"),
    ],
)
def test_what_is_persistent_is_told_in_the_numbers_of_the_firmware(
    serial: str, model: str, firmware: str, codes: Codes
) -> None:
    unit = pair(serial, model)
    unit.unit.shown[Channel(VR)] = firmware
    lasting = WMaxLimPct(60.0, persistent=True)
    assert isinstance(talk(codec.command(unit.station, lasting, MORNING), unit.side), Done)
    assert unit.unit.commands == [lasting]
    other = Codes.HMS if codes is Codes.CLASSIC else Codes.CLASSIC
    order = Order(Action.ACTIVE_POWER, 60.0, persistent=True)
    assert isinstance(talk(codec.give(unit.station, order, {}, other), unit.side), Failed)


@pytest.mark.parametrize(
    ("order", "pct"),
    [
        (Order(Action.ACTIVE_POWER, 250.0, relative=False), 25.0),
        (Order(Action.ACTIVE_POWER, 2500.0, relative=False), 100.0),
        (Order(Action.ACTIVE_POWER, 55.5), 55.5),
    ],
)
def test_a_limit_in_watt_is_one_in_percent_of_the_rating(order: Order, pct: float) -> None:
    unit = pair()
    assert isinstance(talk(codec.give(unit.station, order, {}), unit.side), Done)
    assert unit.unit.commands == [WMaxLimPct(pct)]


@pytest.mark.parametrize("action", [Action.LOCK, Action.SELF_CHECK, Action.INIT])
def test_an_order_that_it_cannot_carry_out_is_refused(action: Action) -> None:
    unit = pair()
    assert isinstance(talk(codec.give(unit.station, Order(action), {}), unit.side), Failed)


def test_the_grid_profile_and_the_loss_rate_are_read() -> None:
    unit = pair()
    assert talk(codec.read_grid_settings(unit.station, MORNING), unit.side) == Done(
        from_profile(unit.unit.grid_profile)
    )
    rate = talk(codec.read_loss_rate(unit.station, MORNING), unit.side)
    assert rate == Done({Channel(y.RECEIVED): 2, Channel(y.SENT): 2})


def test_a_device_without_a_family_has_no_side() -> None:
    with pytest.raises(ValueError, match="no family of inverters on the radio"):
        InverterSide(ScriptedDevice("104182525001", MODELS["HM-600"]))
