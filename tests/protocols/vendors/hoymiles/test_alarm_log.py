import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import RemoteProtocolError
from protocols.vendors.hoymiles.alarm_log import AlarmEntry, clock_moved_s, pack, pack_entry, unpack, unpack_entry
from tests.support.vectors import one

seconds = st.integers(0, 86_399)
codes = st.integers(0, 0x0FFF)
words = st.integers(0, 0xFFFF)


def test_a_code_of_twelve_bits_and_whole_times() -> None:
    entry = unpack_entry(one("hoymiles", "alarm_record_hmt2250_308").raw)
    assert (entry.code, entry.start_s, entry.end_s, entry.standing) == (308, 27_262, 60_276, False)


@pytest.mark.parametrize(
    ("raw", "start_s", "end_s", "standing"),
    [
        pytest.param("008d 0001 0064 0000", 100, None, True, id="standing since the morning"),
        pytest.param("208d 0001 0064 0000", 43_300, None, True, id="standing since the afternoon"),
        pytest.param("308d 0001 0064 00c8", 43_300, 43_400, False, id="over in the afternoon"),
        pytest.param("108d 0001 0064 0000", 100, 43_200, False, id="over at noon"),
        pytest.param("8001 0001 0000 0000", 0, 0, False, id="momentary at midnight"),
    ],
)
def test_times_of_the_half_day(raw: str, start_s: int, end_s: int | None, standing: bool) -> None:  # noqa: FBT001 - a row
    entry = unpack_entry(bytes.fromhex(raw) + bytes(4))
    assert (entry.start_s, entry.end_s, entry.standing) == (start_s, end_s, standing)


@given(codes, words, seconds, st.one_of(st.none(), st.integers(1, 86_399)), words, words)
def test_a_record_survives_the_wire(
    code: int, number: int, start_s: int, end_s: int | None, data1: int, data2: int
) -> None:
    entry = AlarmEntry(code, number, start_s, end_s, data1, data2)
    read = unpack_entry(pack_entry(entry))
    assert read == AlarmEntry(code, number, start_s, end_s, data1, data2, word=read.word)


def test_the_captured_log_is_written_again() -> None:
    told = one("hoymiles", "sim_alarm_2")
    assert pack(unpack(told.raw)) == told.raw


@pytest.mark.parametrize(
    ("raw", "moved_s"), [("80020002a6c9a6c9653e4721", 0x653E4721), ("80020002a6c9a6c9fffff1f0", -3600)]
)
def test_the_clock_was_moved(raw: str, moved_s: int) -> None:
    assert clock_moved_s(unpack_entry(bytes.fromhex(raw))) == moved_s


@pytest.mark.parametrize("size", [0, 1, 13, 15, 2 + 16 * 12])
def test_another_length_is_no_log(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match="an alarm log of"):
        unpack(bytes(size))


def test_an_empty_log_is_empty() -> None:
    assert unpack(pack(())) == ()
