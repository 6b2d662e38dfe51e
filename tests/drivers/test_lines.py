import pytest

from drivers.lines import MAX_LINE, Lines
from drivers.transport.memory import pipe
from protocols.errors import LinkDownError
from tests.support.virtual_time import run


def test_lines_come_whole_however_the_bytes_come() -> None:
    async def main() -> list[str]:
        ours, theirs = pipe()
        for piece in (b"VOLT?", b"\r\n*OPC", b"?\n\n"):
            await theirs.write(piece)
        lines = Lines(ours)
        return [await lines.read() for _ in range(3)]

    assert run(main()) == ["VOLT?", "*OPC?", ""]


def test_a_line_that_is_too_long_is_not_taken_though_it_ends() -> None:
    async def main() -> None:
        ours, theirs = pipe()
        await theirs.write(b"x" * (MAX_LINE + 1) + b"\n")
        await Lines(ours).read()

    with pytest.raises(LinkDownError, match=f"a line of more than {MAX_LINE} bytes"):
        run(main())


def test_a_line_that_never_ends_is_the_end_of_the_connection() -> None:
    async def main() -> None:
        ours, theirs = pipe()
        lines = Lines(ours)
        await theirs.write(b"x" * (MAX_LINE + 1))
        await lines.read()

    with pytest.raises(LinkDownError, match=f"a line of more than {MAX_LINE} bytes"):
        run(main())
