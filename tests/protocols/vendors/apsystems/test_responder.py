"""The unit's own side: counters that restart each morning, the lamp, what it does not answer."""

import pytest

from protocols.exchange import Done, Send
from protocols.modems.znp.air import Message, Report, datagram
from protocols.points import DCWH_INJ, INV_ST, TOT_WH_INJ, UP_TMS, Channel
from protocols.profile import Counter, PollItem, Station
from protocols.states import InvSt
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.codec import poll
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.led import CONTACT_S, Led, led
from protocols.vendors.apsystems.models import MODELS
from protocols.vendors.apsystems.profile import PROFILE
from protocols.vendors.apsystems.responder import InverterSide
from tests.support.device import ScriptedDevice, running

SERIAL = "801000085070"
STATION = Station(SERIAL, 0x05C0)
ECU = bytes(6)


def unit(model: str = "QS1") -> tuple[ScriptedDevice, InverterSide]:
    device = ScriptedDevice(SERIAL, MODELS[model], running(MODELS[model].ports))
    return device, InverterSide(device)


def energy(side: InverterSide, now: float) -> list[float]:
    exchange = poll(STATION, PollItem("live"))
    step = exchange.start()
    assert isinstance(step, Send)
    (said,) = side.answer(step.datagram, now)
    done = exchange.received(said)
    assert isinstance(done, Done)
    return [float(str(done.value[Channel(DCWH_INJ, port)])) for port in (1, 2, 3, 4)]


def test_counters_begin_at_zero_each_morning() -> None:
    device, side = unit()
    day = [(0.0, 1000), (3600.0, 1380), (7200.0, 1760)]
    for now, total in day:
        device.shown |= {Channel(UP_TMS): 10.0 + now, Channel(TOT_WH_INJ): total}
        assert energy(side, now) == pytest.approx([(total - 1000) / 0.95 / 4] * 4, abs=0.01)
    device.shown |= {Channel(UP_TMS): 5.0, Channel(TOT_WH_INJ): 1800}  # the next morning
    assert energy(side, 60_000.0) == [0.0] * 4
    device.shown |= {Channel(UP_TMS): 65.0, Channel(TOT_WH_INJ): 1804}
    assert energy(side, 60_060.0) == pytest.approx([4 / 0.95 / 4] * 4, abs=0.01)


def test_counters_of_its_own_inputs_come_first() -> None:
    device, side = unit()
    own = {Channel(DCWH_INJ, port): 100.0 * port for port in (1, 2, 3, 4)}
    device.shown |= own
    assert energy(side, 0.0) == [0.0] * 4
    device.shown |= {channel: value + channel.port for channel, value in own.items()}
    assert energy(side, 0.0) == pytest.approx([1, 2, 3, 4], abs=0.001)


@pytest.mark.parametrize(
    ("model", "wrap_wh"), [("QS1", 41297), ("DS3", 71897), ("QT2", 135916)], ids=["40 bits", "32 bits", "a QT2"]
)
def test_each_input_has_a_counter_that_restarts(model: str, wrap_wh: int) -> None:
    counters = PROFILE.counters(MODELS[model])
    assert counters == tuple(
        Counter(DCWH_INJ, port, wrap_wh, restarts=True) for port in range(1, MODELS[model].ports + 1)
    )


@pytest.mark.parametrize(
    ("state", "alarms", "uptime_s", "silence_s", "shown"),
    [
        (InvSt.RUNNING, (), 100, 10, Led.GREEN_10_S),
        (InvSt.RUNNING, (), 100, CONTACT_S, Led.GREEN_10_S),
        (InvSt.RUNNING, (), 100, CONTACT_S + 1, Led.GREEN_2_S),
        (InvSt.RUNNING, (), 100, None, Led.GREEN_2_S),
        (InvSt.THROTTLED, (), 100, 10, Led.GREEN_10_S),
        (InvSt.STANDBY, (), 100, 10, Led.RED_FLASHING),
        (InvSt.FAULT, (4,), 100, 10, Led.RED_FLASHING),
        (InvSt.FAULT, (9,), 100, 10, Led.RED_STEADY),
        (InvSt.FAULT, (9,), 1, 10, Led.RED_STEADY),
        (InvSt.STARTING, (), 4, None, Led.CHECK),
        (InvSt.SLEEPING, (9,), 100, 10, Led.DARK),
    ],
    ids=[
        "feeds and is polled",
        "silent for exactly an hour",
        "silent for more than an hour",
        "never polled",
        "throttled",
        "does not feed",
        "a grid fault",
        "a ground fault",
        "a ground fault at the start",
        "the first seconds",
        "without light",
    ],
)
def test_the_lamp(state: InvSt, alarms: tuple[int, ...], uptime_s: float, silence_s: float | None, shown: Led) -> None:
    assert led(state, frozenset(alarms), uptime_s=uptime_s, silence_s=silence_s) is shown


def test_a_poll_keeps_the_lamp_slow_for_an_hour() -> None:
    _, side = unit()
    assert side.led(0.0) is Led.GREEN_2_S
    energy(side, 10.0)
    assert (side.led(10.0 + CONTACT_S), side.led(11.0 + CONTACT_S)) == (Led.GREEN_10_S, Led.GREEN_2_S)


def test_a_dark_unit_shows_nothing() -> None:
    device, side = unit()
    device.shown[Channel(INV_ST)] = InvSt.SLEEPING
    assert side.led(0.0) is Led.DARK


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(datagram(Report(1, 0)), id="a delivery report"),
        pytest.param(datagram(Message(1, 0x0006, ECU + l2.encode(L2(0x77)))), id="an unknown command"),
        pytest.param(datagram(Message(1, 0x0006, ECU + l2.encode(L2(0xBB, check=0)))), id="a poll without its sum"),
        pytest.param(datagram(Message(1, 0x0006, ECU)), id="nothing behind the id"),
        pytest.param(datagram(Message(1, 0x0106, ECU + l2.encode(L2(0xBB)))), id="another unit's answer"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_request_is_met_with_silence(raw: bytes) -> None:
    device, side = unit()
    assert side.answer(raw, 0.0) == ()
    assert device.commands == []


def test_a_qt2_takes_no_limit_and_has_no_page_for_it() -> None:
    _, side = unit("QT2")
    for frame in (L2(0xAA, bytes.fromhex("2700001372")), L2(0xDE)):
        assert side.answer(datagram(Message(1, 0x0006, ECU + l2.encode(frame))), 0.0) == ()
