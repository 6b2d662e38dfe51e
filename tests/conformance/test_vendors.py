"""What every vendor folder must do; a new one is tested by being there."""

from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.site import Gateway
from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.exchange import Done, Exchange, Failed, Responder, Send, Wait
from protocols.points import DCW, Channel, Value, W
from protocols.profile import PollItem, Station, VendorProfile
from protocols.registry import vendor, vendor_names
from tests.support.device import ScriptedDevice, running
from tests.support.layouts import every_layout
from tests.support.talk import Medium, talk
from tests.support.vectors import load

PROFILES = [each for name in vendor_names() for each in (vendor(name), *vendor(name).over.values())]
ITEMS = [(profile, item) for profile in PROFILES for item in profile.poll_plan]
COMMANDS: list[Command] = [
    WMaxLimPct(55.0),
    Conn(on=False),
    Conn(on=True),
    Restart(),
    AlarmReset(),
    Activate(permitted=True),
    Activate(permitted=False),
]

OFFERED = [(profile, command) for profile in PROFILES for command in COMMANDS if type(command) in profile.commands]
CODES = [(profile, code) for profile in PROFILES for code in sorted(profile.alarm_codes)]
HOST = "99978563412"  # what the gateway calls itself
UTC = 1_767_225_600.0
AC_SHARE = 0.95  # of the DC power, for vendors whose units do not send their AC power

each_vendor = pytest.mark.parametrize(  # test_pushing_vendors.py judges those whose units report by themselves
    "profile", [profile for profile in PROFILES if profile.push is None], ids=lambda profile: profile.name
)
each_item = pytest.mark.parametrize(("profile", "item"), ITEMS, ids=[f"{p.name} {i.name}" for p, i in ITEMS])

on_a_line = pytest.mark.parametrize(  # not those of TCP: it loses and damages nothing, and their polls are many reads
    ("profile", "item"),
    [(profile, item) for profile, item in ITEMS if profile is vendor(profile.name)],
    ids=lambda each: each.name,
)
each_command = pytest.mark.parametrize(("profile", "command"), OFFERED, ids=[f"{p.name} {c}" for p, c in OFFERED])


def device(profile: VendorProfile) -> ScriptedDevice:
    serial = f"{profile.serials[0][0]:012X}" if profile.serials else "TEST00001"
    model = next(iter(profile.models.values()))
    shown = running(model.ports)
    dc_w = sum(value for channel, value in shown.items() if channel.point is DCW and isinstance(value, float))
    return ScriptedDevice(serial, model, shown | {Channel(W): round(AC_SHARE * dc_w, 1)})


def station_of(profile: VendorProfile, serial: str) -> Station:
    return Station(serial, 7 if profile.node is None else profile.node(serial), HOST)


def joined(profile: VendorProfile, unit: ScriptedDevice) -> tuple[Station, Responder]:
    station, responder = station_of(profile, unit.serial), profile.responder(unit)
    assert isinstance(talk(profile.join(station, UTC), responder), Done)
    return station, responder


def polled(profile: VendorProfile, item: PollItem, unit: ScriptedDevice) -> dict[Channel, Value]:
    station, responder = joined(profile, unit)
    done = talk(profile.poll(station, item, UTC), responder)
    assert isinstance(done, Done)
    return dict(done.value)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_command_that_writes_a_memory_can_be_sent_several_times_a_day(profile: VendorProfile) -> None:
    allowed = Gateway.model_fields["memory_writes_per_day"].default
    assert profile.memory_writes.keys() <= profile.commands
    assert all(0 < cost <= allowed / 2 for cost in profile.memory_writes.values())


@each_item
def test_the_gateway_reads_what_the_device_shows(profile: VendorProfile, item: PollItem) -> None:
    unit = device(profile)
    values = polled(profile, item, unit)
    known = values.keys() & unit.shown.keys()
    assert len(known) >= 5 or item is not profile.poll_plan[0]
    for channel in known:
        assert values[channel] == pytest.approx(unit.shown[channel], rel=0.01), channel


@on_a_line
def test_a_poll_costs_what_the_profile_says(profile: VendorProfile, item: PollItem) -> None:
    unit = device(profile)
    step = profile.poll(station_of(profile, unit.serial), item, UTC).start()
    assert isinstance(step, Send)
    if item is profile.poll_plan[0]:
        size = profile.poll_size(unit.model)
        assert (len(step.datagram), step.reply_bytes) == (size.request, sum(size.answers))
        assert step.replies == len(size.answers)


@on_a_line
@pytest.mark.parametrize("seed", range(10))
def test_a_bad_line_costs_readings_but_never_makes_one_up(profile: VendorProfile, item: PollItem, seed: int) -> None:
    unit = device(profile)
    truth = polled(profile, item, unit)
    station, responder = joined(profile, unit)
    medium = Medium(0.2, Random(seed))
    ends = [talk(profile.poll(station, item, UTC), responder, medium=medium) for _ in range(50)]
    read = [end.value for end in ends if isinstance(end, Done)]
    assert len(read) > 10
    assert len(medium.sent) > 50  # the line was bad indeed
    assert all(values == truth for values in read)


@each_vendor
@pytest.mark.parametrize("seed", range(5))
def test_a_unit_joins_over_a_bad_line_in_the_end(profile: VendorProfile, seed: int) -> None:
    unit = device(profile)
    responder, medium = profile.responder(unit), Medium(0.2, Random(seed))
    ends = [talk(profile.join(station_of(profile, unit.serial), UTC), responder, medium=medium) for _ in range(20)]
    assert any(isinstance(end, Done) for end in ends)


@each_command
def test_a_command_reaches_the_device(profile: VendorProfile, command: Command) -> None:
    unit = device(profile)
    station, responder = joined(profile, unit)
    assert isinstance(talk(profile.command(station, command, UTC), responder), Done)
    assert unit.commands == [command]


@each_command
def test_a_refused_command_fails(profile: VendorProfile, command: Command) -> None:
    unit = device(profile)
    unit.refuses = (command,)
    station, responder = joined(profile, unit)
    assert isinstance(talk(profile.command(station, command, UTC), responder), Failed)
    assert unit.commands == []


def exchanges(profile: VendorProfile) -> list[Exchange[object]]:
    station = station_of(profile, device(profile).serial)
    polls: list[Exchange[object]] = [profile.poll(station, item, UTC) for item in profile.poll_plan]
    commands = [command for command in COMMANDS if type(command) in profile.commands]
    return [profile.join(station, UTC), *polls, *(profile.command(station, command, UTC) for command in commands)]


@each_vendor
@given(noise=st.lists(st.binary(max_size=64), max_size=10))
def test_noise_never_ends_a_conversation_and_never_raises(profile: VendorProfile, noise: list[bytes]) -> None:
    for exchange in exchanges(profile):
        assert isinstance(exchange.start(), Send)
        assert [exchange.received(datagram) for datagram in noise] == [Wait()] * len(noise)


@each_vendor
def test_a_conversation_with_nobody_ends_and_never_raises(profile: VendorProfile) -> None:
    for exchange in exchanges(profile):
        assert isinstance(talk(exchange), Failed)


@each_vendor
@given(noise=st.lists(st.binary(max_size=64), max_size=10))
def test_noise_is_met_with_silence(profile: VendorProfile, noise: list[bytes]) -> None:
    responder = profile.responder(device(profile))
    assert [responder.answer(datagram, 0.0) for datagram in noise] == [()] * len(noise)


@pytest.mark.parametrize(("profile", "code"), CODES, ids=[f"{p.name} {code}" for p, code in CODES])
def test_every_alarm_code_is_an_event_of_its_own(profile: VendorProfile, code: int) -> None:
    unit = device(profile)
    unit.active = frozenset({code})
    values = {channel: value for item in profile.poll_plan for channel, value in polled(profile, item, unit).items()}
    assert [event.alarm_code for event in profile.events(values)] == [code]


@each_vendor
def test_no_alarm_is_no_event(profile: VendorProfile) -> None:
    values = polled(profile, profile.poll_plan[0], device(profile))
    assert profile.events(values) == frozenset()


@each_vendor
def test_every_layout_of_a_vendor_is_in_its_vectors(profile: VendorProfile) -> None:
    own = {name for name in every_layout() if name.startswith(f"{profile.name}.")}
    assert own == {vector.decoded["layout"] for vector in load(profile.name) if "layout" in vector.decoded}


@each_vendor
def test_what_is_counted_is_polled(profile: VendorProfile) -> None:
    unit = device(profile)
    counters = profile.counters(unit.model)
    polled_channels = {channel for item in profile.poll_plan for channel in polled(profile, item, unit)}
    assert counters
    assert {Channel(counter.point, counter.port) for counter in counters} <= polled_channels


@each_vendor
def test_models_are_complete(profile: VendorProfile) -> None:
    assert profile.models
    for name, model in profile.models.items():
        assert model.name == name
        assert model.source
        assert model.ports >= 1
        assert 0 < model.dc_stop_v < model.dc_start_v < model.dc_max_v
        assert list(model.units_per_breaker.values()) == sorted(model.units_per_breaker.values())


def shared_serials(profiles: list[VendorProfile]) -> list[tuple[str, str]]:
    """Return the pairs of ranges that have a serial in common."""
    owned = [(profile.name, serials) for profile in profiles for serials in profile.serials or ()]
    return [
        (one, other)
        for (one, first), (other, second) in combinations(owned, 2)
        if first.start < second.stop and second.start < first.stop
    ]


def test_no_serial_belongs_to_two() -> None:
    assert shared_serials(PROFILES) == []


@pytest.mark.parametrize(
    ("second", "shared"),
    [(range(20, 30), []), (range(19, 30), [("a", "b")]), (range(12, 13), [("a", "b")])],
    ids=["side by side", "overlapping", "one inside the other"],
)
def test_a_serial_that_belonged_to_two_would_be_seen(second: range, shared: list[tuple[str, str]]) -> None:
    one = replace(PROFILES[0], name="a", serials=(range(10, 20),))
    other = replace(PROFILES[0], name="b", serials=(second,))
    assert shared_serials([one, other]) == shared
