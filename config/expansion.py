"""Loops and formulas of a scenario file worked out: one document becomes another, every value still knows its line.

A list item `{for: {name: values}, each: [items]}` becomes its items, once for each value; `values` is a list, or a
whole number n for 1 to n. Wherever a text holds `${…}`, the formula is worked out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.document import MAX_VALUES, Document
from config.findings import Finding, Loc, Mark
from config.formula import FormulaError, Scope, fill

_LOOP = {"for", "each"}
_HOW = "write {for: {name: [values]}, each: [items]}, with one name"


@dataclass(slots=True)
class _Expansion:
    """The new document as it grows."""

    source: Document
    values: dict[Loc, Mark] = field(default_factory=dict)
    keys: dict[Loc, Mark] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def take(self, data: Any, old: Loc, new: Loc, scope: Scope) -> Any:
        """Return the value at `old` of the source, which stands at `new` from now on."""
        mark = self.source.mark(old)
        if mark is not None:
            self.values[new] = mark
        match data:
            case dict():
                return self._mapping(data, old, new, scope)
            case list():
                return self._list(data, old, new, scope)
            case str():
                return self._text(data, old, new, scope)
            case _:
                return data

    def _mapping(self, data: dict[str, Any], old: Loc, new: Loc, scope: Scope) -> dict[str, Any]:
        for key in data:
            if (mark := self.source.keys.get((*old, key))) is not None:
                self.keys[*new, key] = mark
        return {key: self.take(value, (*old, key), (*new, key), scope) for key, value in data.items()}

    def _list(self, data: list[Any], old: Loc, new: Loc, scope: Scope) -> list[Any]:
        taken: list[Any] = []
        for item, loc, inner in self._items(data, old, scope):
            if len(self.values) >= MAX_VALUES:
                self._wrong(f"the loops make more than {MAX_VALUES} values", "let them run less often", loc, new)
                break
            taken.append(self.take(item, loc, (*new, len(taken)), inner))
        return taken

    def _items(self, data: list[Any], old: Loc, scope: Scope) -> Iterator[tuple[Any, Loc, Scope]]:
        """Yield the items of a list with their place and the names that they may use, loops unrolled."""
        for index, item in enumerate(data):
            loc = (*old, index)
            if not (isinstance(item, dict) and "for" in item):
                yield item, loc, scope
                continue
            loop = self._loop(item, loc, scope)
            if loop is not None:
                name, values = loop
                for value in values:
                    yield from self._items(item["each"], (*loc, "each"), {**scope, name: value})

    def _loop(self, item: dict[str, Any], loc: Loc, scope: Scope) -> tuple[str, list[Any]] | None:
        head = item["for"]
        if set(item) != _LOOP or not isinstance(head, dict) or len(head) != 1 or not isinstance(item["each"], list):
            self._wrong("the loop is incomplete", _HOW, loc, loc)
            return None
        ((name, values),) = head.items()
        try:
            return name, _values(values, scope)
        except (FormulaError, ValueError):
            self._wrong(f"{name} runs over nothing known", _HOW, (*loc, "for", name), (*loc, "for", name))
            return None

    def _text(self, text: str, old: Loc, new: Loc, scope: Scope) -> str:
        try:
            return fill(text, scope)
        except FormulaError as error:
            self._wrong(str(error), "correct the formula", old, new)
            return "0"

    def _wrong(self, problem: str, remedy: str, old: Loc, new: Loc) -> None:
        self.findings.append(Finding(problem=problem, remedy=remedy, loc=new, mark=self.source.mark(old)))


def _values(values: Any, scope: Scope) -> list[Any]:
    if isinstance(values, list):
        return [fill(str(value), scope) for value in values]
    most = int(fill(str(values), scope))
    if not 1 <= most <= MAX_VALUES:
        raise ValueError(most)
    return list(range(1, most + 1))


def expand(document: Document, scope: Mapping[str, Any]) -> Document:
    """Return a document without loops and formulas; raises AbsentError where the names in scope lack a setting."""
    made = _Expansion(document)
    data = made.take(document.data, (), (), scope)
    return Document(data, made.values, made.keys, (*document.findings, *made.findings))
