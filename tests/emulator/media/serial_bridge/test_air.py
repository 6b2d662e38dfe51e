import asyncio
from dataclasses import dataclass, field

import pytest

from config.site import Impairments
from emulator.media.serial_bridge import cmt2300a, nrf24
from emulator.media.serial_bridge.air import Air, Burst, Tuning, Waveform, heard_at
from tests.support.virtual_time import run

FRAME = bytes(27)
ONCE = Waveform(0.035)
NRF = nrf24.wave(FRAME)


@dataclass(eq=False)
class Ear:
    """A radio that notes what it hears."""

    tuned: Tuning = field(default_factory=lambda: cmt2300a.Fixed(20, 0.0))
    linked: bool = True
    heard: list[tuple[float, bytes]] = field(default_factory=list)

    def ignores(self, burst: Burst) -> bool:
        return burst.to == 99

    def tuning(self, now: float) -> Tuning:
        assert now >= 0
        return self.tuned

    def hear(self, burst: Burst) -> None:
        self.heard.append((round(asyncio.get_running_loop().time(), 6), burst.frame))


def burst(sender: Ear, channel: int = 20, *, to: int | None = None, frame: bytes = FRAME) -> Burst:
    return Burst(sender, frame, channel, to, asyncio.get_running_loop().time(), ONCE)


def aired(*ears: Ear, **impairments: float) -> Air:
    air = Air(Impairments.model_validate(impairments), "1/gw")
    for ear in ears:
        air.join(ear)
    return air


def test_a_burst_is_heard_at_its_end_by_all_who_listen_there_but_its_sender() -> None:
    sender, near, elsewhere, gone = Ear(), Ear(), Ear(cmt2300a.Fixed(21, 0.0)), Ear(linked=False)

    async def talk() -> None:
        aired(sender, near, elsewhere, gone).send(burst(sender))
        await asyncio.sleep(1)

    run(talk())
    assert [ear.heard for ear in (sender, near, elsewhere, gone)] == [[], [(0.035, FRAME)], [], []]


def test_who_does_not_care_and_who_has_no_aerial_neither_hears_nor_is_heard() -> None:
    sender, near, mute = Ear(), Ear(), Ear(linked=False)

    async def talk() -> None:
        air = aired(sender, near, mute)
        air.send(burst(sender, to=99))
        await asyncio.sleep(1)
        air.send(burst(mute))
        await asyncio.sleep(1)

    run(talk())
    assert near.heard == []


@pytest.mark.parametrize(
    ("other", "channel", "heard"),
    [(0.02, 20, 0), (0.02, 21, 1), (0.036, 20, 2)],
    ids=["at once on one channel", "at once on two", "one after the other"],
)
def test_bursts_that_overlap_on_a_channel_destroy_each_other(other: float, channel: int, heard: int) -> None:
    one, two, near = Ear(), Ear(), Ear()

    async def talk() -> int:
        air = aired(one, two, near)
        air.send(burst(one))
        await asyncio.sleep(other)
        air.send(burst(two, channel))
        await asyncio.sleep(1)
        return air.collisions

    assert run(talk()) == (1 if heard == 0 else 0)
    assert len(near.heard) == heard


def test_who_changes_his_channel_meanwhile_misses_the_burst() -> None:
    sender, near = Ear(), Ear()

    async def talk() -> None:
        aired(sender, near).send(burst(sender))
        await asyncio.sleep(0.01)
        near.tuned = cmt2300a.Fixed(20, 0.01)
        await asyncio.sleep(1)

    run(talk())
    assert near.heard == []


@pytest.mark.parametrize(
    ("impairments", "share"),
    [({"loss": 0.25}, 0.75), ({"bit_error_rate": 0.002}, 0.998 ** (8 * 27)), ({"loss": 1.0}, 0.0)],
    ids=["loss", "bit errors, which no checksum lets pass", "all lost"],
)
def test_impairments_take_their_share_of_the_fragments(impairments: dict[str, float], share: float) -> None:
    sender, near = Ear(), Ear()

    async def talk() -> None:
        air = aired(sender, near, **impairments)
        for _ in range(2000):
            air.send(burst(sender))
            await asyncio.sleep(0.05)

    run(talk())
    assert len(near.heard) / 2000 == pytest.approx(share, abs=0.03)
    assert {frame for _, frame in near.heard} <= {FRAME}


@pytest.mark.parametrize("channel", range(nrf24.CHANNELS))
@pytest.mark.parametrize("phase", [n * 0.001 for n in range(20)])
def test_a_hopper_always_comes_by_once_in_a_burst(channel: int, phase: float) -> None:
    sent = Burst(Ear(), FRAME, channel, None, 10.0, NRF)
    at = heard_at(sent, nrf24.Hopping(0, phase))
    assert at is not None
    assert 10.0 + NRF.copy_s <= at <= 10.0 + nrf24.CHANNELS * nrf24.HOP_S + NRF.period_s + NRF.copy_s


def test_who_begins_on_the_channel_of_the_answer_hears_the_first_copy() -> None:
    answer = nrf24.answer_index(4)
    sent = Burst(Ear(), FRAME, answer, None, 10.0, NRF)
    assert heard_at(sent, nrf24.Hopping(answer, 10.0)) == 10.0 + NRF.copy_s


@pytest.mark.parametrize(
    ("start", "end", "channel"),
    [(0.999, 1.0, None), (1.0, 1.001, 3), (1.0031, 1.0042, None), (1.0041, 1.005, 4), (1.0081, 1.009, 0)],
    ids=["not on yet", "the first", "a hop between", "the second", "round again"],
)
def test_a_hopper_stays_four_milliseconds(start: float, end: float, channel: int | None) -> None:
    assert nrf24.Hopping(3, 1.0).channel(start, end) == channel


def test_a_burst_ends_with_its_last_copy() -> None:
    assert NRF.copy_s == pytest.approx(289 / 250_000)
    assert NRF.length_s == pytest.approx(16 * 289 / 250_000 + 15 * 0.001)
    assert cmt2300a.wave(FRAME).length_s == pytest.approx(0.035, abs=0.001)
