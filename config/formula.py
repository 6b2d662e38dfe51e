"""Small formulas in scenario files: `${trip.hv[1].v + 2}`. Parsed and walked here; nothing of Python is run.

Numbers, the names in scope, `a.b` and `a[n]` counted from 1, as grid profiles and alarm records number their stages;
+ - * / and comparisons; the functions min, max, abs and those in scope.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from protocols.errors import ConfigError

MAX_LENGTH = 200  # characters: a stage, a tolerance and a factor take 60
Scope: TypeAlias = Mapping[str, Any]

_PLACE = re.compile(r"\$\{([^{}]*)\}")
_FUNCTIONS: Scope = {"min": min, "max": max, "abs": abs}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class FormulaError(ConfigError):
    """A formula that means nothing."""


class AbsentError(ConfigError):
    """A formula names a setting that this grid profile or model does not have: the scenario does not apply."""


def has_formula(text: str) -> bool:
    """Tell whether a text holds a formula."""
    return "${" in text


def fill(text: str, scope: Scope) -> str:
    """Return a text with its formulas worked out. Raises FormulaError, AbsentError."""
    filled = _PLACE.sub(lambda found: written(value_of(found[1], scope)), text)
    if has_formula(filled):
        raise FormulaError(f"{text[:MAX_LENGTH]!r} has a formula without an end")
    return filled


def written(value: object) -> str:
    """Return a value as a scenario file has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value:.12g}"
        case str():
            return value
        case _:
            raise FormulaError(f"{type(value).__name__} is no number and no text")


def value_of(text: str, scope: Scope) -> object:
    """Return what a formula comes to. Raises FormulaError, AbsentError."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"the formula is longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"{text!r} is no formula") from None
    try:
        return _walk(tree.body, scope)
    except ZeroDivisionError:
        raise FormulaError(f"{text!r} divides by zero") from None
    except (TypeError, OverflowError):
        raise FormulaError(f"{text!r} reckons with something that is no number") from None


def _walk(node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.Constant(value=int() | float() | str() as value):
            return value
        case ast.Name(id=name):
            return _named(name, scope)
        case ast.Attribute(value=inner, attr=name):
            return _member(_walk(inner, scope), name)
        case ast.Subscript(value=inner, slice=index):
            return _item(_walk(inner, scope), _walk(index, scope))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _function(name, scope)(*(_number(_walk(each, scope)) for each in args))
        case _:
            return _reckon(node, scope)


def _reckon(node: ast.expr, scope: Scope) -> Any:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(_walk(operand, scope))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_number(_walk(left, scope)), _number(_walk(right, scope)))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return _COMPARISONS[type(op)](*_comparable(_walk(left, scope), _walk(right, scope)))
        case ast.BoolOp(op=op, values=values):
            judged = (bool(_walk(each, scope)) for each in values)
            return all(judged) if isinstance(op, ast.And) else any(judged)
        case _:
            raise FormulaError(f"{ast.unparse(node)!r} is not allowed; use numbers, names, + - * / and comparisons")


def _number(value: object) -> float:
    """Return a number, also one that a parameter holds as text."""
    if isinstance(value, int | float):
        return value
    try:
        return float(str(value))
    except ValueError:
        raise FormulaError(f"{str(value)[:MAX_LENGTH]!r} is no number") from None


def _comparable(left: object, right: object) -> tuple[object, object]:
    """Return two values as numbers if both are numbers, else as texts."""
    try:
        return _number(left), _number(right)
    except FormulaError:
        return str(left), str(right)


def _named(name: str, scope: Scope) -> Any:
    if name not in scope:
        raise FormulaError(f"there is no {name!r} here; known: {', '.join(sorted(scope))}")
    return scope[name]


def _function(name: str, scope: Scope) -> Callable[..., Any]:
    found = _FUNCTIONS[name] if name in _FUNCTIONS else _named(name, scope)
    if not callable(found):
        raise FormulaError(f"{name!r} is no function")
    made: Callable[..., Any] = found
    return made


def _member(whole: object, name: str) -> Any:
    known = _members(whole)
    if name not in known:
        raise FormulaError(f"there is no {name!r} here; known: {', '.join(sorted(known)) or 'nothing'}")
    value = getattr(whole, name)
    if value is None:
        raise AbsentError(f"there is no {name}")
    return value


def _members(whole: object) -> set[str]:
    if isinstance(whole, BaseModel):
        return set(type(whole).model_fields)
    return {field.name for field in fields(whole)} if is_dataclass(whole) else set()


def _item(whole: object, index: object) -> Any:
    place = _number(index)
    if not isinstance(whole, tuple) or place < 1 or place != int(place):
        raise FormulaError(f"[{index}] needs a list before it, and a whole number from 1 on")
    if place > len(whole):
        raise AbsentError(f"there is no stage {place:g}")
    return whole[int(place) - 1]
