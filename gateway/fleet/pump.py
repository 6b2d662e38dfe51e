"""Runs one exchange over a port: carries out its steps and tells it what was heard."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar

from drivers.link import Port
from protocols.errors import LinkDownError, LocalProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Send, Wait

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a conversation ended, with the datagrams sent, the seconds that it took, and how many followed a silence."""

    result: Done[T] | Failed
    sends: int
    took_s: float
    repeats: int = 0


async def run(port: Port, exchange: Exchange[T]) -> Outcome[T]:
    """Run an exchange to its end; a link that goes down is an outcome, not an exception.

    Raises LocalProtocolError when an exchange waits on after its window has closed.
    """
    now = asyncio.get_running_loop().time
    started, sends, repeats = now(), 0, 0
    step = exchange.start()
    heard: bytes | None = b""
    try:
        while not isinstance(step, Done | Failed):
            match step:
                case Send():
                    sends += 1
                    repeats += heard is None
                    await port.send(
                        step.datagram, reply_bytes=step.reply_bytes, within_s=step.within_s, replies=step.replies
                    )
                case Wait() if heard is None:
                    raise LocalProtocolError(f"{type(exchange).__name__} waits for a window that is closed")
                case Wait():
                    pass
            heard = await port.receive()
            step = exchange.timed_out() if heard is None else exchange.received(heard)
    except LinkDownError as error:
        step = Failed(Cause.LINK_DOWN, str(error))
    return Outcome(step, sends, now() - started, repeats)
