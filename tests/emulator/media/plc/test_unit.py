import asyncio

from emulator.media.plc.line import Line
from emulator.media.plc.unit import Unit
from protocols.commands import Restart
from protocols.exchange import Responder
from protocols.modbus import rtu
from tests.support.emulated import MIDNIGHT, NOON, line, link, unit
from tests.support.virtual_time import run

QUESTION = rtu.encode(7, b"\x03\x00\x01\x00\x02")
ANSWER = rtu.encode(7, b"\x03\x04\x01\x02\x03\x04")


class Parrot:
    """Answers one question, as node 7 would."""

    def concerns(self, datagram: bytes) -> bool:
        return datagram[0] == 7

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        assert now >= 0
        return (ANSWER,) if datagram == QUESTION else ()


class Mute:
    def concerns(self, datagram: bytes) -> bool:
        return len(datagram) > 0

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        assert datagram
        assert now >= 0
        return ()


class Far:
    early = False
    linked = True

    def ignores(self, data: bytes) -> bool:
        return not data

    def __init__(self, on: Line) -> None:
        self.heard: list[bytes] = []
        on.join(self)

    def hear(self, data: bytes) -> None:
        self.heard.append(data)


def heard_after(
    *bursts: bytes, at: float = NOON, framed: bool = False, responder: Responder | None = None
) -> list[bytes]:
    async def talk() -> list[bytes]:
        wire = line(link(modem="st7580" if framed else "transparent"))
        far = Far(wire)
        Unit(wire, unit(at), responder or Parrot(), framed=framed)
        Unit(wire, unit(at), Mute(), framed=framed)
        for burst in bursts:
            wire.send(far, burst)
            await asyncio.sleep(1)
        return far.heard

    return run(talk())


def test_answers_its_question_and_no_other() -> None:
    assert heard_after(QUESTION, ANSWER, rtu.encode(8, QUESTION[1:-2]), QUESTION) == [ANSWER, ANSWER]


def test_cuts_frames_out_of_noise_and_out_of_several_bursts() -> None:
    assert heard_after(b"\x99" + QUESTION) == [ANSWER]
    assert heard_after(QUESTION[:3], QUESTION[3:]) == [ANSWER]
    assert heard_after(b"\x07\x03", QUESTION) == [ANSWER]


def test_takes_whole_datagrams_from_a_framed_modem() -> None:
    assert heard_after(QUESTION, framed=True) == [ANSWER]
    assert heard_after(QUESTION[:3], QUESTION[3:], framed=True) == []


def test_is_silent_in_the_dark() -> None:
    assert heard_after(QUESTION, QUESTION, at=MIDNIGHT) == []


def test_is_silent_while_it_restarts() -> None:
    async def talk() -> list[bytes]:
        wire = line()
        far, inverter = Far(wire), unit()
        Unit(wire, inverter, Parrot(), framed=False)
        inverter.command(Restart(), 0.0)
        wire.send(far, QUESTION)
        await asyncio.sleep(5)
        assert far.heard == []
        wire.send(far, QUESTION)
        await asyncio.sleep(1)
        return far.heard

    assert run(talk()) == [ANSWER]
