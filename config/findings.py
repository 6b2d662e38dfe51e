"""What is wrong with a site file, where, and what helps."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from protocols.errors import ConfigError

MAX_SHOWN = 20  # more lines than this fill a screen, and the first ones cause most of the rest
MAX_QUOTED = 60  # of a text out of the file

Loc: TypeAlias = tuple[str | int, ...]


class Severity(Enum):
    """Whether the site file is refused."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A position in the file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong at the setting `loc`; `mark` None: of the file as a whole."""

    problem: str
    remedy: str
    loc: Loc = ()
    mark: Mark | None = None
    severity: Severity = Severity.ERROR

    def text(self, path: Path) -> str:
        """Return the one line that a user reads."""
        place = f"{path}" if self.mark is None else f"{path}:{self.mark.line}:{self.mark.column}"
        kind = "warning: " if self.severity is Severity.WARNING else ""
        subject = f"{setting(self.loc)}: " if self.loc else ""
        return f"{place}: {kind}{subject}{self.problem}; {self.remedy}"


class SiteRefusedError(ConfigError):
    """A site file with errors; its text has one line for each."""

    def __init__(self, path: Path, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [finding.text(path) for finding in self.findings[:MAX_SHOWN]]
        if more := len(self.findings) - len(lines):
            lines.append(f"{path}: {more} more; correct these first")
        super().__init__("\n".join(lines))


def setting(loc: Loc) -> str:
    """Return the path of a setting as a user writes it: gateways[0].link.url."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{_word(part)}" for part in loc).lstrip(".")


def _word(key: str) -> str:
    """Return a key out of the file, made harmless where it is no usual one."""
    return key if key.isprintable() and len(key) <= MAX_QUOTED else quoted(key)


def quoted(value: object) -> str:
    """Return a text out of the file, short and without control characters, for a line on a terminal."""
    text = str(value)
    return repr(text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…")


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by their place in the file; what concerns the file as a whole comes first."""
    return tuple(sorted(findings, key=lambda finding: finding.mark or Mark(0, 0)))
