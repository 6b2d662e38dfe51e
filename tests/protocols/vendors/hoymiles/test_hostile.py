"""Whatever comes off the air, nothing raises but what is meant to."""

from hypothesis import given
from hypothesis import strategies as st

from protocols.decode import identify
from protocols.errors import RemoteProtocolError
from protocols.exchange import Done, Failed, Send, Wait
from protocols.modems.radio_frame import RadioFrame
from protocols.profile import Station
from protocols.vendors.hoymiles import codec
from protocols.vendors.hoymiles.kinds import KINDS
from protocols.vendors.hoymiles.models import MODELS
from protocols.vendors.hoymiles.requests import sealed
from protocols.vendors.hoymiles.responder import InverterSide
from tests.support.device import ScriptedDevice, running
from tests.support.vectors import load

NODE = 0x83761097
STATION = Station("114483761097", NODE, "199980102680")
CAPTURED = [frame for vector in load("hoymiles") for frame in vector.frames]
mains = st.sampled_from([0x07, 0x0E, 0x15, 0x51, 0x56, 0x82, 0x87, 0x89, 0x95, 0xB6, 0xD1, 0xD6])
bodies = st.one_of(st.binary(max_size=21), st.binary(max_size=19).map(sealed))
frames = st.builds(RadioFrame, mains, st.just(NODE), st.sampled_from([NODE, 0x80102680]), st.integers(0, 255), bodies)
whole = frames.map(RadioFrame.encode)
cut = st.sampled_from(CAPTURED).flatmap(lambda raw: st.integers(0, len(raw)).map(lambda at: raw[:at]))
serials = st.sampled_from([None, "114483761097", "112183761097", "1520A025566B", "nonsense", ""])


@given(st.lists(st.one_of(whole, cut, st.binary(max_size=120)), max_size=4), st.one_of(st.none(), whole), serials)
def test_captured_bytes_are_recognised_or_refused(sent: list[bytes], request: bytes | None, serial: str | None) -> None:
    try:
        verdict = identify(KINDS, sent, request=request, serial=serial)
    except RemoteProtocolError:
        return
    assert verdict.kind in {kind.name for kind in KINDS}


@given(st.lists(st.one_of(whole, cut), max_size=6))
def test_an_inverter_answers_or_is_silent(heard: list[bytes]) -> None:
    side = InverterSide(ScriptedDevice(STATION.serial, MODELS["HMS-1000-2T"], running(2)))
    for now, datagram in enumerate(heard):
        assert all(side.concerns(answer) for answer in side.answer(datagram, float(now)))


@given(st.lists(st.one_of(whole, cut), max_size=30))
def test_a_conversation_goes_on_or_ends(heard: list[bytes]) -> None:
    for ask in (codec.read_live(STATION, 0.0), codec.read_alarms(STATION, 0.0), codec.read_grid_settings(STATION, 0.0)):
        step = ask.start()
        for datagram in heard:
            if isinstance(step, Done | Failed):
                break
            assert isinstance(step, Send | Wait)
            step = ask.received(datagram)
