"""Inputs that are in order: the vectors, and the files that come with the product."""

import json
from functools import cache
from pathlib import Path

from config.packaged import packaged
from tests.support import tree

VECTORS = tree.ROOT / "tests" / "vectors"
DEEP = b"[" * 60_000  # a parser that recurses must not take the whole stack along
EMPTY = b""


@cache
def vectors(*names: str) -> tuple[bytes, ...]:
    """Return every frame and fragment of some vector files; of all files without a name."""
    paths = [VECTORS / f"{name}.json" for name in names] if names else sorted(VECTORS.glob("*.json"))
    return tuple(raw for path in paths if path.exists() for raw in _raws(path))


def _raws(path: Path) -> list[bytes]:
    rows = json.loads(path.read_text("utf-8"))
    texts = [row.get("hex", ()) for row in rows]
    return [bytes.fromhex(one) for text in texts for one in ([text] if isinstance(text, str) else text)]


@cache
def shipped(*names: str) -> tuple[bytes, ...]:
    """Return files that come with the product."""
    return tuple(packaged(name).read_bytes() for name in names)


def scenario_files() -> tuple[bytes, ...]:
    """Return the scenarios that come with the product."""
    return tuple(path.read_bytes() for path in sorted((tree.ROOT / "hil" / "scenarios").rglob("*.yaml")))


def captures() -> tuple[bytes, ...]:
    """Return the captures that tests replay."""
    return tuple(path.read_bytes() for path in sorted(VECTORS.glob("*.pcapng")))
