"""The radio channel: how long, how often, and what gets lost."""

import asyncio

import pytest

from config.site import Impairments
from drivers.zigbee.timing import SILENCE_S, frame_s, message_s
from emulator.media.zigbee.air import SENDS, Air
from protocols.modems.znp.status import SUCCESS, Status
from tests.support.virtual_time import run


class Ear:
    """A receiver."""

    def __init__(self, *, listening: bool = True) -> None:
        self.listening = listening


def air(seed: str = "1", **impairments: float) -> Air:
    return Air(Impairments.model_validate(impairments), seed)


def carried(medium: Air, data: bytes, *way: Ear) -> tuple[int, float]:
    """Return what became of a message, and how long that took."""

    async def main() -> tuple[int, float]:
        began = asyncio.get_running_loop().time()
        status = await medium.carry(data, way)
        return status, asyncio.get_running_loop().time() - began

    return run(main())


@pytest.mark.parametrize(("size", "hops"), [(19, 1), (94, 1), (94, 3), (105, 2)])
def test_messages_take_their_paper_time_in_the_mean(size: int, hops: int) -> None:
    """The product's own idea of paper time against this air's; the silence behind the last frame is nobody's wait."""
    took = [carried(air(str(seed)), bytes(size), *[Ear() for _ in range(hops)]) for seed in range(200)]
    assert {status for status, _ in took} == {SUCCESS}
    assert sum(each for _, each in took) / len(took) == pytest.approx(message_s(size, hops) - SILENCE_S, rel=0.1)


def test_a_frame_that_nobody_acknowledges_is_sent_so_often_and_no_more() -> None:
    medium = air()
    assert carried(medium, b"x", Ear(listening=False))[0] == Status.MAC_NO_ACK
    assert medium.carried == SENDS


def test_a_lost_frame_is_sent_again() -> None:
    results = [carried(air(str(seed), loss=0.3), bytes(50), Ear())[0] for seed in range(300)]
    failed = results.count(Status.MAC_NO_ACK) / len(results)
    assert failed == pytest.approx((1 - 0.7**2) ** SENDS, abs=0.04)  # frame and acknowledgement both have to arrive


def test_a_wrong_bit_costs_the_frame() -> None:
    assert carried(air(bit_error_rate=1.0), b"x", Ear())[0] == Status.MAC_NO_ACK


def test_two_senders_take_turns() -> None:
    async def main() -> None:
        medium, ears = air(), [Ear() for _ in range(5)]
        began = asyncio.get_running_loop().time()
        done = await asyncio.gather(*(medium.carry(bytes(100), (ear,)) for ear in ears))
        assert set(done) <= {SUCCESS, Status.MAC_CHANNEL_ACCESS_FAILURE}
        assert done.count(SUCCESS) >= 4
        assert asyncio.get_running_loop().time() - began >= done.count(SUCCESS) * (frame_s(100) - 0.0021)

    run(main())


def test_a_channel_that_is_never_free_is_told() -> None:
    async def main() -> None:
        medium = air()
        medium._free_at = 1e9  # noqa: SLF001 - a jammer
        assert await medium.carry(b"x", (Ear(),)) == Status.MAC_CHANNEL_ACCESS_FAILURE
        assert not await medium.spread(b"x")
        assert medium.refused == 4

    run(main())
