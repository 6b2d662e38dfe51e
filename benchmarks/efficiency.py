"""`link_efficiency` and `cpu_per_exchange_us`: how each kind of modem is driven, near to paper time or not.

Emulated units on a paced line without loss, on a pseudo-terminal, asked for more than the line can carry. The cycle is
the time from one answer of a unit to its next, as stamped in what is published. A kind of modem is a row of `PACED`.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks import airtime, plan
from benchmarks.figures import Bar, Figure, Measure, Result
from benchmarks.program import Program, program
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Options, Session

UNITS, ASKED_S = 6, 0.5
SECONDS, JOINED_S = 40.0, 5.0  # after which all have joined and the CPU time begins to count
_WARM_UP = 3  # cycles: units join in the first, and allowances settle


@dataclass(frozen=True, slots=True)
class Paced:
    """A line whose speed the modem or the medium sets; `link` makes its section for a URL, `poll_s` knows its paper."""

    name: str  # medium/modem
    link: Callable[[str], Mapping[str, object]]
    poll_s: Callable[[Mapping[str, object]], float]
    kind: plan.Kind = plan.MI_500

    @property
    def site(self) -> str:
        """Return the id of its site."""
        return self.name.replace("/", "-")


PACED = (
    Paced("plc/transparent", lambda url: plan.link(url, "transparent"), airtime.poll_s),
    Paced("plc/st7580", lambda url: plan.link(url, "st7580"), airtime.poll_s),
    Paced("zigbee/znp", plan.coordinator, airtime.zigbee_poll_s, plan.QS1),
    Paced("bridge/nrf24", lambda url: plan.bridge(url, "nrf24"), airtime.nrf24_s, plan.HM_600),
    Paced("bridge/cmt2300a", lambda url: plan.bridge(url, "cmt2300a"), airtime.cmt2300a_s, plan.HMS_1000),
)


def efficiency(paper_poll_s: float, stamps_s: Mapping[str, Sequence[float]]) -> float:
    """Return paper time over the usual cycle; `stamps_s` by unit."""
    cycles = [b - a for stamps in stamps_s.values() for a, b in pairwise(stamps[_WARM_UP:])]
    return len(stamps_s) * paper_poll_s / median(cycles)


async def measure(folder: Path, port: int) -> Result:
    """Return the figures and their details; all lines run side by side."""
    stamps: dict[str, dict[str, list[float]]] = {paced.site: defaultdict(list) for paced in PACED}
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(connect(Options(url=plan.broker(port), client_id="bench-link")))
        await session.subscribe(f"{plan.BASE}/+/inverter/+/state")
        daemons = [await _linked(stack, paced, folder, port) for paced in PACED]
        hearing = asyncio.create_task(_hear(session, stamps))
        await asyncio.sleep(JOINED_S)
        before = _marks(daemons, stamps)
        await asyncio.sleep(SECONDS - JOINED_S)
        after = _marks(daemons, stamps)
        hearing.cancel()
    paper_s = {paced.name: paced.poll_s(paced.link("")) for paced in PACED}
    found = {paced.name: efficiency(paper_s[paced.name], stamps[paced.site]) for paced in PACED}
    cost_us = {
        paced.name: 1e6 * (cpu - cpu_before) / (polls - polls_before)
        for paced, (cpu_before, polls_before), (cpu, polls) in zip(PACED, before, after, strict=True)
    }
    figures: dict[str, Figure] = {"link_efficiency": found, "cpu_per_exchange_us": cost_us}
    return figures, {"paper_poll_s": paper_s, "polls": [polls for _, polls in after]}


def _marks(daemons: Sequence[Program], stamps: Mapping[str, Mapping[str, Sequence[float]]]) -> list[tuple[float, int]]:
    """Return each daemon's CPU time and polls."""
    polls = [sum(map(len, units.values())) for units in stamps.values()]
    return [(daemon.cpu_s, count) for daemon, count in zip(daemons, polls, strict=True)]


async def _linked(stack: AsyncExitStack, paced: Paced, folder: Path, port: int) -> Program:
    """Start emulator and daemon of a line; return the daemon."""
    link = paced.link(f"pty:{folder / paced.site}.pty")
    gateway = plan.gateway("gw", link, plan.serials(UNITS, kind=paced.kind), ASKED_S, kind=paced.kind)
    file = plan.write(folder / paced.site, plan.broker(port), [gateway], site=paced.site)
    emulator, daemon = (
        program("-m", "opencombiner", command, str(file), log=folder / f"{paced.site}-{command}.log")
        for command in ("emulate", "run")
    )
    await stack.enter_async_context(emulator)
    return await stack.enter_async_context(daemon)


async def _hear(session: Session, stamps: dict[str, dict[str, list[float]]]) -> None:
    async for message in session.messages():
        _, site, _, slot, _ = message.topic.split("/")
        stamp = json.loads(message.payload)["ts"]
        seen = stamps[site][slot]
        at = datetime.fromisoformat(stamp).timestamp() if stamp else None
        if at is not None and (not seen or seen[-1] != at):
            seen.append(at)


MEASURE = Measure(
    "efficiency",
    measure,
    42,
    (Bar("link_efficiency", "0.0005 - 0.42", least=0.90), Bar("cpu_per_exchange_us", "")),
)
