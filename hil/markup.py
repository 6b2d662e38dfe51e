"""Elements of HTML and SVG, built as a tree: nothing is escaped by hand."""

from typing import TypeAlias
from xml.etree import ElementTree as ET

Element: TypeAlias = "ET.Element[str]"
Child: TypeAlias = "Element | str | None"


def el(tag: str, *children: Child, **attributes: object) -> Element:
    """Return an element; of a name the last underscore falls away, an inner one is a hyphen, None is left out."""
    given = {
        name.rstrip("_").replace("_", "-"): _text(value) for name, value in attributes.items() if value is not None
    }
    made = ET.Element(tag, given)
    for child in children:
        if isinstance(child, str):
            _append_text(made, child)
        elif child is not None:
            made.append(child)
    return made


def printable(text: str) -> str:
    """Return a text without the control characters that no document may hold."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def _append_text(parent: Element, text: str) -> None:
    text = printable(text)
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _text(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else printable(str(value))


def html(root: Element) -> str:
    """Return a whole document as text."""
    return "<!doctype html>\n" + ET.tostring(root, encoding="unicode", method="html") + "\n"
