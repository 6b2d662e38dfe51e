"""Scenarios run by several processes at once: what came of each, in words."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from config.scenarios import Case
from gateway import log
from hil.report import explanation
from hil.run import run_case
from hil.verdict import Verdict

WORKERS = 2  # of the smallest machine that builds this
_AT_ONCE = 4  # cases that a worker takes from the queue


def judged(cases: Sequence[Case]) -> Iterator[tuple[Verdict, str]]:
    """Yield verdict and explanation of each case, in order."""
    quiet = partial(log.configure, "error")
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"), initializer=quiet) as workers:
        yield from workers.map(_judged, cases, chunksize=_AT_ONCE)


def _judged(case: Case) -> tuple[Verdict, str]:
    result = run_case(case)
    return result.verdict, explanation(result)
