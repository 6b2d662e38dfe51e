"""`make fuzz`: drive every parser with broken inputs for as long as is wanted; on a failure say how to replay it."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random, SystemRandom

import structlog
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.mutate import mutated
from tests.fuzz.target import FoundError, Target, accepts
from tests.fuzz.targets import every_target
from tests.support import tree

FAILURES = tree.ROOT / "fuzz-failures"
SLICE_S = 0.5  # for one target, then the next one's turn
_SHOWN = 2000  # hex digits of an input on the screen


def main(words: Sequence[str]) -> int:
    """Fuzz until the time is over; return the exit code."""
    asked = _asked(words)
    targets = [target for name, target in every_target().items() if asked.target in name]
    if not targets:
        sys.stderr.write("there is no such target; there are:\n  " + "\n  ".join(every_target()) + "\n")
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if asked.replay is not None:
        return _replayed(targets, asked.replay)
    return _fuzzed(targets, asked.seconds, asked.seed)


def _asked(words: Sequence[str]) -> argparse.Namespace:
    ask = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    ask.add_argument("--seconds", type=float, default=600.0, help="how long in all (600)")
    ask.add_argument("--target", default="", help="only targets with this in their name")
    ask.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32), help="what all inputs follow from")
    ask.add_argument("--replay", help="give one input, in hex or as the name of a file, and show what happens")
    return ask.parse_args(words)


def _replayed(targets: Sequence[Target], given: str) -> int:
    path = Path(given)
    data = path.read_bytes() if len(given) < 200 and path.is_file() else bytes.fromhex(given)
    for target in targets:
        sys.stdout.write(f"{target.name}: {'taken' if accepts(target, data) else 'refused as declared'}\n")
    return 0


def _fuzzed(targets: Sequence[Target], seconds: float, seed: int) -> int:
    sys.stdout.write(f"{len(targets)} targets, {seconds:g} s, seed {seed}\n")
    rngs = {target.name: Random(f"{seed}/{target.name}") for target in targets}
    tried = failed = 0
    begun = time.perf_counter()
    columns = (BarColumn(), TextColumn("{task.fields[tried]} inputs, {task.description}"), TimeRemainingColumn())
    with Progress(*columns, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=seconds, tried=0)
        while targets and (spent := time.perf_counter() - begun) < seconds:
            target = targets[0]
            bar.update(task, completed=spent, description=target.name, tried=tried)
            count, data = _sliced(target, rngs[target.name], min(SLICE_S, seconds - spent))
            tried += count
            targets = targets[1:] if data is not None else [*targets[1:], target]  # one failure of a target is enough
            if data is not None:
                failed += 1
                _report(target, data, seed)
    sys.stdout.write(f"{tried} inputs, {failed} targets failed\n")
    return int(failed > 0)


def _sliced(target: Target, rng: Random, seconds: float) -> tuple[int, bytes | None]:
    """Return how many inputs a target got, and the one that broke it."""
    until, count = time.perf_counter() + seconds, 0
    while count == 0 or time.perf_counter() < until:
        data = rng.choice(target.seeds) if rng.random() < 0.02 else mutated(rng, target.seeds)
        count += 1
        if _breaks(target, data):
            return count, _shortest(target, data)
    return count, None


def _breaks(target: Target, data: bytes) -> bool:
    try:
        accepts(target, data)
    except FoundError:
        return True
    return False


def _shortest(target: Target, data: bytes) -> bytes:
    """Return an input that breaks a target too, without the pieces that have no part in it."""
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            if _breaks(target, shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def _report(target: Target, data: bytes, seed: int) -> None:
    FAILURES.mkdir(exist_ok=True)
    path = FAILURES / f"{''.join(c if c.isalnum() else '-' for c in target.name)}-{seed}.bin"
    path.write_bytes(data)
    try:
        accepts(target, data)
    except FoundError as error:
        sys.stdout.write(f"\n{str(error).partition('; input ')[0]}\n")
    more = "…" if 2 * len(data) > _SHOWN else ""
    sys.stdout.write(f"  input   {data.hex()[:_SHOWN]}{more}\n")
    sys.stdout.write(f"  replay  make fuzz ARGS=\"--target '{target.name}' --replay {path.relative_to(tree.ROOT)}\"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
