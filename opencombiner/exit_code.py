"""What the command's exit code says."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    INCONCLUSIVE = 4
    INTERRUPTED = 130


MEANING = {
    ExitCode.OK: "done, or stopped on request",
    ExitCode.FAILED: "failed while running, or a scenario failed",
    ExitCode.USAGE: "wrong arguments",
    ExitCode.REFUSED: "site file refused",
    ExitCode.INCONCLUSIVE: "a scenario came to no verdict",
    ExitCode.INTERRUPTED: "interrupted before it could stop in order",
}
EPILOG = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANING.items()) + "."
