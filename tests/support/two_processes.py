"""A plant and its gateway as two processes before a real broker, watched from outside."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto
from tests.support.processes import command


def watched(
    folder: Path, described: Callable[[Path, Mosquitto], Path], watch: Callable[[Listener], Awaitable[None]]
) -> str:
    """Run `emulate` and `run` on the site file that `described` writes, and watch; return what the gateway logged."""

    async def main() -> None:
        async with listening(broker.url) as ear:
            await watch(ear)

    broker = Mosquitto(folder)
    broker.start()
    file = described(folder, broker)
    try:
        with (
            command(folder / "emulator.log", "emulate", str(file)),
            command(folder / "gateway.log", "run", str(file)) as gateway,
        ):
            asyncio.run(main())
            return gateway.said
    finally:
        broker.stop()
