"""No parser without a fuzz target: whatever takes bytes or texts from outside is found by its name and its form."""

import ast
import re
from collections.abc import Iterator

import pytest

from protocols.registry import vendor, vendor_names
from tests.fuzz.found import module_of
from tests.fuzz.targets import every_target
from tests.support import tree

TARGETS = every_target()
COVERED = {covered for target in TARGETS.values() for covered in target.covers}
_NAMES = re.compile(r"^(decode|parse|unpack|load|read|identify|items|feed|take|taken|hear|received|deliver)(_|$)")
_OUTSIDE = re.compile(r"\b(bytes|bytearray|Path|str|Message|JournalRow|AlarmRow|Packet)\b")
# What has the name of a parser and is none, or is driven by each vendor's own targets.
REASONS = {
    "config.loader:load_packaged": "reads what comes with the package",
    "drivers.capture:Recorder.take": "writes bytes as they are",
    "gateway.fleet.receiver:Receiver.hear": "hands what it gets to the vendor's `hear`",
    "protocols.unasked:Unasked.received": "takes nothing of it",
    "protocols.sunspec.client:_Impossible.received": "takes nothing of it",
    "gateway.telemetry.site:SiteState.read_back": "takes values that were decoded",
    "opencombiner.pairing:_Watched.received": "hands what it gets to the pairing that it watches",
    "opencombiner.cli:decode": "hands its arguments to opencombiner.decoding",
}
_DRIVEN = re.compile(  # by `conversations of`, `device of` and the kinds of a vendor, which unpack its rows
    r"^protocols\.vendors\.([\w.]+:\w+\.(received|answer)|\w+\.rows:\w+\.(read|unpack))$"
)


def _parsers(module: str, body: list[ast.stmt], owner: str = "") -> Iterator[str]:
    """Yield the parsers of a module; those that a protocol class only describes are none."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not any("Protocol" in ast.unparse(base) for base in node.bases):
            yield from _parsers(module, node.body, f"{node.name}.")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _NAMES.match(node.name) and _takes(node):
            yield f"{module}:{owner}{node.name}"


def _takes(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    abstract = isinstance(node.body[-1], ast.Raise) and "NotImplementedError" in ast.unparse(node.body[-1])
    texts = [ast.unparse(one.annotation) for one in given if one.annotation is not None]
    return not abstract and any(_OUTSIDE.search(text) for text in texts)


def _all_parsers() -> set[str]:
    return {name for path in tree.sources() for name in _parsers(module_of(path), tree.parsed(path).body)}


def test_every_parser_has_a_target() -> None:
    missing = {name for name in _all_parsers() - COVERED - REASONS.keys() if not _DRIVEN.match(name)}
    assert missing == set(), "name it in the `covers` of a target in tests/fuzz, or say in REASONS why it is no parser"


def test_what_targets_say_they_cover_is_there() -> None:
    there = {
        f"{module_of(path)}:{name}"
        for path in tree.sources()
        for node in tree.parsed(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        for name in (
            node.name,
            *(f"{node.name}.{each.name}" for each in getattr(node, "body", ()) if hasattr(each, "name")),
        )
    }
    assert (COVERED | REASONS.keys()) - there == set()


@pytest.mark.parametrize("name", vendor_names())
def test_every_kind_of_message_of_a_vendor_has_a_target(name: str) -> None:
    wanted = {f"kind {name} {kind.name}" for kind in vendor(name).kinds}
    assert wanted
    assert wanted | {f"conversations of {name}", f"device of {name}", f"kinds of {name}"} <= TARGETS.keys()


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param("def decode_frame(raw: bytes) -> int: ...", id="a function"),
        pytest.param("class Deframer:\n  def feed(self, chunk: bytes) -> None: ...", id="a deframer"),
        pytest.param("class Modem:\n  async def take(self, chunk: bytes) -> None: ...", id="a modem's reader"),
        pytest.param("def load_map(path: Path | None = None) -> int: ...", id="a loader"),
    ],
)
def test_a_new_parser_would_be_noticed(planted: str) -> None:
    assert len(list(_parsers("m", ast.parse(planted).body))) == 1


def test_what_only_describes_a_parser_is_none() -> None:
    assert (
        list(_parsers("m", ast.parse("class Cutter(Protocol):\n  def feed(self, data: bytes) -> int: ...").body)) == []
    )
