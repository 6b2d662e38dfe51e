"""Hoymiles units behind a scripted radio: their log, their limits and their fragments reach the poller."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from drivers.link import LinkCounters, Port, Urgency
from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.snapshot import CommState, Identity
from protocols.commands import WMaxLimPct
from protocols.exchange import Done
from protocols.modems.radio_frame import decode
from protocols.points import DCWH_INJ, UP_TMS, W_MAX_LIM_PCT, Channel, W
from protocols.registry import vendor
from protocols.vendors.hoymiles.models import MODELS
from protocols.vendors.hoymiles.responder import Habits, InverterSide
from tests.gateway.fleet.bench import Ear
from tests.support.device import ScriptedDevice, running
from tests.support.virtual_time import run

PROFILE = vendor("hoymiles")
SERIAL, MODEL = "1164A00D4D9B", MODELS["HMS-2000-4T"]
NODE = 0xA00D4D9B
UTC = 1_712_650_000.0
FRAGMENT_S = 0.05


class Radio:
    """Implements `drivers.link.Link`: one unit, fragments that get lost."""

    def __init__(self, side: InverterSide, loss: float = 0.0) -> None:
        self.side = side
        self.loss = loss
        self.random = Random(7)
        self.counters = LinkCounters()
        self.sent: list[tuple[float, bytes]] = []

    @property
    def up(self) -> bool:
        return True

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def wait_up(self) -> None:
        return

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[Port]:
        assert node == NODE
        assert urgency in Urgency
        yield _Window(self)


class _Window:
    def __init__(self, radio: Radio) -> None:
        self._radio = radio
        self._coming: list[tuple[float, bytes]] = []
        self._ends_at = 0.0

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        now, radio = asyncio.get_running_loop().time(), self._radio
        radio.sent.append((now, datagram))
        self._ends_at = now + within_s + (FRAGMENT_S * replies if reply_bytes else 0.0)
        answers = enumerate(radio.side.answer(datagram, now), start=1)
        self._coming = [(now + n * FRAGMENT_S, each) for n, each in answers if radio.random.random() >= radio.loss]

    async def receive(self) -> bytes | None:
        at, datagram = self._coming.pop(0) if self._coming else (self._ends_at, None)
        await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
        return datagram


class Plant:
    """One unit, its radio and its poller; `acts` happen at their loop times."""

    def __init__(self, habits: Habits | None = None, loss: float = 0.0) -> None:
        self.unit = ScriptedDevice(SERIAL, MODEL, running(4) | {Channel(DCWH_INJ, n): 1000 * n for n in range(1, 5)})
        self.radio = Radio(InverterSide(self.unit, habits), loss)
        self.ear = _Ear()
        who = Identity("s1", SERIAL, MODEL.name, PROFILE.name, "gw", "b1", NODE, MODEL.ports, MODEL.rated_w)
        self.poller = Poller(
            "gw",
            self.radio,
            [Device(who, MODEL, host="199980102680")],
            PROFILE,
            poll_s=5.0,
            probe_share=0.1,
            light=lambda: 40.0,
            utc=lambda: UTC + asyncio.get_running_loop().time(),
            listener=self.ear,
        )

    def run(self, seconds: float, *acts: tuple[float, Callable[[], object]]) -> None:
        async def main() -> None:
            for at, act in acts:
                asyncio.get_running_loop().call_at(at, act)
            task = asyncio.create_task(self.poller.run())
            try:
                await asyncio.sleep(seconds)
            finally:
                task.cancel()
                with pytest.raises(asyncio.CancelledError, match=r"^$"):
                    await task

        run(main())

    def asked(self, data_type: int) -> list[float]:
        """Return when information of a type was asked for."""
        frames = ((at, decode(datagram)) for at, datagram in self.radio.sent)
        return [at for at, frame in frames if frame.index == 0x80 and frame.payload[0] == data_type]


class _Ear(Ear):
    def joined(self, slot: str, values: object) -> None:  # a radio unit does not tell its serial
        assert values
        self.names.append((slot, None))


def test_a_standing_alarm_is_an_event_from_the_poll_that_announces_it_until_the_log_says_otherwise() -> None:
    plant = Plant()

    def happens(*codes: int) -> Callable[[], None]:
        return lambda: setattr(plant.unit, "active", frozenset(codes))

    plant.run(120, (31, happens(5)), (61, happens()))
    alarmed = [reading.at for _, reading in plant.ear.readings if {e.alarm_code for e in reading.events} == {5}]
    assert 31 < alarmed[0] < 37
    assert 55 < alarmed[-1] < 67
    assert len(plant.asked(0x11)) <= 5  # joining, the log's own beginning, the alarm, its end


def test_the_limit_is_read_back_four_minutes_after_a_command_and_not_before() -> None:
    plant = Plant()
    plant.unit.shown[Channel(UP_TMS)] = 10.0
    answers: list[object] = []

    def limit() -> None:
        plant.poller.submit("s1", WMaxLimPct(40.0)).add_done_callback(lambda done: answers.append(done.result()))

    plant.run(600, (100, limit))
    assert answers == [Done({Channel(W_MAX_LIM_PCT): 40.0})]
    asked = plant.asked(0x05)
    assert [at for at in asked if 100 < at < 340] == []
    assert any(340 <= at < 342 for at in asked)


@pytest.mark.parametrize(
    ("habits", "loss"),
    [(Habits(), 0.0), (Habits(every_fragment=3), 0.0), (Habits(), 0.2)],
    ids=["a good link", "firmware that delivers every third fragment", "a bad link"],
)
def test_a_unit_stays_online(habits: Habits, loss: float) -> None:
    plant = Plant(habits, loss)
    plant.run(300)
    assert {comm for _, _, comm in plant.ear.comms} == {CommState.ONLINE}
    powers = [reading.number(W) for _, reading in plant.ear.readings if Channel(W) in reading.values]
    assert len(powers) > 50
    assert set(powers) == {312.4}
