"""Run things side by side until the first of them ends."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*works: Coroutine[Any, Any, object], within_s: float | None = None) -> None:
    """Run all `works` until the first ends or the time is over, end the others, and raise what the first raised.

    Not a task group: before Python 3.13 that loses a cancellation which comes in the instant of an error.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
