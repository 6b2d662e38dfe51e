"""A YAML file as plain data whose every value knows its place.

Plain scalars stay texts: only the setting that a text is for knows what it means, and a serial such as 1410E12345 or
000123 must not turn into a number on the way.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import yaml
from yaml.composer import Composer

from config.findings import Finding, Loc, Mark, SiteRefusedError, quoted

MAX_BYTES = 1 << 20  # a thousand inverters with a module each take a fifth of it
MAX_DEPTH = 20  # the site file needs 9 levels
MAX_VALUES = 50_000  # an alias repeats a value; repeated often enough, a short file would fill the memory

_Data: TypeAlias = str | list[Any] | dict[str, Any] | None
_NULL = "tag:yaml.org,2002:null"
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "timestamp", "str", "value", "merge", "map", "seq")
)


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and where in the file each value and each key stands."""

    data: _Data
    values: Mapping[Loc, Mark]
    keys: Mapping[Loc, Mark]
    findings: tuple[Finding, ...] = ()

    def mark(self, loc: Loc) -> Mark | None:
        """Return the place of a value, else of the nearest section around it."""
        while loc and loc not in self.values:
            loc = loc[:-1]
        return self.values.get(loc)


def read(path: Path) -> Document:
    """Return the content of a YAML file; raises SiteRefusedError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror}", "give the path of a site file that you may read")
    if len(raw) > MAX_BYTES:
        _refuse(path, f"is larger than {MAX_BYTES} bytes", "give a site file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        _refuse(path, f"byte 0x{raw[error.start]:02x} is no UTF-8", "save the file as UTF-8", Mark(line, column))
    return parse(path, text)


def parse(path: Path, text: str) -> Document:
    """Return the content of a YAML text; raises SiteRefusedError in the name of `path`."""
    try:
        root = _compose(text)
        if root is None:
            _refuse(path, "is empty", "describe the plant in it")
        walk = _Walk()
        data = walk.plain(root, ())
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        _refuse(path, f"character U+{error.character:04X} is not allowed in YAML", "remove it", Mark(line, 1))
    except yaml.MarkedYAMLError as error:
        _refuse(path, *_syntax(error, text))
    return Document(data, walk.values, walk.keys, tuple(walk.findings))


def _refuse(path: Path, problem: str, remedy: str, mark: Mark | None = None) -> NoReturn:
    raise SiteRefusedError(path, (Finding(problem=problem, remedy=remedy, mark=mark),)) from None


def _compose(text: str) -> yaml.Node | None:
    """Return the root of a text. libyaml is eight times as fast; what it refuses is left to PyYAML, for its words."""
    if yaml.__with_libyaml__:
        with suppress(yaml.YAMLError):
            return _root(_LibyamlComposer(text))
    return _root(_PythonComposer(text))


def _root(loader: "_PythonComposer | _LibyamlComposer") -> yaml.Node | None:
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


class _Bounded(Composer):
    """PyYAML's composer, which recurses, with a bound on its depth."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if parent is not None and self._depth > MAX_DEPTH:
            raise _TooMuchError(f"more than {MAX_DEPTH} levels", parent.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _PythonComposer(_Bounded, yaml.SafeLoader):
    """Scans in Python."""


if yaml.__with_libyaml__:

    class _LibyamlComposer(_Bounded, yaml.CSafeLoader):
        """Scans in C."""

        def __init__(self, text: str) -> None:
            yaml.CSafeLoader.__init__(self, text)
            Composer.__init__(self)


class _TooMuchError(yaml.MarkedYAMLError):
    """Input that is larger than any site."""

    def __init__(self, problem: str, mark: yaml.Mark) -> None:
        super().__init__(problem=problem, problem_mark=mark)


@dataclass(slots=True)
class _Walk:
    """Turns nodes into plain data and notes where each stands."""

    values: dict[Loc, Mark] = field(default_factory=dict)
    keys: dict[Loc, Mark] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def plain(self, node: yaml.Node, loc: Loc) -> _Data:
        if len(loc) > MAX_DEPTH or len(self.values) >= MAX_VALUES:  # an alias may hold itself
            raise _TooMuchError(f"more than {MAX_DEPTH} levels or {MAX_VALUES} values", node.start_mark)
        self.values[loc] = _mark(node.start_mark)
        if node.tag not in _TAGS:
            self._wrong(loc, node, f"the tag {quoted(node.tag)} means nothing here", "remove it")
        match node:
            case yaml.SequenceNode():
                return [self.plain(child, (*loc, index)) for index, child in enumerate(node.value)]
            case yaml.MappingNode():
                return self._mapping(node, loc)
            case _:
                return None if node.tag == _NULL else str(node.value)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                self._wrong(loc, key_node, "a key must be a single word", "write `key: value`")
                continue
            here = (*loc, key)
            if key in data:
                line = self.keys[here].line
                self._wrong(loc, key_node, f"{quoted(key)} stands here twice, first in line {line}", "keep one of them")
                continue
            self.keys[here] = _mark(key_node.start_mark)
            data[key] = self.plain(value_node, here)
        return data

    def _wrong(self, loc: Loc, node: yaml.Node, problem: str, remedy: str) -> None:
        self.findings.append(Finding(problem=problem, remedy=remedy, loc=loc, mark=_mark(node.start_mark)))


def _mark(mark: yaml.Mark) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


_REMEDIES = {
    "more than": "give a site file",
    "mapping values are not allowed": "put a text that contains a colon in quotes; check the indentation",
    "found another document": "keep one document, without a line `---`",
    "found undefined alias": "define the anchor before it",
    "found duplicate anchor": "give each anchor a name of its own",
}


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str, Mark | None]:
    """Return PyYAML's complaint in our form."""
    problem, at = (error.problem or "").removeprefix("but "), error.problem_mark
    if at is not None and "\t" in text.split("\n")[at.line][: at.column + 1]:
        return "a tab stands in the indentation", "indent with blanks", _mark(at)
    remedy = next((text for start, text in _REMEDIES.items() if problem.startswith(start)), None)
    remedy = remedy or "check the indentation, brackets and quotes here and in the line before"
    return f"no YAML: {problem}", remedy, None if at is None else _mark(at)
