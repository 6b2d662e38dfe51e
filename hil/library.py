"""The scenarios that come with the package, by name: a name is a file's, without its ending."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.scenarios import Case, load_cases
from hil.run import unserved
from protocols.errors import ConfigError

WHOLE = "all"  # the name for all of them
_FOLDER = Path(__file__).parent / "scenarios"
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario of the library. `profiles`: the grid profiles it runs with; `runs` apply, out of `cases`."""

    name: str
    title: str
    about: str
    standard: str
    profiles: tuple[str, ...]
    runs: int
    cases: int


def names() -> tuple[str, ...]:
    """Return the names of all scenarios."""
    return tuple(sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}")))


def files(text: Path) -> list[Path]:
    """Return the scenario files that a word stands for: a file, a folder's files, or a name of the library.

    Raises ConfigError for a name that is not in it.
    """
    if text.is_dir():
        return sorted(text.glob(f"*{_SUFFIX}"))
    if text.exists() or text.suffix == _SUFFIX:
        return [text]
    known = names() if str(text) == WHOLE else (str(text),)
    if not set(known) <= set(names()):
        raise ConfigError(f"there is no scenario {str(text)!r}, and no such file; `opencombiner hil list` shows all")
    return [_FOLDER / f"{name}{_SUFFIX}" for name in known]


def entries() -> Iterator[Entry]:
    """Yield what there is."""
    for name in names():
        [path] = files(Path(name))
        yield _entry(name, load_cases(path))


def _entry(name: str, cases: Sequence[Case]) -> Entry:
    runs = [case for case in cases if unserved(case) is None]
    said = next(case.scenario for case in cases if case.scenario is not None)
    profiles = {case.profile.id: None for case in runs if case.profile is not None}
    title = said.name if len({case.scenario.name for case in runs if case.scenario}) == 1 else _common(runs)
    return Entry(name, title, said.about, said.standard, tuple(profiles), len(runs), len(cases))


def _common(runs: Sequence[Case]) -> str:
    """Return what the names of the runs begin with."""
    given = [case.scenario.name for case in runs if case.scenario is not None]
    words = zip(*(name.split() for name in given), strict=False)
    return " ".join(each[0] for each in words if len(set(each)) == 1).rstrip(" ,;:")
