"""What a vendor folder must do whose units report by themselves; a new one is tested by being there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Failed
from protocols.points import Channel, Value
from protocols.profile import PollItem, Push, Station, VendorProfile
from protocols.push import HangUp
from protocols.registry import vendor, vendor_names
from tests.support.device import ScriptedDevice, running

PROFILES = [profile for name in vendor_names() if (profile := vendor(name)).push is not None]
UTC, EVERY_S = 1_767_225_600.0, 30.0

each_vendor = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def device(profile: VendorProfile) -> ScriptedDevice:
    model = next(iter(profile.models.values()))
    return ScriptedDevice("TEST00001", model, running(model.ports))


def pushed(profile: VendorProfile) -> Push:
    assert profile.push is not None
    return profile.push


def heard(profile: VendorProfile, unit: ScriptedDevice, seconds: float) -> dict[Channel, Value]:
    """Let a unit report for a while, answered at once, and return all that it said."""
    push = pushed(profile)
    dialler = push.dialler(unit)
    dialler.connected(0.0)
    now, values = 0.0, dict[Channel, Value]()
    while (now := max(now, dialler.next_deadline())) < seconds:
        said = dialler.tick(now)
        assert isinstance(said, bytes)
        report = push.hear(said, UTC + now, EVERY_S)
        values.update(report.values)
        dialler.heard(report.answer, now)
    return values


@each_vendor
def test_the_gateway_reads_what_the_device_shows(profile: VendorProfile) -> None:
    unit = device(profile)
    unit.shown = {c: v for c, v in unit.shown.items() if c.point.unit != "Wh"}  # a counter may have an offset
    values = heard(profile, unit, 60.0)
    known = values.keys() & unit.shown.keys()
    assert len(known) >= 5
    for channel in known:
        assert values[channel] == pytest.approx(unit.shown[channel], rel=0.02), channel


@each_vendor
def test_what_is_counted_is_reported(profile: VendorProfile) -> None:
    values = heard(profile, device(profile), 60.0)
    counters = profile.counters(next(iter(profile.models.values())))
    assert counters
    assert {Channel(counter.point, counter.port) for counter in counters} <= values.keys()


@each_vendor
def test_whoever_is_not_answered_hangs_up(profile: VendorProfile) -> None:
    dialler = pushed(profile).dialler(device(profile))
    dialler.connected(0.0)
    assert isinstance(dialler.tick(0.0), bytes)
    assert 0 < dialler.next_deadline() < 60
    hung_up = dialler.tick(dialler.next_deadline())
    assert isinstance(hung_up, HangUp)
    assert hung_up.again_s > 0


@each_vendor
@given(noise=st.binary(max_size=200))
def test_noise_is_refused_by_the_gateway_and_ignored_by_the_unit(profile: VendorProfile, noise: bytes) -> None:
    push = pushed(profile)
    dialler = push.dialler(device(profile))
    dialler.connected(0.0)
    dialler.tick(0.0)
    deadline = dialler.next_deadline()
    dialler.heard(noise, 0.1)
    assert dialler.next_deadline() == deadline
    with pytest.raises(RemoteProtocolError, match=r"."):
        push.hear(noise, UTC, EVERY_S)


@each_vendor
def test_nobody_is_asked(profile: VendorProfile) -> None:
    station = Station("TEST00001", 1)
    assert (profile.poll_plan, profile.commands, profile.node) == ((), frozenset(), None)
    for exchange in (profile.join(station, UTC), profile.poll(station, PollItem("live"), UTC)):
        step = exchange.start()
        assert isinstance(step, Failed)
        assert step.cause is Cause.REFUSED
        assert exchange.received(b"") == exchange.timed_out() == step
    responder = profile.responder(device(profile))
    assert not responder.concerns(b"?")
    assert responder.answer(b"?", 0.0) == ()


@each_vendor
def test_models_are_complete_and_say_what_is_assumed(profile: VendorProfile) -> None:
    assert profile.models
    for name, model in profile.models.items():
        assert model.name == name
        assert model.source
        assert model.ports >= 1
        assert 0 < model.dc_stop_v < model.dc_start_v < model.dc_max_v
        assert all(hasattr(model, figure) for figure in model.assumed)
