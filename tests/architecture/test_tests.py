"""The tests' own rules: each can fail, says what it expects, and repeats."""

import ast
from collections.abc import Callable, Iterator

import pytest

from tests.support import tree

Function = ast.FunctionDef | ast.AsyncFunctionDef
WORDLESS = ("TimeoutError", "asyncio.CancelledError")  # asyncio raises them without a text
MAY_MOCK = ("tests/drivers/", "tests/integration/")


def _calls(node: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call below `node` with the dotted name of what is called."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield call, ast.unparse(call.func)


def _judges(node: ast.AST) -> bool:
    """Tell whether something below `node` can fail on purpose."""
    if any(isinstance(each, ast.Assert) and not isinstance(each.test, ast.Constant) for each in ast.walk(node)):
        return True
    return any(
        name in ("pytest.raises", "pytest.warns") or name.rpartition(".")[2].startswith(("check_", "assert_"))
        for _, name in _calls(node)
    )


def _silent_tests(module: ast.Module) -> list[str]:
    """Return the tests that judge nothing, neither themselves nor by a function of their module that they use."""
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, Function)}

    def judges(name: str, seen: frozenset[str]) -> bool:
        if _judges(functions[name]):
            return True
        used = {each.id for each in ast.walk(functions[name]) if isinstance(each, ast.Name)} & functions.keys() - seen
        return any(judges(other, seen | used) for other in used)

    return [name for name in functions if name.startswith("test_") and not judges(name, frozenset({name}))]


def _unmatched_raises(module: ast.Module) -> list[int]:
    return [
        call.lineno
        for call, name in _calls(module)
        if name == "pytest.raises"
        and ast.unparse(call.args[0]) not in WORDLESS
        and not any(keyword.arg == "match" for keyword in call.keywords)
    ]


def _unseeded(module: ast.Module) -> list[int]:
    return [call.lineno for call, name in _calls(module) if name in ("Random", "random.Random") and not call.args]


def _mocks(module: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom) and "mock" in ast.unparse(node)
    ]


def test_every_test_judges_something() -> None:
    assert tree.offenders(tree.tests(), lambda path: _silent_tests(tree.parsed(path))) == {}


def test_every_expected_error_is_told_by_its_text() -> None:
    assert tree.offenders(tree.tests(), lambda path: _unmatched_raises(tree.parsed(path))) == {}


def test_every_generator_of_numbers_has_a_seed() -> None:
    judged = [path for path in tree.files(".py") if tree.name(path).startswith(("emulator/", "tests/"))]
    assert tree.offenders(judged, lambda path: _unseeded(tree.parsed(path))) == {}


def test_nothing_of_ours_is_mocked() -> None:
    judged = [path for path in tree.tests() if not tree.name(path).startswith(MAY_MOCK)]
    assert tree.offenders(judged, lambda path: _mocks(tree.parsed(path))) == {}


@pytest.mark.parametrize(
    ("find", "planted"),
    [
        pytest.param(_silent_tests, "def test_x(): run()", id="a test without an assertion"),
        pytest.param(_silent_tests, "def test_x(): assert True", id="a test that asserts a constant"),
        pytest.param(_silent_tests, "def go(): pass\ndef test_x(): go()", id="a test whose function judges nothing"),
        pytest.param(_unmatched_raises, "with pytest.raises(ValueError): go()", id="an expected error without a text"),
        pytest.param(_unseeded, "x = random.Random()", id="a generator without a seed"),
        pytest.param(_mocks, "from unittest.mock import Mock", id="a mock"),
    ],
)
def test_the_rules_catch(find: Callable[[ast.Module], list[object]], planted: str) -> None:
    assert len(find(ast.parse(planted))) == 1


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param("def test_x(): assert y", id="an assertion"),
        pytest.param("def test_x():\n  async def go(): assert y\n  run(go())", id="an assertion in an inner coroutine"),
        pytest.param("def go(): assert y\ndef test_x(): run(go)", id="an assertion in a function of the module"),
        pytest.param("def test_x():\n  with pytest.raises(E, match='x'): go()", id="an expected error"),
        pytest.param("def test_x(): check_all(y)", id="a shared check"),
    ],
)
def test_a_test_may_judge_by(planted: str) -> None:
    assert _silent_tests(ast.parse(planted)) == []
