"""What pydantic reports, in plain words and with the place in the file."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic_core import ErrorDetails

from config.document import Document
from config.findings import Finding, Loc, quoted
from config.grid_profile import PROFILE_ID
from config.section import FORMS, Section
from config.site import Site

_FORMS = {**FORMS, PROFILE_ID: "2 to 32 small letters, digits and _"}
# pydantic's type of error → problem, remedy; both may name the error's context
_WORDS = {
    "int_parsing": ("is no whole number", "write a whole number"),
    "int_type": ("is no whole number", "write a whole number"),
    "float_parsing": ("is no number", "write a number, as 4.5"),
    "float_type": ("is no number", "write a number, as 4.5"),
    "finite_number": ("is no finite number", "write a number, as 4.5"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "greater_than": ("is too small", "use more than {gt}"),
    "greater_than_equal": ("is too small", "use at least {ge}"),
    "less_than": ("is too large", "use less than {lt}"),
    "less_than_equal": ("is too large", "use at most {le}"),
    "literal_error": ("is not known here", "use {expected}"),
    "union_tag_invalid": ("is not known here", "use {expected_tags}"),
    "enum": ("is not known here", "use {expected}"),
    "string_type": ("is no text", "write one value behind the colon"),
    "ip_any_address": ("is no address", "write an IP address of this machine, as 192.168.1.5"),
    "path_type": ("is no path", "write one path behind the colon"),
    "tuple_type": ("is no list", "write lines that begin with a dash below it"),
    "model_attributes_type": ("is no section", "write `key: value` lines below it"),
    "model_type": ("is no section", "write `key: value` lines below it"),
}


def explain(errors: Iterable[ErrorDetails], document: Document, model: type[Section] = Site) -> list[Finding]:
    """Return a finding for each error that pydantic reported of the document, which is a `model`."""
    return [_explain(error, document, model) for error in errors if not _follows(error)]


def _follows(error: ErrorDetails) -> bool:
    """Tell whether an error only follows from others: a list is called too short when its entries are wrong."""
    return error["type"] == "too_short" and bool(error["input"])


def _explain(error: ErrorDetails, document: Document, model: type[Section]) -> Finding:
    loc, options = _place(error["loc"], model)
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(error["loc"], document, model)
        case "missing":
            return _missing(error["loc"], document, model)
        case "union_tag_not_found" if not isinstance(error["input"], Mapping):
            problem, remedy = _WORDS["model_attributes_type"]
            return Finding(
                problem=f"{_shown(error['input'])} {problem}", remedy=remedy, loc=loc, mark=document.mark(loc)
            )
        case "union_tag_not_found":
            return _missing((*error["loc"], options[0].told_apart_by), document, model)
        case "union_tag_invalid":
            loc = (*loc, options[0].told_apart_by)
            problem, remedy = _wrong_value(error | {"input": error["ctx"]["tag"]})
            return Finding(problem=problem, remedy=remedy, loc=loc, mark=document.mark(loc))
        case _:
            problem, remedy = _wrong_value(error)
            return Finding(problem=problem, remedy=remedy, loc=loc, mark=document.mark(loc))


def _unknown_key(path: Loc, document: Document, model: type[Section]) -> Finding:
    inner, options = _place(path[:-1], model)
    loc, key, known = (*inner, path[-1]), str(path[-1]), sorted(options[0].model_fields)
    if key == "password" and "password_file" in known:
        remedy = "a password never stands here: name a file by password_file, or a variable by password_env"
        return Finding(problem=f"unknown key {quoted(key)}", remedy=remedy, loc=loc[:-1], mark=document.keys.get(loc))
    near = get_close_matches(key, known, n=1)
    remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
    return Finding(problem=f"unknown key {quoted(key)}", remedy=remedy, loc=loc[:-1], mark=document.keys.get(loc))


def _missing(path: Loc, document: Document, model: type[Section]) -> Finding:
    inner, options = _place(path[:-1], model)
    loc: Loc = (*inner, path[-1])
    problem = "has no value" if loc in document.keys else "is missing"
    description = options[0].model_fields[str(loc[-1])].description
    remedy = f"add `{loc[-1]}: …`" + (f", {description}" if description else "")
    return Finding(problem=problem, remedy=remedy, loc=loc, mark=document.keys.get(loc) or document.mark(loc))


def _wrong_value(error: ErrorDetails) -> tuple[str, str]:
    context = error.get("ctx", {})
    match error["type"]:
        case "string_pattern_mismatch":
            form = _FORMS.get(context["pattern"], f"a text of the form {context['pattern']}")
            return f"{_shown(error['input'])} has the wrong form", f"write {form}"
        case "too_short":
            return "is empty", "list at least one"
        case "value_error":
            problem, _, remedy = str(context["error"]).partition("; ")
            return problem, remedy
        case kind if kind in _WORDS:
            problem, remedy = _WORDS[kind]
            return f"{_shown(error['input'])} {problem}", remedy.format_map(_plain(context))
        case _:
            return f"{_shown(error['input'])} is wrong", error["msg"]


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context with whole numbers as a user writes them: 90, not 90.0."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in context.items()
    }


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a section"
        case _:
            return quoted(value)


def _place(loc: Loc, model: type[Section]) -> tuple[Loc, Sequence[type[Section]]]:
    """Return a path without the tags in it, and the classes that the innermost section on it may have.

    Where a section is told apart from others, pydantic has its tag in the path behind it.
    """
    plain: list[str | int] = []
    options: Sequence[type[Section]] = [model]
    told = True
    for name in loc:
        tagged = [] if told else [option for option in options if name in option.tags()]
        if tagged:
            options, told = tagged, True
            continue
        plain.append(name)
        field = options[0].model_fields.get(str(name))
        sections = [] if field is None else _sections(field.annotation)
        if sections:
            options, told = sections, False
    return tuple(plain), options


def _sections(annotation: Any) -> list[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [section for part in get_args(annotation) for section in _sections(part)]
