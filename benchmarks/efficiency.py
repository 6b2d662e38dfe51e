"""`link_efficiency`: how near to paper time the driver drives a line, for each kind of modem.

Emulated units on a paced line without loss, on a pseudo-terminal, asked for more than the line can carry. The cycle is
the time from one answer of a unit to its next, as stamped in what is published.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks import airtime, plan
from benchmarks.figures import Figure
from benchmarks.program import program
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Options, Session

MODEMS = ("transparent", "st7580")
UNITS, ASKED_S = 6, 0.5
SECONDS = 40.0
_WARM_UP = 3  # cycles: units join in the first, and allowances settle


def efficiency(link: Mapping[str, object], stamps_s: Mapping[str, Sequence[float]]) -> float:
    """Return paper time over the usual cycle; `stamps_s` by unit."""
    cycles = [b - a for stamps in stamps_s.values() for a, b in pairwise(stamps[_WARM_UP:])]
    return len(stamps_s) * airtime.poll_s(link) / median(cycles)


async def measure(folder: Path, port: int) -> tuple[dict[str, Figure], dict[str, object]]:
    """Return the figure and its details."""
    stamps: dict[str, dict[str, list[float]]] = {modem: defaultdict(list) for modem in MODEMS}
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(connect(Options(url=plan.broker(port), client_id="bench-link")))
        await session.subscribe(f"{plan.BASE}/+/inverter/+/state")
        links = [await _linked(stack, modem, folder, port) for modem in MODEMS]
        hearing = asyncio.create_task(_hear(session, stamps))
        await asyncio.sleep(SECONDS)
        hearing.cancel()
    found = {f"plc/{modem}": efficiency(link, stamps[modem]) for modem, link in zip(MODEMS, links, strict=True)}
    polls = {modem: sum(map(len, stamps[modem].values())) for modem in MODEMS}
    return {"link_efficiency": found}, {"paper_poll_s": airtime.poll_s(links[0]), "polls": polls}


async def _linked(stack: AsyncExitStack, modem: str, folder: Path, port: int) -> dict[str, object]:
    link = plan.link(f"pty:{folder / modem}.pty", modem)
    gateway = plan.gateway("gw", link, plan.serials(UNITS), ASKED_S)
    file = plan.write(folder / modem, plan.broker(port), [gateway], site=modem)
    for command in ("emulate", "run"):
        arguments = ("-m", "opencombiner", command, str(file))
        await stack.enter_async_context(program(*arguments, log=folder / f"{modem}-{command}.log"))
    return link


async def _hear(session: Session, stamps: dict[str, dict[str, list[float]]]) -> None:
    async for message in session.messages():
        _, site, _, slot, _ = message.topic.split("/")
        stamp = json.loads(message.payload)["ts"]
        seen = stamps[site][slot]
        at = datetime.fromisoformat(stamp).timestamp() if stamp else None
        if at is not None and (not seen or seen[-1] != at):
            seen.append(at)
