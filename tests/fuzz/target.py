"""What a fuzz target is: a parser, the inputs that it knows, and the errors that it may raise."""

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_LINE = 4000  # characters of one line of an error: what came from outside is quoted short
MAX_LINES = 30
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # control characters: on a terminal they would act


class FoundError(AssertionError):
    """A parser broke its promise."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser of outside bytes; `run` raises nothing but `allowed`, and AssertionError when something grows.

    `covers` are the functions of the product that it drives, as `package.module:Class.method`. `seeds` are inputs of
    its kind, at least one of them in order unless `vague`. `cost`: how much longer than the usual one it takes.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    covers: tuple[str, ...] = ()
    allowed: tuple[type[Exception], ...] = ()
    cost: int = 1
    vague: bool = False


def accepts(target: Target, data: bytes) -> bool:
    """Tell whether a target takes an input without an error. Raises FoundError for an error that it must not raise."""
    try:
        target.run(data)
    except target.allowed as error:
        _judge_text(str(error))
        return False
    except Exception as error:
        raise FoundError(f"{target.name}: {type(error).__name__}: {str(error)[:500]}; input {data.hex()}") from error
    return True


def _judge_text(text: str) -> None:
    lines = text.split("\n")
    if len(lines) > MAX_LINES or max(map(len, lines)) > MAX_LINE:
        raise FoundError(f"an error text of {len(lines)} lines, {len(text)} characters: {text[:200]!r}")
    if unfit := _UNFIT.findall(text):
        raise FoundError(f"control characters {set(unfit)!r} in an error text: {text[:200]!r}")
