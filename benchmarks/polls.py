"""`cpu_per_poll_ratio` and `cpu_per_poll_us`: the daemon beside the reference, at the same time, poll by poll.

Three programs run side by side, each with its own canned units and site id on one Mosquitto: the daemon, the
reference, and a second daemon that is looked into. Between two counts of polls, CPU time and messages are compared.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import plan
from benchmarks.canned import Canned, canned
from benchmarks.figures import Bar, Figure, Measure, MeasureFailedError, Result
from benchmarks.program import ROOT, Program, program
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Options, Session

UNITS, PERIOD_S, SPACING_S = 3, 0.5, 0.15  # further apart than the bridge's pause: a poll is a message per topic
WARM_UP, POLLS = 18, 288  # the window ends before the daemon's report, which comes a minute after the first
_SETTLE_S = 0.075  # half the spacing: what a poll leads to is done, and the next has not begun


class CountsDifferError(MeasureFailedError):
    """Daemon and reference did not publish the same: their CPU times are not to be compared."""


@dataclass(frozen=True, slots=True)
class Mark:
    """CPU time and messages by topic at one instant."""

    cpu_s: float
    said: Counter[str]


@dataclass(frozen=True, slots=True)
class Runner:
    """A program, its units, and what it has said."""

    site: str
    program: Program
    units: Canned
    said: Counter[str]

    async def window(self) -> Mark:
        """Return what POLLS polls cost."""
        before = await self._mark(WARM_UP)
        after = await self._mark(WARM_UP + POLLS)
        return Mark(after.cpu_s - before.cpu_s, after.said - before.said)

    async def _mark(self, polls: int) -> Mark:
        await self.units.until(polls)
        await asyncio.sleep(_SETTLE_S)
        return Mark(self.program.cpu_s, self.said.copy())


async def measure(folder: Path, port: int) -> Result:
    """Return the figures and their details. Raises CountsDifferError."""
    async with AsyncExitStack() as stack:
        url = plan.broker(port)
        session = await stack.enter_async_context(connect(Options(url=url, client_id="bench-polls")))
        daemon, twin, reference = [await _runner(stack, kind, folder, port) for kind in ("daemon", "twin", "reference")]
        hearing = asyncio.create_task(_hear(session, {each.site: each.said for each in (daemon, reference)}))
        await session.subscribe(f"{plan.BASE}/#")
        ours, _, theirs = await asyncio.gather(daemon.window(), _look(twin), reference.window())
        hearing.cancel()
        if ours.said != theirs.said:
            raise CountsDifferError(f"daemon {dict(ours.said)}, reference {dict(theirs.said)}")
        shares = json.loads((folder / "shares.json").read_text())
    poll_us = ours.cpu_s / POLLS * 1e6
    figures: dict[str, Figure] = {
        "cpu_per_poll_ratio": ours.cpu_s / theirs.cpu_s,
        "cpu_per_poll_us": {"total": poll_us} | {name: share * poll_us for name, share in sorted(shares.items())},
    }
    return figures, {"reference_us": theirs.cpu_s / POLLS * 1e6, "polls": POLLS, "messages": ours.said.total()}


async def _runner(stack: AsyncExitStack, kind: str, folder: Path, port: int) -> Runner:
    serials = plan.serials(UNITS)
    terminal = folder / f"{kind}.pty"
    units = await stack.enter_async_context(canned(terminal, serials))
    section = plan.link(f"pty:{terminal}", bit_rate=1e8, turnaround_s=SPACING_S)
    gateway = plan.gateway("gw", section, serials, PERIOD_S)
    file = plan.write(folder / kind, plan.broker(port), [gateway], site=kind)
    by_hand = (str(terminal), str(port), f"{plan.BASE}/{kind}", ",".join(serials), str(PERIOD_S), str(SPACING_S))
    arguments = {
        "daemon": ("-m", "opencombiner", "run", str(file)),
        "twin": ("-m", "benchmarks.sampled", str(folder / "shares.json"), "run", str(file)),
        "reference": (str(ROOT / "benchmarks" / "reference.py"), *by_hand),
    }[kind]
    running = await stack.enter_async_context(program(*arguments, log=folder / f"{kind}.log"))
    return Runner(kind, running, units, Counter())


async def _hear(session: Session, said: dict[str, Counter[str]]) -> None:
    async for message in session.messages():
        _, site, topic = message.topic.split("/", 2)
        if site in said and not message.retain:
            said[site][topic] += 1


async def _look(twin: Runner) -> None:
    """Have the twin looked into for the time of the window."""
    for polls in (WARM_UP, WARM_UP + POLLS):
        await twin.units.until(polls)
        os.kill(twin.program.pid, signal.SIGUSR1)
    await asyncio.sleep(_SETTLE_S)


MEASURE = Measure("polls", measure, 55, (Bar("cpu_per_poll_ratio", "7 - 95", most=3), Bar("cpu_per_poll_us", "")))
