"""The repository as its tests see it."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("opencombiner", "hil", "gateway", "emulator", "config", "drivers", "protocols")


def run(*command: str, folder: Path = ROOT, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end with `text` as its input."""
    return subprocess.run(  # noqa: S603 - every command stands in a test
        command, cwd=folder, input=text, capture_output=True, text=True, check=False
    )


def tool(name: str) -> str:
    """Return the path of a tool that is installed beside the interpreter."""
    return str(Path(sys.executable).with_name(name))


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Return the files that belong to the repository, those not yet committed too; all of them without a suffix."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    found = (ROOT / name for name in listed if name)
    return tuple(path for path in found if path.is_file() and (not suffixes or path.suffix in suffixes))


def sources() -> list[Path]:
    """Return the Python files of the product."""
    return [path for path in files(".py") if path.relative_to(ROOT).parts[0] in PACKAGES]


def tests() -> list[Path]:
    """Return the Python files of the tests."""
    return [path for path in files(".py") if path.relative_to(ROOT).parts[0] == "tests"]


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def name(path: Path) -> str:
    """Return a file's path as a reader of a failure wants it."""
    return path.relative_to(ROOT).as_posix()


def offenders(paths: Iterable[Path], find: Callable[[Path], object]) -> dict[str, object]:
    """Return what `find` finds in each file, leaving out the files where it finds nothing."""
    return {name(path): found for path in paths if (found := find(path))}
