"""Conversations with units: by captured answers, and with the emulated side."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Send, Wait
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message, Report, content, datagram
from protocols.modems.znp.frame import decode_all
from protocols.modems.znp.status import Status
from protocols.points import CONN, LNV, MD, SIGNAL, UP_TMS, VR, W_MAX_LIM_PCT, Channel, Value
from protocols.profile import PollItem, Station
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.codec import command, join, poll
from protocols.vendors.apsystems.identity import Identity, identity_of
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.limits import DS3_FORM, QS1_FORM, page_form
from protocols.vendors.apsystems.models import MODELS
from protocols.vendors.apsystems.responder import InverterSide
from tests.support.device import ScriptedDevice, running
from tests.support.talk import talk
from tests.support.vectors import one

LIVE, LIMIT = PollItem("live"), PollItem("limit")
YC600 = Station("408000158215", 0x103A)
UNITS = {
    "QS1": "801000085070",
    "QS1A": "806000000001",
    "YC600": "408000158215",
    "DS3-L": "703000069723",
    "QT2": "901000010817",
}


def heard(name: str) -> bytes:
    """Return the datagram of a captured answer."""
    return datagram(c.incoming_of(decode_all(one("apsystems", name).raw)[-1]))


def asked(exchange: Exchange[object]) -> Message:
    step = exchange.start()
    assert isinstance(step, Send)
    item = content(step.datagram)
    assert isinstance(item, Message)
    return item


def unit(model: str) -> tuple[ScriptedDevice, Station, InverterSide]:
    figures = MODELS[model]
    device = ScriptedDevice(UNITS[model], figures, running(figures.ports))
    return device, Station(device.serial, 0x4711, model=model), InverterSide(device)


def test_a_poll_is_asked_as_captured() -> None:
    frame = c.data_request(asked(poll(Station("703000069723", 0xD5E1, "D6B3011B9780"), LIVE)), trans=1)
    assert frame == decode_all(one("apsystems", "znp_poll_request").raw)[0]


def test_a_captured_answer_is_read() -> None:
    exchange = poll(YC600, LIVE)
    exchange.start()
    done = exchange.received(heard("poll_answer_yc600_A"))
    assert isinstance(done, Done)
    assert done.value[Channel(LNV)] == pytest.approx(221.1, abs=0.05)
    assert done.value[Channel(SIGNAL)] == pytest.approx(44.3, abs=0.05)


@pytest.mark.parametrize(
    "station",
    [
        pytest.param(replace(YC600, serial="408000158216"), id="another unit's answer that came late"),
        pytest.param(replace(YC600, node=0x1111), id="an answer from another address"),
    ],
)
def test_an_answer_of_another_is_passed_over(station: Station) -> None:
    exchange = poll(station, LIVE)
    exchange.start()
    assert exchange.received(heard("poll_answer_yc600_A")) == Wait()


def test_our_own_request_that_comes_back_is_no_answer() -> None:
    exchange = poll(Station("408000158215", 0), LIVE)
    exchange.start()
    assert exchange.received(heard("znp_self_echo")) == Wait()


def test_an_encrypted_unit_is_reported_and_never_guessed_at() -> None:
    exchange = poll(Station("725000000001", 7), LIVE)
    exchange.start()
    cipher = bytes.fromhex("725000000001") + one("apsystems", "aes_l1_known_answer").raw
    end = exchange.received(datagram(Message(7, 0x0106, cipher)))
    assert end == Failed(Cause.REFUSED, "encrypted (AES) frame: not supported")


def test_a_damaged_answer_is_said_when_no_better_one_comes() -> None:
    exchange = poll(Station("703000021300", 7), LIVE)
    exchange.start()
    bad = datagram(Message(7, 0x0106, one("apsystems", "negative_ds3_bad_l2_checksum").raw))
    assert exchange.received(bad) == Wait()
    assert isinstance(exchange.timed_out(), Send)
    end = exchange.timed_out()
    assert isinstance(end, Failed)
    assert (end.cause, "3896" in end.detail) == (Cause.DAMAGED, True)


def test_a_bad_delivery_report_ends_a_try_at_once() -> None:
    exchange = poll(YC600, LIVE)
    exchange.start()
    dark = datagram(Report(YC600.node, Status.NWK_NO_ROUTE))
    assert exchange.received(datagram(Report(YC600.node, Status.SUCCESS))) == Wait()
    assert exchange.received(datagram(Report(1, Status.NWK_NO_ROUTE))) == Wait()
    assert isinstance(exchange.received(dark), Send)
    end = exchange.received(dark)
    assert isinstance(end, Failed)
    assert (end.cause, "NWK_NO_ROUTE" in end.detail) == (Cause.NO_ANSWER, True)


def test_an_implausible_answer_is_damage() -> None:
    raw = content(heard("poll_answer_yc600_A"))
    assert isinstance(raw, Message)
    data = bytearray(raw.data)
    data[6 + 4 + 0x0C + 1] = 0x6F  # current of slot B: 26.7 A
    exchange = poll(YC600, LIVE)
    exchange.start()
    assert exchange.received(datagram(replace(raw, data=bytes(data)))) == Wait()
    exchange.timed_out()
    end = exchange.timed_out()
    assert isinstance(end, Failed)
    assert "W at input 1" in end.detail


@pytest.mark.parametrize("model", UNITS)
def test_a_unit_joins_with_model_and_firmware(model: str) -> None:
    _, station, side = unit(model)
    done = talk(join(station), side)
    assert isinstance(done, Done)
    assert (done.value[Channel(VR)], str(done.value[Channel(MD)])[:3]) == ("1.4", model[:3])


class Old:
    """A unit that does not know the question for its model."""

    def __init__(self, side: InverterSide) -> None:
        self._side = side

    def concerns(self, raw: bytes) -> bool:
        return self._side.concerns(raw)

    def answer(self, raw: bytes, now: float) -> tuple[bytes, ...]:
        return () if b"\xfb\xfb\x06\xdc" in raw else self._side.answer(raw, now)


def test_a_unit_that_does_not_know_its_model_joins_by_a_poll() -> None:
    _, station, side = unit("YC600")
    done = talk(join(station), Old(side))
    assert isinstance(done, Done)
    assert Channel(MD) not in done.value


@pytest.mark.parametrize("model", ["QS1", "QS1A", "YC600", "DS3-L"])
@pytest.mark.parametrize("pct", [100.0, 55.5, 33.3])
def test_a_limit_is_written_and_read_back(model: str, pct: float) -> None:
    device, station, side = unit(model)
    done = talk(command(station, WMaxLimPct(pct)), side)
    assert isinstance(done, Done)
    assert done.value[Channel(W_MAX_LIM_PCT)] == pytest.approx(pct, abs=0.1)
    (obeyed,) = device.commands
    assert isinstance(obeyed, WMaxLimPct)
    assert obeyed.pct == pytest.approx(pct, abs=0.1)
    shown = talk(poll(station, LIMIT), side)
    assert shown == done


def values_of(device: ScriptedDevice) -> dict[Channel, Value]:
    return device.shown


def test_a_limit_that_reads_back_otherwise_is_refused() -> None:
    device, station, side = unit("QS1")

    class Deaf(Old):
        def answer(self, raw: bytes, now: float) -> tuple[bytes, ...]:
            return () if b"\x1c\x8c\x02" in raw else side.answer(raw, now)

    end = talk(command(station, WMaxLimPct(40.0)), Deaf(side))
    assert end == Failed(Cause.REFUSED, "reads back 300 W per input instead of 120")
    assert values_of(device)[Channel(W_MAX_LIM_PCT)] == 100.0


@pytest.mark.parametrize(
    ("model", "wanted", "words"),
    [
        pytest.param("QS1", WMaxLimPct(1.0), "takes no less than 20", id="a limit below the range of the unit"),
        pytest.param("QT2", WMaxLimPct(50.0), "not known", id="a family whose limit is not known"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_sent(model: str, wanted: Command, words: str) -> None:
    device, station, _ = unit(model)
    end = command(station, wanted).start()
    assert isinstance(end, Failed)
    assert (words in end.detail, device.commands) == (True, [])


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("model", UNITS)
def test_switching_shows_in_the_next_answer(model: str, on: bool) -> None:  # noqa: FBT001 - a column of the table
    device, station, side = unit(model)
    assert talk(command(station, Conn(on)), side) == Done({Channel(CONN): int(on)})
    assert device.commands == [Conn(on)]


def test_a_restart_does_not_switch_on_what_is_off() -> None:
    device, station, side = unit("QS1")
    device.shown[Channel(CONN)] = 0
    end = talk(command(station, Restart()), side)
    assert end == Failed(Cause.REFUSED, "switched off: the restart would switch it on")
    assert device.commands == []


def test_a_restart_tells_the_uptime_after_it() -> None:
    _, station, side = unit("DS3-L")
    assert talk(command(station, Restart()), side) == Done({Channel(UP_TMS): 3723})


def test_a_ground_fault_is_cleared_only_when_it_is_gone() -> None:
    device, station, side = unit("QS1")
    device.active = frozenset({9})
    assert talk(command(station, AlarmReset()), side) == Failed(Cause.REFUSED, "the ground fault is still locked")
    device.refuses = (AlarmReset(),)
    assert talk(command(station, AlarmReset()), side) == Failed(Cause.REFUSED, "the unit says that it failed")
    device.refuses, device.active = (), frozenset()
    assert talk(command(station, AlarmReset()), side) == Done({})


def test_what_the_vendor_does_not_offer_is_a_fault_of_ours() -> None:
    with pytest.raises(LocalProtocolError, match="no command of APsystems units: Activate"):
        command(YC600, Activate(permitted=True))
    with pytest.raises(LocalProtocolError, match="no such poll: soup"):
        poll(YC600, PollItem("soup"))


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("l2_poll_bb", L2(0xBB)),
        ("l2_info_dc", L2(0xDC)),
        ("l2_page_de", L2(0xDE)),
        ("l2_on_unicast", L2(0xC1)),
        ("l2_off_unicast", L2(0xC2)),
        ("l2_maxpower_qs1_400w", QS1_FORM.write(QS1_FORM.raw(400))),
        ("l2_maxpower_ds3_300w", DS3_FORM.write(DS3_FORM.raw(300))),
        ("l2_maxpower_ds3_100w_sniffed", DS3_FORM.write(DS3_FORM.raw(100))),
        ("l2_maxpower_ds3_400w_sniffed", DS3_FORM.write(DS3_FORM.raw(400))),
        ("l2_boot_command_community", l2.decode(l2.REBOOT)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_requests_are_the_captured_bytes(name: str, frame: L2) -> None:
    assert l2.encode(frame) == one("apsystems", name).raw


def test_a_limit_has_a_most() -> None:
    assert (DS3_FORM.raw(5000), QS1_FORM.raw(5000)) == (0x474C, 0xFFFF)


@pytest.mark.parametrize(
    ("name", "watt"), [("query_de_yc600_A", 195.3), ("query_de_yc600_B", 300.0)], ids=["before", "after the write"]
)
def test_the_limit_stands_in_page_b(name: str, watt: float) -> None:
    raw = c.incoming_of(decode_all(one("apsystems", name).raw)[-1]).data
    frame = l2.decode(raw[6:])
    form = page_form(frame)
    assert form is QS1_FORM
    assert form.watt(form.raw_of(frame.body)) == pytest.approx(watt, abs=0.05)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("FBFB09DC0800130001410000 0000FEFE", Identity(8, (0x13, 0x141))),
        ("FBFB0ADDDC200005 0000CB0000 0000FEFE", Identity(0x20, (5, 203))),
        ("FBFB0CDDDC200001 00000200030000 0000FEFE", Identity(0x20, (1, 2, 3))),
    ],
    ids=["16 bytes", "17 bytes", "19 bytes"],
)
def test_model_and_firmware_have_three_forms(raw: str, said: Identity) -> None:
    assert identity_of(l2.decode(bytes.fromhex(raw))) == said


l2_frames = st.builds(
    L2,
    st.sampled_from([0xB1, 0xBB, 0xDC, 0xDD, 0xDE, 0xDF, 0xAA, 0x1C, 0xC1, 0xCF]),
    st.binary(max_size=92),
    st.just(None),
)
clusters = st.sampled_from([0x0006, 0x0106, 0x0101, 0x010F, 0x020C, 0x020D])


@pytest.mark.parametrize("model", UNITS)
@given(frame=l2_frames, cluster=clusters, own=st.booleans())
def test_well_formed_nonsense_crashes_neither_side(model: str, frame: L2, cluster: int, own: bool) -> None:  # noqa: FBT001 - drawn
    _, station, side = unit(model)
    ident = bytes.fromhex(station.serial) if own else bytes(6)
    raw = datagram(Message(station.node, cluster, ident + l2.encode_answer(frame)))
    exchanges = [
        poll(station, LIVE),
        poll(station, LIMIT),
        join(station),
        command(station, Conn(on=True)),
        command(station, AlarmReset()),
        command(station, Restart()),
    ]
    steps = [exchange.received(raw) for exchange in exchanges if isinstance(exchange.start(), Send)]
    assert all(isinstance(step, Wait | Done | Failed | Send) for step in steps)
    assert len(side.answer(raw, 0.0)) <= 1
