"""Runs a case on a stand: acts by the timeline, measures, waits until all can be judged, judges."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

from config.bench import WORD_OF
from config.bench_file import Bench
from config.plant import profile_of, recordings, units
from config.scenario import Scenario
from config.scenarios import Case, Done
from drivers.together import first_of
from emulator.media import emulated
from hil.bench import bench_stand
from hil.instruments import Das, InstrumentError
from hil.instruments.manual import Ask
from hil.judge import Facts, judge
from hil.lab import Lab, Stand, lab
from hil.replayed import replayed
from hil.trace import Deed, Frame, Trace
from hil.verdict import Judgement, Verdict, worst
from hil.virtual_time import run as on_virtual_time
from protocols.profile import VendorProfile

SAMPLES = 1500  # of each measurement in a run, about
FINEST_S = 0.5
LATE_POLLS, LATE_S = 3.0, 5.0  # so long after the last window: what comes too late shall be seen to come
UNTIMED_S = 60.0  # after the last event, where nothing else says when to end
FRAMES_SHOWN = 10
Progress: TypeAlias = Callable[[float, float], None]
Spoil: TypeAlias = Callable[[Lab], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case. `broken`: why it could not be carried through; `frames` explain what did not pass."""

    case: Case
    verdict: Verdict
    judgements: tuple[Judgement, ...] = ()
    frames: Mapping[int, tuple[Frame, ...]] = field(default_factory=dict)
    trace: Trace = field(default_factory=Trace)
    broken: str | None = None


def run_case(case: Case, progress: Progress | None = None, *, spoil: Spoil | None = None) -> Result:
    """Run a case on virtual time, in this process, and return what came of it.

    `spoil` is shown the stack before the run begins, to plant a defect that the scenario must find. The same case comes
    to the same end: chances that are not the emulator's own are seeded for the time of the run.
    """
    absent = unserved(case)
    if case.scenario is None or absent is not None:
        return Result(case, Verdict.ABSENT, broken=absent)
    scenario = case.scenario

    async def main(folder: Path) -> Result:
        if case.site is not None and recordings(case.site):
            async with replayed(case, folder) as (stand, lasts_s):
                whole = scenario.model_copy(update={"lasts_s": scenario.lasts_s or lasts_s})
                return await carry_out(case, whole, stand, progress)
        async with lab(case, folder) as stack:
            if spoil is not None:
                spoil(stack)
            return await carry_out(case, scenario, stack.stand, progress)

    chances = random.getstate()
    random.seed(scenario.seed)
    try:
        with TemporaryDirectory(prefix="opencombiner-hil-") as folder:
            return on_virtual_time(main(Path(folder)))
    finally:
        random.setstate(chances)


def unserved(case: Case) -> str | None:
    """Return why a case cannot run in this process: it does not apply, or its medium is not emulated yet."""
    if case.site is not None and recordings(case.site):
        return case.absent  # nothing is emulated
    media = {gateway.link.medium for gateway in case.site.gateways} if case.site is not None else set()
    lacking = sorted(media - emulated())
    return f"there is no emulated medium {lacking[0]}" if lacking else case.absent


async def run_on_bench(case: Case, bench: Bench, ask: Ask, progress: Progress | None = None) -> Result:
    """Run a case in real time on the running loop, against what a bench file names; return what came of it."""
    if case.scenario is None:
        return Result(case, Verdict.ABSENT, broken=case.absent)
    try:
        async with bench_stand(bench, case, ask) as stand:
            return await carry_out(case, case.scenario, stand, progress)
    except InstrumentError as error:
        return Result(case, Verdict.INCONCLUSIVE, broken=str(error))


async def carry_out(case: Case, scenario: Scenario, stand: Stand, progress: Progress | None = None) -> Result:
    """Run a case on a stand that is ready, and judge it."""
    began = asyncio.get_running_loop().time()
    run = _Run(case, scenario, stand, began, progress)
    broken: str | None = None
    try:
        await run.through()
    except InstrumentError as error:
        broken = str(error)
    stand.trace.ended_s = run.now()
    return _judged(case, scenario, stand, broken)


@dataclass(slots=True)
class _Run:
    case: Case
    scenario: Scenario
    stand: Stand
    began: float
    progress: Progress | None

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self.began

    async def through(self) -> None:
        every_s = max(self.ends_s() / SAMPLES, FINEST_S)
        await first_of(self._play(), self._sample(self.stand.das, every_s))

    async def _play(self) -> None:
        for event in sorted(self.case.events, key=lambda event: event.at_s):
            await asyncio.sleep(event.at_s - self.now())
            await self._act(event)
        await asyncio.sleep(self.ends_s() - self.now())

    async def _act(self, event: Done) -> None:
        await self._measure()
        await self.stand.instruments[WORD_OF[event.name]].act(event.id, event.name, event.args)
        self.stand.trace.deeds.append(Deed(event.id, self.now(), event.name, event.args))
        await self._measure()  # a step is steep in a picture

    async def _measure(self) -> None:
        if self.stand.das is not None:
            for name, value in (await self.stand.das.read()).items():
                self.stand.trace.measure(name, self.now(), value)

    async def _sample(self, das: Das | None, every_s: float) -> None:
        while True:
            if das is not None:
                await self._measure()
            if self.progress is not None:
                self.progress(self.now(), self.ends_s())
            await asyncio.sleep(every_s)

    def ends_s(self) -> float:
        """Return when all can be judged; it moves when an event takes its time."""
        scenario, planned = self.scenario, {event.id: event.at_s for event in self.case.events}
        if scenario.lasts_s is not None:
            return scenario.lasts_s
        at_s = planned | {deed.id: deed.at_s for deed in self.stand.trace.deeds}
        closes = [at_s.get(one.since or "", 0.0) + one.within_s for one in scenario.expect if one.within_s is not None]
        last_s = max([*at_s.values(), 0.0])
        untimed = any(one.within_s is None for one in scenario.expect)
        late_s = LATE_POLLS * max(self.stand.polls_s.values(), default=0.0) + LATE_S
        return max([*closes, last_s + UNTIMED_S * untimed]) + late_s


def _vendors(case: Case) -> dict[str, VendorProfile]:
    return {} if case.site is None else {unit.id: profile_of(gateway) for _, gateway, unit in units(case.site)}


def facts_of(case: Case, stand: Stand, *, stepped: bool = False) -> Facts:
    """Return what there is to judge by, so far; `stepped`: the wall clock was set meanwhile."""
    if case.profile is None:
        raise AssertionError("a case that runs has a profile")
    at_s = {deed.id: deed.at_s for deed in stand.trace.deeds}
    start_utc = None if stepped else stand.start_utc
    return Facts(stand.trace, case.profile, stand.polls_s, at_s, start_utc, _vendors(case))


def frames_before(trace: Trace, one: Judgement) -> tuple[Frame, ...]:
    """Return the last frames before what decided an expectation."""
    return tuple(trace.last_frames(one.window.closes if one.at_s is None else one.at_s, FRAMES_SHOWN))


def _judged(case: Case, scenario: Scenario, stand: Stand, broken: str | None) -> Result:
    trace, facts = stand.trace, facts_of(case, stand)
    judgements = tuple(judge(one, facts) for one in scenario.expect)
    frames = {
        number: frames_before(trace, one) for number, one in enumerate(judgements) if one.verdict is not Verdict.PASS
    }
    verdict = worst(one.verdict for one in judgements) if broken is None else Verdict.INCONCLUSIVE
    return Result(case, verdict, judgements, frames, trace, broken)
