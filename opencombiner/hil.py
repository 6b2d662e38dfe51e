"""The commands `hil check` and `hil run`: scenario files in, verdicts out."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from config.bench_file import Bench, load_bench
from config.findings import SiteRefusedError
from config.loader import load_site
from config.scenarios import Case, load_cases
from config.site import Site
from drivers.clock import SystemClock
from gateway import log
from hil import library
from hil.report import explanation, write
from hil.run import Result, run_case, run_on_bench
from hil.verdict import Verdict, worst
from opencombiner.exit_code import ExitCode
from opencombiner.tables import library_table
from protocols.errors import ConfigError

_WIDE = 240  # columns, where nobody looks at a terminal: a name is for copying
_CODES: Mapping[Verdict, ExitCode] = {
    Verdict.PASS: ExitCode.OK,
    Verdict.ABSENT: ExitCode.OK,
    Verdict.FAIL: ExitCode.FAILED,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def given(settings: Iterable[str]) -> dict[str, str]:
    """Return parameters out of NAME=VALUE; raises ConfigError."""
    parts = [setting.partition("=") for setting in settings]
    wrong = [name for name, equals, _ in parts if not equals or not name]
    if wrong:
        raise ConfigError(f"--set {wrong[0]}: write NAME=VALUE")
    return {name: value for name, _, value in parts}


def cases_of(files: Iterable[Path], settings: Iterable[str], site: Site | None = None) -> list[Case]:
    """Return the cases of scenario files, folders and names of the library; `all` is the whole library.

    Raises ConfigError with every file's errors.
    """
    chosen = given(settings)
    found: list[Case] = []
    refused: list[str] = []
    paths = [each for file in files for each in library.files(file)]
    if not paths:
        raise ConfigError(
            "there is no scenario file; name one, a folder with files that end in .yaml, or one of `hil list`"
        )
    for path in paths:
        try:
            found += load_cases(path, chosen, site)
        except SiteRefusedError as error:
            refused.append(str(error))
    if refused:
        raise ConfigError("\n".join(refused))
    unknown = [name for name in chosen if found and not any(name in case.parameters for case in found)]
    if unknown:
        raise ConfigError(f"--set {unknown[0]}: no scenario has such a parameter")
    return found


def check(cases: Sequence[Case]) -> None:
    """Show what would run."""
    for case in cases:
        typer.echo(f"{case.path}: {case.name}" + (f": not applicable, {case.absent}" if case.absent else ""))
    typer.echo(f"{len(cases)} cases, {sum(case.absent is None for case in cases)} apply")


def show_library(names: Sequence[str]) -> None:
    """Show what scenarios come with the package; of those that are named, all about them. Raises ConfigError."""
    known = {entry.name: entry for entry in library.entries()}
    if strange := [name for name in names if name not in known]:
        raise ConfigError(f"there is no scenario {strange[0]!r}; `opencombiner hil list` shows all")
    if not names:
        wide = Console(width=None if Console().is_terminal else _WIDE)
        wide.print(library_table(map(_row, known.values())))
        typer.echo(f"{len(known)} scenarios, {sum(entry.runs for entry in known.values())} runs")
    for name in names:
        typer.echo("\n".join(_lines(known[name])))


def _row(entry: library.Entry) -> tuple[str, ...]:
    return entry.name, entry.title, entry.standard, str(len(entry.profiles)), str(entry.runs)


def _lines(entry: library.Entry) -> Iterable[str]:
    yield f"{entry.name}: {entry.title}"
    yield f"  {entry.about}"
    if entry.standard:
        yield f"  standard: {entry.standard}"
    yield f"  grid profiles: {', '.join(entry.profiles)}; {entry.runs} of {entry.cases} cases apply"


def bench_of(path: Path | None) -> tuple[Bench | None, Site | None]:
    """Return a bench with the site of its gateway; None, None without a file. Raises ConfigError."""
    if path is None:
        return None, None
    bench = load_bench(path)
    return bench, load_site(bench.site, SystemClock()).site


async def ask(question: str) -> str:
    """Ask the operator on the terminal, while everything else goes on."""
    return await asyncio.to_thread(input, question)


def run(cases: Sequence[Case], report: Path | None, bench: Bench | None, jobs: int = 1) -> ExitCode:
    """Run cases, show their verdicts, write a report; return the code of the worst verdict.

    `jobs` processes share the work on virtual time; a bench does one thing after the other.
    """
    results = []
    for result in _side_by_side(cases, jobs) if jobs > 1 and bench is None else _results(cases, bench):
        _tell(result)
        results.append(result)
    if report is not None:
        write(results, report)
    counts = ", ".join(f"{sum(r.verdict is each for r in results)} {each.value}" for each in Verdict)
    typer.echo(f"{len(results)} cases: {counts}")
    return _CODES[worst(result.verdict for result in results)]


def _advance(bars: Progress, task: TaskID, at_s: float, ends_s: float) -> None:
    bars.update(task, completed=at_s, total=ends_s)


def _results(cases: Sequence[Case], bench: Bench | None) -> Iterable[Result]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    by_hand = (
        bench is not None and "manual" in bench.instruments.model_dump_json()
    )  # a bar would write over the question
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=by_hand) as bars:
        for case in cases:
            task = bars.add_task(case.name[:60], total=1.0)
            progress = partial(_advance, bars, task)
            result = (
                run_case(case, progress) if bench is None else asyncio.run(run_on_bench(case, bench, ask, progress))
            )
            bars.remove_task(task)
            yield result


def _side_by_side(cases: Sequence[Case], jobs: int) -> Iterable[Result]:
    """Yield results in the order of the cases."""
    quiet = partial(log.configure, "error")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as workers:
        yield from workers.map(run_case, cases)


def _tell(result: Result) -> None:
    typer.echo(f"{result.verdict.value.upper():14} {result.case.name}")
    if result.verdict is Verdict.ABSENT and result.broken is not None:
        typer.echo(f"  {result.broken}")
    elif result.verdict not in {Verdict.PASS, Verdict.ABSENT} and (told := explanation(result)):
        typer.echo(told)
