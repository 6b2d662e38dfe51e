import pytest

from protocols.framing.volatile import Volatile, masked

TIME = Volatile(b"\x15\x80", at=4, count=4)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("15800b00 11223344 0005", "15800b00 00000000 0005", id="a volatile field becomes zeros"),
        pytest.param("15800b00 1122", "15800b00 0000", id="a field that is cut off becomes zeros as far as it goes"),
        pytest.param("15800b", "15800b", id="a body that ends before the field stays"),
        pytest.param("15810b00 11223344", "15810b00 11223344", id="another request stays"),
        pytest.param("", "", id="nothing stays nothing"),
    ],
)
def test_what_is_volatile_is_masked(body: str, expected: str) -> None:
    assert masked(bytes.fromhex(body), [TIME]) == bytes.fromhex(expected)


def test_every_mask_that_fits_is_applied() -> None:
    assert masked(b"\x15\x80abc", [Volatile(b"\x15", 2, 1), Volatile(b"\x15\x80", 4, 1)]) == b"\x15\x80\0b\0"
