from itertools import pairwise
from random import Random

import pytest

from config.site import Impairments
from emulator.impairment import Bursts, Channel

FRAMES = 20_000


def channel(seed: str = "1/line", **settings: float) -> Channel:
    return Channel(Impairments.model_validate(settings), seed)


def test_a_clean_channel_changes_nothing() -> None:
    clean = channel()
    assert not any(clean.lost(t) for t in range(100))
    assert clean.damaged(bytes(range(256))) == bytes(range(256))


def test_random_loss_has_its_rate() -> None:
    lossy = channel(loss=0.05)
    assert sum(lossy.lost(t) for t in range(FRAMES)) / FRAMES == pytest.approx(0.05, rel=0.1)


def test_bursts_have_their_share_and_their_length() -> None:
    bursts = Bursts(30.0, 2.0, Random(4))
    bad = [bursts.bad_at(0.1 * n) for n in range(1_000_000)]
    begun = sum(now and not before for before, now in pairwise(bad))
    assert sum(bad) / len(bad) == pytest.approx(2 / 32, rel=0.1)
    assert 0.1 * sum(bad) / begun == pytest.approx(2.0, rel=0.1)


def test_frames_are_lost_in_bursts_on_top_of_the_random_loss() -> None:
    lossy = channel(loss=0.01, burst_loss=0.5, burst_every_s=30.0, burst_s=2.0)
    share = sum(lossy.lost(t / 4) for t in range(100_000)) / 100_000
    assert share == pytest.approx(0.01 * 30 / 32 + 0.5 * 2 / 32, rel=0.1)


@pytest.mark.parametrize("rate", [1e-4, 1e-2, 0.5])
def test_bits_are_wrong_at_their_rate(rate: float) -> None:
    noisy, frames = channel(bit_error_rate=rate), 2_000
    wrong = sum(byte.bit_count() for _ in range(frames) for byte in noisy.damaged(bytes(100)))
    assert wrong / (frames * 800) == pytest.approx(rate, rel=0.15)


def test_at_rate_one_every_bit_is_wrong() -> None:
    assert channel(bit_error_rate=1.0).damaged(b"\x0f\xff") == b"\xf0\x00"


def test_the_seed_decides() -> None:
    def story(seed: str) -> list[object]:
        line = channel(seed, loss=0.2, burst_loss=0.6, bit_error_rate=0.01)
        return [(line.lost(float(t)), line.damaged(b"sixteen bytes ok")) for t in range(300)]

    assert story("1/roof") == story("1/roof") != story("2/roof")
