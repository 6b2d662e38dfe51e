import asyncio

import pytest

from emulator.media.plc.line import Line
from tests.support.emulated import line, link
from tests.support.virtual_time import run

R = 2400.0
BYTE_S = 8 / R
TURN_S = 0.03


class Ear:
    """A node that notes what it hears and when; it answers `question` with `answer`."""

    linked = True
    deaf_to = b""

    def __init__(self, on: Line, *, early: bool = False, question: bytes = b"", answer: bytes = b"") -> None:
        self.early = early
        self.heard: list[tuple[float, bytes]] = []
        self._line = on
        self._question = question
        self._answer = answer
        self._news = asyncio.Event()
        on.join(self)

    def ignores(self, data: bytes) -> bool:
        return data == self.deaf_to

    def hear(self, data: bytes) -> None:
        self.heard.append((asyncio.get_running_loop().time(), data))
        self._news.set()
        if self._question and data == self._question:
            self._line.send(self, self._answer)

    async def whole(self, count: int) -> None:
        """Return once `count` bytes have been heard."""
        while len(self.bytes) < count:
            self._news.clear()
            await self._news.wait()

    @property
    def bytes(self) -> bytes:
        return b"".join(data for _, data in self.heard)


def at(seconds: float) -> object:
    return pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("rate", "overhead", "turnaround", "total"),
    [(100.0, 0, 0.2, 4.24), (960.0, 0, 0.1, 0.60), (2400.0, 8, 0.03, 0.2733), (28800.0, 20, 0.06, 0.1444)],
    ids=["KQ at 100 bit/s", "KQ at 960 bit/s", "ST7540", "ST7580 8PSK"],
)
def test_question_and_answer_take_the_time_of_the_paper_formula(
    rate: float, overhead: int, turnaround: float, total: float
) -> None:
    """A question of 8 bytes, an answer of 40; the next question may begin a turnaround after the answer."""

    async def talk() -> list[float]:
        wire = line(link(bit_rate=rate, overhead_bytes=overhead, turnaround_s=turnaround))
        host = Ear(wire, early=True)
        Ear(wire, question=b"question", answer=b"a" * 40)
        started = []
        for _ in range(3):
            started.append(wire.send(host, b"question").start)
            await host.whole(40 * len(started))
        return started

    started = run(talk())
    exact = (8 + overhead) * 8 / rate + (40 + overhead) * 8 / rate + 2 * turnaround
    assert exact == pytest.approx(total, rel=0.01)
    assert [later - started[0] for later in started] == [at(0), at(exact), at(2 * exact)]


def test_an_early_listener_hears_the_first_byte_at_once_and_the_rest_at_the_end() -> None:
    async def talk() -> tuple[Ear, Ear]:
        wire = line(link(bit_rate=R, overhead_bytes=2))
        sender, early, late = Ear(wire), Ear(wire, early=True), Ear(wire)
        wire.send(sender, b"abcdef")
        await asyncio.sleep(1)
        return early, late

    early, late = run(talk())
    assert early.heard == [(at(3 * BYTE_S), b"a"), (at(8 * BYTE_S), b"bcdef")]
    assert late.heard == [(at(8 * BYTE_S), b"abcdef")]


@pytest.mark.parametrize("frame", [b"x", b"xy"])
def test_short_frames_are_heard_once(frame: bytes) -> None:
    async def talk() -> bytes:
        wire = line()
        sender, early = Ear(wire), Ear(wire, early=True)
        for _ in range(20):
            wire.send(sender, frame)
        await asyncio.sleep(5)
        return early.bytes

    assert run(talk()) == 20 * frame


def test_overlapping_frames_destroy_each_other_and_leave_the_third_whole() -> None:
    async def talk() -> tuple[int, list[tuple[float, bytes]]]:
        wire = line(link(bit_rate=R))
        one, two, ear = Ear(wire), Ear(wire), Ear(wire)
        wire.send(one, b"0123456789")
        await asyncio.sleep(9.9 * BYTE_S)
        wire.send(two, b"late")
        await asyncio.sleep(1)
        wire.send(one, b"alone")
        await asyncio.sleep(1)
        assert [data for _, data in two.heard] == [b"alone"]
        return wire.collisions, ear.heard

    collisions, heard = run(talk())
    assert collisions == 1
    assert [data for _, data in heard] == [b"alone"]


def test_two_that_answer_the_same_question_destroy_each_other() -> None:
    async def talk() -> bytes:
        wire = line()
        host = Ear(wire, early=True)
        for _ in range(2):
            Ear(wire, question=b"who?", answer=b"me!")
        wire.send(host, b"who?")
        await asyncio.sleep(1)
        return host.bytes

    assert run(talk()) == b""


def test_frames_of_one_sender_follow_each_other() -> None:
    async def talk() -> list[tuple[float, bytes]]:
        wire = line(link(bit_rate=R))
        sender, ear = Ear(wire), Ear(wire)
        wire.send(sender, b"one")
        wire.send(sender, b"two")
        await asyncio.sleep(1)
        return ear.heard

    assert run(talk()) == [(at(3 * BYTE_S), b"one"), (at(6 * BYTE_S), b"two")]


def test_a_listener_needs_the_turnaround_before_it_sends_but_not_twice() -> None:
    async def talk() -> list[float]:
        wire = line(link(bit_rate=R, turnaround_s=TURN_S))
        one, two = Ear(wire), Ear(wire)
        wire.send(one, b"ab")
        await asyncio.sleep(2 * BYTE_S)
        at_once = wire.send(two, b"c")
        await asyncio.sleep(BYTE_S + TURN_S + 1)
        return [at_once.start, wire.send(one, b"d").start]

    assert run(talk()) == [at(2 * BYTE_S + TURN_S), at(3 * BYTE_S + TURN_S + 1)]


def test_loss_is_drawn_for_every_listener() -> None:
    async def talk() -> tuple[int, int]:
        wire = line(link(bit_rate=1e6), loss=0.3)
        sender, near, far = Ear(wire), Ear(wire, early=True), Ear(wire)
        for _ in range(1000):
            wire.send(sender, b"abc")
        await asyncio.sleep(1)
        assert len(near.bytes) % 3 == 0
        return len(near.bytes) // 3, len(far.heard)

    near, far = run(talk())
    assert near == pytest.approx(700, abs=45)
    assert far == pytest.approx(700, abs=45)
    assert near != far


def test_a_modem_with_a_checksum_drops_damaged_frames_others_hand_them_on() -> None:
    async def talk(modem: str) -> list[bytes]:
        wire = line(link(bit_rate=1e6, modem=modem), bit_error_rate=0.02)
        sender, ear = Ear(wire), Ear(wire)
        for _ in range(300):
            wire.send(sender, b"0123456789")
        await asyncio.sleep(1)
        return [data for _, data in ear.heard]

    transparent, checked = run(talk("transparent")), run(talk("st7580"))
    assert len(transparent) == 300
    assert sum(data != b"0123456789" for data in transparent) == pytest.approx(300 * (1 - 0.98**80), abs=25)
    assert set(checked) == {b"0123456789"}
    assert 0 < len(checked) < 120


def test_noise_comes_between_frames_at_its_rate_and_everybody_hears_the_same() -> None:
    async def talk() -> tuple[bytes, bytes]:
        wire = line(noise_per_min=30.0)
        host, unit = Ear(wire, early=True), Ear(wire)
        noise = asyncio.create_task(wire.make_noise())
        await asyncio.sleep(3600)
        noise.cancel()
        return host.bytes, unit.bytes

    host, unit = run(talk())
    assert host == unit
    assert len(host) == pytest.approx(1800, rel=0.1)
    assert len(set(host)) > 200


def test_a_line_without_noise_needs_no_timer() -> None:
    async def main() -> float:
        await line().make_noise()
        return asyncio.get_running_loop().time()

    assert run(main()) == 0


def test_the_same_seed_gives_the_same_bytes_at_the_same_times() -> None:
    async def talk(seed: str) -> list[tuple[float, bytes]]:
        wire = line(seed=seed, loss=0.2, bit_error_rate=0.01, noise_per_min=60.0)
        host = Ear(wire, early=True)
        Ear(wire, question=b"question", answer=b"answer")
        noise = asyncio.create_task(wire.make_noise())
        for _ in range(50):
            wire.send(host, b"question")
            await asyncio.sleep(0.5)
        noise.cancel()
        return host.heard

    assert run(talk("1/roof")) == run(talk("1/roof"))
    assert run(talk("1/roof")) != run(talk("1/barn"))


@pytest.mark.parametrize("cut_off", ["sender", "receiver"])
def test_a_node_that_is_not_linked_neither_hears_nor_is_heard(cut_off: str) -> None:
    async def talk() -> bytes:
        wire = line()
        sender, receiver, early = Ear(wire), Ear(wire), Ear(wire, early=True)
        for ear in (sender,) if cut_off == "sender" else (receiver, early):
            ear.linked = False
        wire.send(sender, b"abc")
        await asyncio.sleep(1)
        return receiver.bytes + early.bytes

    assert run(talk()) == b""


def test_a_node_that_left_hears_nothing() -> None:
    async def talk() -> bytes:
        wire = line()
        sender, gone = Ear(wire), Ear(wire)
        wire.leave(gone)
        wire.send(sender, b"abc")
        await asyncio.sleep(1)
        return gone.bytes

    assert run(talk()) == b""


@pytest.mark.parametrize(("rate", "hears"), [(0.0, False), (1e-9, True)], ids=["faithful line", "line with bit errors"])
def test_what_a_node_ignores_is_only_worked_out_where_it_may_arrive_otherwise(rate: float, hears: bool) -> None:  # noqa: FBT001 - a row
    async def talk() -> bytes:
        wire = line(bit_error_rate=rate)
        sender, idle = Ear(wire), Ear(wire)
        idle.deaf_to = b"abc"
        wire.send(sender, b"abc")
        await asyncio.sleep(1)
        return idle.bytes

    assert run(talk()) == (b"abc" if hears else b"")
