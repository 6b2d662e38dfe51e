"""The bridge in this process, with a radio that a test scripts."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from drivers.link import Urgency
from drivers.nrf24 import bridge
from drivers.nrf24.bridge import RadioStream, link, opener_of, transaction_s
from drivers.nrf24.policy import HOP_S, LISTEN_S
from drivers.nrf24.settings import Nrf24Settings
from drivers.registry import cutter_of
from drivers.transport import ByteStream
from gateway.fleet.pump import Outcome
from gateway.fleet.pump import run as converse
from protocols.errors import ConfigError, LinkDownError
from protocols.exchange import Done
from protocols.modems.nrf24 import CHANNELS, pipe_address
from protocols.modems.radio_frame import RadioFrame, decode, module_query
from protocols.points import LNV, Channel
from protocols.profile import Station
from protocols.vendors.hoymiles.codec import read_live
from tests.support import virtual_time
from tests.support.bridge_peer import fragments

LIVE = bytes.fromhex(
    "0001 0138 0003 000a 0139 0004 000d 00008fad 000086a6 0629 0637 08dd 1388 0000 0000 0000 0000 00b8 0ab5"
)
UNIT = Station("114172220143", 0x72220143, "199980112345")
SETTINGS = Nrf24Settings(url="/dev/spidev0.0")
AIR_S = 0.034  # of a request and its repeats
REPEATS, REPEAT_S = 16, 0.002  # of an answer that nobody acknowledges


@dataclass
class ScriptedRadio:
    """A radio whose unit answers on one channel; what comes while it listens elsewhere is lost."""

    answers_on: int | None = None  # place behind the channel of the request; None: on whatever is listened to
    sent_on: list[int] = field(default_factory=list)
    log: list[tuple[str, int]] = field(default_factory=list)
    addresses: list[tuple[str, bytes]] = field(default_factory=list)
    closed: bool = False
    gone: bool = False
    _heard: deque[bytes] = field(default_factory=lambda: deque(maxlen=3))
    _latest: bytes = b""
    _channel: int = 0
    _over_at: float = 0.0

    def send(self, channel: int, address: bytes, frame: bytes) -> None:
        if self.gone:
            raise LinkDownError("SPI: no such device")
        loop = asyncio.get_running_loop()
        self._channel = channel
        self.log.append(("send", channel))
        self.sent_on.append(channel)
        self.addresses.append(("send", address))
        self._over_at = loop.time() + AIR_S
        request = decode(frame)
        place = None if self.answers_on is None else CHANNELS[(CHANNELS.index(channel) + self.answers_on) % 5]
        for one in fragments(request, LIVE):
            assert isinstance(one.frame, RadioFrame)
            answer = replace(one.frame, dtu=one.frame.inverter).encode()
            for repeat in range(REPEATS):
                loop.call_later(one.after_s + repeat * REPEAT_S, self._arrive, answer, place)

    def _arrive(self, frame: bytes, channel: int | None) -> None:
        if channel in (None, self._channel) and frame != self._latest:  # the chip drops repeats itself
            self._latest = frame
            self._heard.append(frame)

    def sent(self) -> bool:
        return asyncio.get_running_loop().time() >= self._over_at

    def listen(self, channel: int, address: bytes) -> None:
        self._channel = channel
        self.log.append(("listen", channel))
        self.addresses.append(("listen", address))

    def tune(self, channel: int) -> None:
        self._channel = channel
        self.log.append(("tune", channel))

    def heard(self) -> bytes | None:
        return self._heard.popleft() if self._heard else None

    def close(self) -> None:
        self.closed = True


def opened_with(radio: ScriptedRadio) -> Any:
    async def opened(url: str, *, baud: int) -> ByteStream:  # noqa: ARG001 - there is one radio
        return RadioStream(radio)

    return opened


def poll(radio: ScriptedRadio, times: int = 1) -> list[Outcome[Any]]:
    async def main() -> list[Outcome[Any]]:
        roof = link("roof", SETTINGS, opener=opened_with(radio))
        running = asyncio.create_task(roof.run())
        await roof.wait_up()
        outcomes = []
        for _ in range(times):
            async with roof.claim(UNIT.node, Urgency.POLL) as port:
                outcomes.append(await converse(port, read_live(UNIT, 1.7e9)))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.sleep(0.1)
        return outcomes

    return virtual_time.run(main())


def test_a_unit_is_polled_by_the_radio_of_this_machine() -> None:
    radio = ScriptedRadio()
    (outcome,) = poll(radio)
    assert isinstance(outcome.result, Done)
    assert outcome.result.value[Channel(LNV)] == 226.9
    assert radio.closed
    assert radio.addresses[:2] == [("send", pipe_address(UNIT.node)), ("listen", pipe_address(0x80112345))]


def test_it_hops_while_it_listens_and_takes_the_next_channel_to_send() -> None:
    radio = ScriptedRadio()
    poll(radio, times=3)
    assert radio.sent_on == [3, 23, 40]
    first = radio.log[: radio.log.index(("send", 23))]
    assert first[:4] == [("send", 3), ("listen", 61), ("tune", 75), ("tune", 3)]
    assert len(first) == pytest.approx((0.166 - AIR_S) / HOP_S, abs=6)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4], ids=lambda place: f"{place} places further")
def test_an_answer_on_one_channel_is_heard_while_it_is_repeated(place: int) -> None:
    (outcome,) = poll(ScriptedRadio(answers_on=place))
    assert isinstance(outcome.result, Done)
    assert outcome.sends == 1


def test_it_sleeps_when_nobody_asks() -> None:
    radio = ScriptedRadio()

    async def main() -> tuple[int, int]:
        stream = RadioStream(radio)
        await stream.write(b"\x7e" + RadioFrame(0x15, UNIT.node, 1, 0x81).encode() + b"\x7f")
        await asyncio.sleep(LISTEN_S + 1)
        hops = len(radio.log)
        await asyncio.sleep(60)
        stream.close()
        await asyncio.sleep(0.1)
        return hops, len(radio.log)

    hops, later = virtual_time.run(main())
    assert hops == later
    assert hops == pytest.approx(LISTEN_S / HOP_S, rel=0.05)


def test_a_radio_that_is_gone_is_a_lost_link() -> None:
    radio = ScriptedRadio(gone=True)

    async def main() -> None:
        stream = RadioStream(radio)
        await stream.write(b"\x7e" + module_query() + b"\x7f")
        assert (await stream.read())[1] == 0x87
        await stream.write(b"\x7e" + RadioFrame(0x15, UNIT.node, 1, 0x81).encode() + b"\x7f")
        with pytest.raises(LinkDownError, match="closed"):
            await stream.read()

    virtual_time.run(main())
    assert radio.closed


@contextmanager
def library(monkeypatch: pytest.MonkeyPatch, module: object) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setitem(__import__("sys").modules, "pyrf24", module)
        yield


def open_device(url: str) -> None:
    async def main() -> None:
        await opener_of(replace(SETTINGS, url=url))(url, baud=1)

    virtual_time.run(main())


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with library(monkeypatch, None), pytest.raises(ConfigError, match=r"pip install 'opencombiner\[nrf24\]'"):
        open_device("/dev/spidev0.0")


def test_another_device_is_no_radio() -> None:
    with pytest.raises(ConfigError, match=r"/dev/ttyUSB0 is no SPI device: expected /dev/spidev0\.0"):
        open_device("/dev/ttyUSB0")


def test_paper_time_counts_no_serial_port() -> None:
    assert transaction_s(SETTINGS, 27, (27, 27, 23)) == pytest.approx(0.065 + 2 * 0.046 + 0.005, abs=0.003)


def test_its_requests_are_found_in_a_capture() -> None:
    frame = RadioFrame(0x15, UNIT.node, 1, 0x82).encode()
    (found,) = cutter_of("nrf24", SETTINGS)().feed(b"\x7e" + frame + b"\x7f")
    assert (found.node, found.body) == (UNIT.node, b"\x82")
    assert bridge.opener_of(SETTINGS) is not None
