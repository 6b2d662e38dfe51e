"""Short files, short functions: what does not fit in the head gets taken apart."""

import ast
from statistics import median

from tests.support import tree

MAX_FILE_LINES = 400
MEDIAN_FILE_LINES = 120
MEDIAN_FUNCTION_LINES = 10


def _lines() -> dict[str, int]:
    return {tree.name(path): len(path.read_text().splitlines()) for path in tree.files(".py")}


def _function_lines() -> list[int]:
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in tree.sources()
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_file_is_longer_than_the_cap() -> None:
    assert {name: lines for name, lines in _lines().items() if lines > MAX_FILE_LINES} == {}


def test_the_usual_source_file_is_short() -> None:
    lengths = [lines for path in tree.sources() if (lines := _lines()[tree.name(path)]) > 1]  # package markers aside
    assert median(lengths) <= MEDIAN_FILE_LINES


def test_the_usual_function_is_short() -> None:
    assert median(_function_lines()) < MEDIAN_FUNCTION_LINES
