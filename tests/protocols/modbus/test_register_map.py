import pytest

from protocols.modbus.register_map import Block, read

BLOCKS = (
    Block(20, 2, lambda now: bytes((20, int(now), 21, int(now)))),
    Block(10, 3, lambda _: bytes((0, 10, 0, 11, 0, 12))),
    Block(13, 1, lambda _: bytes((0, 13))),
    Block(0xFFFF, 1, lambda _: b"\xff\xff"),
)


@pytest.mark.parametrize(
    ("start", "count", "data"),
    [
        pytest.param(10, 3, "000a 000b 000c", id="a whole block"),
        pytest.param(11, 1, "000b", id="a part in the middle"),
        pytest.param(12, 1, "000c", id="the end of a block"),
        pytest.param(11, 3, "000b 000c 000d", id="across blocks that touch"),
        pytest.param(13, 1, "000d", id="a block of one register"),
        pytest.param(20, 2, "1407 1507", id="made at the time of the read"),
        pytest.param(0xFFFF, 1, "ffff", id="the last register of all"),
    ],
)
def test_registers_are_read(start: int, count: int, data: str) -> None:
    assert read(BLOCKS, start, count, 7.0) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("start", "count"),
    [(9, 1), (9, 2), (14, 1), (13, 2), (12, 9), (22, 1), (21, 2), (0, 125), (0xFFFF, 2)],
)
def test_a_register_that_does_not_exist_spoils_the_read(start: int, count: int) -> None:
    assert read(BLOCKS, start, count, 0.0) is None
