"""A stack that somebody drives step by step: nothing happens unless he lets time pass."""

import asyncio
import json
import random
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from config.bench import ACTS, WORD_OF
from config.instruments import Kind, judged
from config.plant import units
from config.scenario import Expectation, Sketch
from config.scenarios import Case, load_cases
from hil.judge import judge
from hil.lab import Lab, lab
from hil.report import explanation
from hil.run import LATE_POLLS, LATE_S, UNTIMED_S, Result, facts_of, frames_before
from hil.trace import Deed
from hil.verdict import Verdict
from hil.virtual_time import VirtualTimeLoop
from protocols.errors import ConfigError

T = TypeVar("T")
_JUDGED_ELSEWHERE = [{"listed": {"of": "site"}}]  # a scenario expects something; here the driver does


def case_of(folder: Path, **asked: Any) -> Case:
    """Return the case of a plant: settings of a scenario's `plant`, and of the scenario. Raises ConfigError."""
    sketch = {name: asked.pop(name) for name in [*asked] if name in Sketch.model_fields}
    plant = {} if "site" in asked else {"plant": sketch}
    path = folder / "plant.yaml"
    path.write_text(json.dumps({"name": "live", **plant, **asked, "expect": _JUDGED_ELSEWHERE}, default=str), "utf-8")
    cases = load_cases(path)
    if len(cases) != 1 or cases[0].absent is not None:
        raise ConfigError("a plant is one; take no matrix and no condition")
    return cases[0]


class Live:
    """The whole stack on virtual time, from noon of a clear day on or from the case's start, until `close`."""

    def __init__(self, case: Case, folder: Path) -> None:
        if case.scenario is None or case.site is None:
            raise AssertionError("a case that does not apply is not run")
        self.case = case
        self._chances = random.getstate()
        random.seed(case.scenario.seed)  # what is left to chance comes out the same each time
        self._runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self._stack = AsyncExitStack()
        self.lab: Lab = self._runner.run(self._stack.enter_async_context(lab(case, folder)))
        self._serials = {unit.id: unit.serial for _, _, unit in units(case.site)}
        self._stepped = False

    def close(self) -> None:
        """End everything in order; raises what the gateway died of."""
        try:
            self._runner.run(self._stack.aclose())
        finally:
            self._runner.close()
            random.setstate(self._chances)

    @property
    def now(self) -> float:
        """Return the seconds since the beginning."""
        return self._runner.get_loop().time()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._runner.run(asyncio.sleep(seconds))

    def measure(self) -> Mapping[str, float]:
        """Return what a meter beside the plant shows: grid.v, grid.hz, site.w, SLOT.w, SLOT.v, SLOT.st."""
        if self.lab.stand.das is None:
            raise AssertionError("an emulated plant is measured")
        return self._runner.run(_got(self.lab.stand.das.read()))

    def act(self, name: str, args: Mapping[str, object], event: str = "") -> None:
        """Do an act of a scenario, with units by slot or serial, under the name of an event. Raises ConfigError."""
        checked = judged(name, {key: self._serial(name, key, value) for key, value in args.items()}, ACTS)
        self._runner.run(_got(self.lab.stand.instruments[WORD_OF[name]].act(event, name, checked)))
        self.lab.stand.trace.deeds.append(Deed(event, self.now, name, checked))
        self._stepped |= name == "clock_step"

    def serial(self, slot: str) -> str:
        """Return the serial of the unit that hangs in a slot; a serial is its own."""
        return self._serials.get(slot, slot)

    def _serial(self, act: str, key: str, value: object) -> object:
        argument = ACTS.get(act, {}).get(key)
        unit = argument is not None and argument.kind in {Kind.UNIT, Kind.ANYWHERE} and isinstance(value, str)
        return self.serial(str(value)) if unit else value

    def expect(self, asked: Mapping[str, object]) -> None:
        """Let time pass until an expectation of a scenario can be judged; raises AssertionError unless it passes."""
        wanted, stand = Expectation.model_validate(asked), self.lab.stand
        facts = facts_of(self.case, stand, stepped=self._stepped)
        if wanted.since is not None and wanted.since not in facts.at_s:
            known = ", ".join(filter(None, facts.at_s)) or "none"
            raise ConfigError(f"since: there is no event {wanted.since!r} yet; there is {known}")
        late_s = LATE_POLLS * max(stand.polls_s.values(), default=0.0) + LATE_S
        untimed_s = max([*facts.at_s.values(), 0.0]) + UNTIMED_S
        closes_s = untimed_s if wanted.within_s is None else facts.window(wanted).closes
        self.advance(max(closes_s + late_s - self.now, 0.0))
        stand.trace.ended_s = self.now
        found = judge(wanted, facts)
        if found.verdict is not Verdict.PASS:
            frames = {0: frames_before(stand.trace, found)}
            raise AssertionError(explanation(Result(self.case, found.verdict, (found,), frames, stand.trace)).strip())


async def _got(awaited: Awaitable[T]) -> T:
    return await awaited
