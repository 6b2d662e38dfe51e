"""From the start of a service to the signal that ends it."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, the service manager, a closed terminal


def run_until_stopped(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on a new loop and return its result; its event is set when a signal asks it to end."""

    async def hosted() -> T:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in a shell's background
                loop.add_signal_handler(number, stop.set)
        return await main(stop)

    return asyncio.run(hosted())


async def first_of(*works: Coroutine[Any, Any, object], within_s: float | None = None) -> None:
    """Run all `works` until the first ends or the time is over, end the others, and raise what the first raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
