"""From the start of a service to the signal that ends it."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
ENDS_WITH_STDIN = "OPENCOMBINER_ENDS_WITH_STDIN"  # set for a child: it ends with its parent, even with a killed one
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, the service manager, a closed terminal


def run_until_stopped(main: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on a new loop and return its result; its event is set when a signal asks it to end.

    What was loaded so far lives as long as the process: the garbage collector need not look at it ever again.
    """
    gc.freeze()
    gc.enable()

    async def hosted() -> T:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in a shell's background
                loop.add_signal_handler(number, stop.set)
        if os.environ.get(ENDS_WITH_STDIN):
            _end_with_stdin(loop, stop)
        return await main(stop)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(hosted())


def _end_with_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set the event when nobody holds the other end of our standard input any more: the parent is gone."""
    number = sys.stdin.fileno()

    def heard() -> None:
        if not os.read(number, 1024):
            loop.remove_reader(number)
            stop.set()

    loop.add_reader(number, heard)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where the extra `uvloop` is installed; None is asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
