"""The two brokers that every MQTT test runs against, behind one set of controls."""

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from drivers.mqtt import memory
from tests.support import virtual_time
from tests.support.mosquitto import Mosquitto

T = TypeVar("T")


class Broker(Protocol):
    """A broker under the test's control. A stop forgets what was retained.

    `slack_s` is what a busy machine may add to a time that is measured on the broker's loop.
    """

    slack_s: float

    @property
    def url(self) -> str: ...

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop that suits the broker."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def hang(self) -> None: ...

    def resume(self) -> None: ...


class RealBroker(Mosquitto):
    """Mosquitto, on the ordinary loop."""

    slack_s = 5.0

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(main)


class InProcessBroker:
    """The in-process broker, on virtual time."""

    slack_s = 0.0

    def __init__(self, name: str) -> None:
        self.broker = memory.broker(name)
        self.url = f"mem://{name}"

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return virtual_time.run(main)

    def start(self) -> None:
        self.broker.start()

    def stop(self) -> None:
        self.broker.stop()

    def hang(self) -> None:
        self.broker.hang()

    def resume(self) -> None:
        self.broker.resume()


BOTH_BROKERS = (
    pytest.param("memory", id="in-process broker"),
    pytest.param("mosquitto", id="mosquitto", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
)


def started(kind: str, folder: Path) -> Iterator[Broker]:
    """Yield a running broker of a kind and stop it afterwards; `folder` is the test's own."""
    broker: Broker = RealBroker(folder) if kind == "mosquitto" else InProcessBroker(folder.name)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
