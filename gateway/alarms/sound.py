"""Whether what was read from the disk is what it is declared to be: a disk changes a letter now and then."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

MAX_NUMBER = 2.5e11  # of a float: as a time, s since 1970, it lies in the year 9892; no other number comes near
T = TypeVar("T")


def sound(value: T) -> T:
    """Return a dataclass whose fields hold what they declare, numbers of a sensible size; raises TypeError."""
    for field, form in _forms(type(value)).items():  # type: ignore[arg-type] # classes are hashable
        if not _fits(getattr(value, field), form):
            raise TypeError(f"{field} is {getattr(value, field)!r:.60}")
    return value


@cache  # as many as there are classes in the journal
def _forms(kind: type) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _fits(value: object, form: Any) -> bool:
    if isinstance(form, UnionType):
        return any(_fits(value, part) for part in get_args(form))
    if get_origin(form) is tuple:
        return isinstance(value, tuple) and _all_fit(value, get_args(form))
    if form is float:
        return type(value) in {int, float} and abs(value) <= MAX_NUMBER  # type: ignore[arg-type]
    if is_dataclass(form):
        return isinstance(value, form) and sound(value) is value  # type: ignore[arg-type]
    return type(value) is form


def _all_fit(values: tuple[object, ...], forms: tuple[Any, ...]) -> bool:
    if forms[-1] is Ellipsis:
        return all(_fits(value, forms[0]) for value in values)
    return len(values) == len(forms) and all(map(_fits, values, forms))
