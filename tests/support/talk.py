"""Plays an exchange against a responder, without a medium or with a bad one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from protocols.exchange import Done, Exchange, Failed, Responder, Send, Wait
from protocols.modbus import pdu, rtu

T = TypeVar("T")
PATIENCE = 100  # steps after which an exchange counts as endless


def talk(exchange: Exchange[T], *responders: Responder, medium: "Medium | None" = None) -> Done[T] | Failed:
    """Return how the exchange ends; every responder hears what is sent."""
    line = medium or Medium()
    step, heard = exchange.start(), list[bytes]()
    for _ in range(PATIENCE):
        match step:
            case Done() | Failed():
                return step
            case Send(datagram):
                line.sent.append(datagram)
                heard = line.answers(datagram, responders)
            case Wait():
                pass
        step = exchange.received(heard.pop(0)) if heard else exchange.timed_out()
    raise AssertionError("the exchange does not end")


@dataclass
class Medium:
    """Loses, doubles and damages datagrams, both ways, with one chance each; good by default."""

    chance: float = 0.0
    rng: Random = field(default_factory=lambda: Random(1))
    sent: list[bytes] = field(default_factory=list)

    def answers(self, datagram: bytes, responders: Iterable[Responder]) -> list[bytes]:
        """Return what the sender hears; two units that answer at once garble each other."""
        given = [self._answer(unit, datagram) for unit in responders]
        speaking = [answers for answers in given if answers]
        if len(speaking) > 1:
            return [b"garbled"]
        return [copy for answers in speaking for answer in answers for copy in self._carried(answer)]

    def _answer(self, unit: Responder, datagram: bytes) -> list[bytes]:
        return [answer for copy in self._carried(datagram) for answer in unit.answer(copy, 0.0)]

    def _carried(self, datagram: bytes) -> list[bytes]:
        if self.rng.random() < self.chance:
            return []
        copies = 2 if self.rng.random() < self.chance else 1
        return [self._damaged(datagram) if self.rng.random() < self.chance else datagram for _ in range(copies)]

    def _damaged(self, datagram: bytes) -> bytes:
        damaged = bytearray(datagram)
        damaged[self.rng.randrange(len(damaged))] ^= self.rng.randrange(1, 256)
        return bytes(damaged)


def ask(responder: Responder, node: int, request: pdu.Request) -> pdu.Answer | None:
    """Return a unit's answer to one request, None for silence."""
    answers = responder.answer(rtu.encode(node, request.encode()), 0.0)
    if not answers:
        return None
    (answer,) = answers
    heard, body = rtu.decode(answer)
    assert heard == node
    return pdu.decode_answer(body)
