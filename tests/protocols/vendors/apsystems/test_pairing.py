"""Pairing against emulated units; the medium here is a list of messages."""

from collections.abc import Callable
from enum import Enum
from random import Random

import pytest

from protocols.exchange import Cause, Done, Failed, Send, Wait
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import BROADCAST, Message, Report, Scope, content, datagram
from protocols.modems.znp.frame import decode_all, encode
from protocols.modems.znp.network import network
from protocols.modems.znp.status import Status
from protocols.vendors.apsystems import pairing_frames as f
from protocols.vendors.apsystems.models import MODELS
from protocols.vendors.apsystems.pairing import CHECKS, ROUNDS, Paired, Pairing, Reason, Stage
from protocols.vendors.apsystems.pairing_side import PairingSide
from protocols.vendors.apsystems.responder import InverterSide
from tests.support.device import ScriptedDevice, running
from tests.support.vectors import one

NET = network("")
QS1, DS3 = "801000085070", "703000069723"
PATIENCE = 300


def unit(serial: str, model: str) -> InverterSide:
    return InverterSide(ScriptedDevice(serial, MODELS[model], running(MODELS[model].ports)))


def air(*units: InverterSide) -> Callable[[bytes], list[bytes]]:
    """Return a medium on which a unit hears what its radio lets through, and the gateway its own broadcasts."""

    def carry(raw: bytes) -> list[bytes]:
        sent = content(raw)
        assert isinstance(sent, Message)
        echo = [datagram(Message(0, sent.cluster, sent.data))] if sent.scope is Scope.ANY_PAN else []
        reached = [side for side in units if side.pairing.hears(sent, NET.pan)]
        report = [] if sent.node == BROADCAST else [Report(sent.node, 0 if reached else Status.NWK_NO_ROUTE)]
        return [*echo, *map(datagram, report), *(said for side in reached for said in side.answer(raw, 0.0))]

    return carry


def run(pairing: Pairing, carry: Callable[[bytes], list[bytes]]) -> Done[Paired] | Failed:
    step, heard = pairing.start(), list[bytes]()
    for _ in range(PATIENCE):
        match step:
            case Done() | Failed():
                return step
            case Send(raw):
                heard = carry(raw)
            case Wait():
                pass
        step = pairing.received(heard.pop(0)) if heard else pairing.timed_out()
    raise AssertionError("pairing does not end")


@pytest.mark.parametrize(
    ("name", "message", "trans"),
    [
        ("znp_pair_0", f.leave("703000082926", NET), 0),
        ("znp_pair_1", f.who("703000082926"), 1),
        ("znp_pair_2", f.prepare("704000159286", NET), 2),
        ("znp_pair_3", f.bind(NET), 3),
    ],
    ids=["leave", "who", "prepare", "bind"],
)
def test_messages_are_the_captured_bytes(name: str, message: Message, trans: int) -> None:
    assert encode(c.data_request(message, trans)) == one("apsystems", name).raw


@pytest.mark.parametrize(
    ("name", "serial", "node"),
    [
        ("znp_pair_2_reply", "704000159286", 0xDD9F),
        ("znp_pair_1_reply_ds3", "703000021300", 0x6C22),
        ("znp_pair_1_reply_echo", "704000159286", None),
        ("znp_pair_2_reply", "704000159287", None),
    ],
    ids=["after prepare", "after who", "an echo of our own", "another unit"],
)
def test_the_sender_of_an_answer_is_the_address(name: str, serial: str, node: int | None) -> None:
    frames = [frame for frame in decode_all(one("apsystems", name).raw) if frame.command == c.Command.INCOMING]
    found = {f.answered(c.incoming_of(frame), serial, NET, frozenset()) for frame in frames}
    assert found - {None} == ({node} - {None})


@pytest.mark.parametrize("node", [0, BROADCAST, NET.pan, 0x1234], ids=["ours", "all", "the PAN's number", "taken"])
def test_impossible_addresses_are_refused(node: int) -> None:
    assert f.answered(f.answer(QS1, node, added=True), QS1, NET, frozenset({0x1234})) is None


def test_a_unit_is_paired_and_checked() -> None:
    side, other = unit(QS1, "QS1"), unit(DS3, "DS3")
    pairing = Pairing(QS1, "", NET)
    assert run(pairing, air(side, other)) == Done(Paired(QS1, side.node, 0xA3D8, 16))
    assert (side.pairing.pan, side.pairing.channel, side.pairing.bound) == (0xA3D8, 16, True)
    assert (other.pairing.pan, pairing.reason) == (BROADCAST, None)


def test_progress_goes_through_all_stages() -> None:
    pairing, seen = Pairing(QS1, "", NET), list[tuple[Enum, int]]()
    medium = air(unit(QS1, "QS1"))

    def watch(raw: bytes) -> list[bytes]:
        seen.append((pairing.progress.stage, pairing.progress.done))
        return medium(raw)

    run(pairing, watch)
    assert [stage for stage, _ in seen] == [*list(Stage), Stage.CHECK][: len(Stage) - 1 + CHECKS]
    assert [done for _, done in seen] == list(range(len(seen)))
    assert pairing.progress.total == len(seen)


@pytest.mark.parametrize("seed", range(20))
def test_a_tenth_of_all_messages_may_be_lost(seed: int) -> None:
    rng, side = Random(seed), unit(DS3, "DS3")
    medium = air(side)

    def lossy(raw: bytes) -> list[bytes]:
        return [] if rng.random() < 0.1 else [said for said in medium(raw) if rng.random() >= 0.1]

    assert isinstance(run(Pairing(DS3, "", NET), lossy), Done)


def test_nobody_there() -> None:
    pairing, sent = Pairing(QS1, "", NET), list[bytes]()

    def swallow(raw: bytes) -> list[bytes]:
        sent.append(raw)
        return []

    end = run(pairing, swallow)
    assert isinstance(end, Failed)
    assert (end.cause, pairing.reason, "within 4 m" in end.detail) == (Cause.NO_ANSWER, Reason.NO_ANSWER, True)
    assert len(sent) == ROUNDS * 5


def test_a_unit_that_stays_with_its_old_gateway() -> None:
    side = unit(QS1, "QS1")
    side.pairing = PairingSide(QS1, locked=True)
    side.pairing.home(0x1234)
    pairing = Pairing(QS1, "", NET)
    assert isinstance(run(pairing, air(side)), Failed)
    assert (pairing.reason, side.pairing.pan) == (Reason.BOUND_ELSEWHERE, 0x1234)


def test_answers_that_the_serial_buffer_loses() -> None:
    medium = air(unit(DS3, "DS3"))
    pairing = Pairing(DS3, "", NET)
    end = run(pairing, lambda raw: [said for said in medium(raw) if len(said) < 100])
    assert isinstance(end, Failed)
    assert (end.cause, pairing.reason) == (Cause.INCOMPLETE, Reason.UART_BUFFER)


def test_a_short_answer_does_not_blame_the_buffer() -> None:
    medium = air(unit(QS1, "QS1"))
    pairing = Pairing(QS1, "", NET)
    run(pairing, lambda raw: [said for said in medium(raw) if len(said) < 100])
    assert pairing.reason is Reason.BOUND_ELSEWHERE


@pytest.mark.parametrize(
    ("status", "reason"),
    [(Status.INVALID_PARAMETER, Reason.WRONG_FIRMWARE), (Status.NWK_INVALID_REQUEST, Reason.NOT_STARTED)],
    ids=["wrong firmware", "no network"],
)
def test_a_refusal_of_the_coordinator_ends_it(status: Status, reason: Reason) -> None:
    pairing = Pairing(QS1, "", NET)
    assert isinstance(run(pairing, lambda _: [datagram(Report(BROADCAST, status))]), Failed)
    assert pairing.reason is reason


def test_a_unit_that_has_moved_is_gone_for_its_old_gateway() -> None:
    side = PairingSide(QS1)
    side.home(0x1234, 0x0042)
    poll = Message(0x0042, 6, b"")
    assert side.hears(poll, 0x1234)
    side.answer(f.prepare(QS1, NET))
    assert not side.hears(poll, 0x1234)
    assert side.hears(poll, NET.pan)
    assert not side.bound
    side.answer(f.bind(network("D8A300000001")))
    assert not side.bound
    side.answer(f.bind(NET))
    assert side.bound


@pytest.mark.parametrize("data", ["", QS1, QS1 + "00"], ids=["nothing", "a serial alone", "too long"])
def test_odd_messages_change_nothing(data: str) -> None:
    side = PairingSide(QS1)
    assert side.answer(Message(BROADCAST, f.PREPARE, bytes.fromhex(data), scope=Scope.ANY_PAN)) == ()
    assert side.pan == BROADCAST
