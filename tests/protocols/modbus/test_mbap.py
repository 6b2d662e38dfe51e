"""ADUs for TCP: their header, and how they are cut out of a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import RemoteProtocolError
from protocols.modbus import mbap

READ = bytes.fromhex("0001 0000 0006 11 03 006B 0003")  # the specification's example


def test_the_specifications_example_reads() -> None:
    assert mbap.decode(READ) == (0x11, bytes.fromhex("03006B0003"))
    assert mbap.transaction(READ) == 1
    assert mbap.stamped(mbap.encode(0x11, bytes.fromhex("03006B0003")), 1) == READ


@pytest.mark.parametrize(
    "adu",
    [
        pytest.param("0001 0001 0006 11 03 006B 0003", id="another protocol"),
        pytest.param("0001 0000 0007 11 03 006B 0003", id="longer than it is"),
        pytest.param("0001 0000 0001 11", id="no PDU"),
        pytest.param("0001", id="no header"),
    ],
)
def test_what_is_no_adu_is_refused(adu: str) -> None:
    with pytest.raises(RemoteProtocolError, match="no ADU"):
        mbap.decode(bytes.fromhex(adu))


@given(st.lists(st.binary(min_size=1, max_size=253), max_size=5), st.integers(1, 300))
def test_adus_come_out_as_they_went_in_however_the_stream_is_cut(pdus: list[bytes], size: int) -> None:
    deframer, adus = mbap.Deframer(), [mbap.encode(7, pdu) for pdu in pdus]
    stream = b"".join(adus)
    assert [adu for at in range(0, len(stream), size) for adu in deframer.feed(stream[at : at + size])] == adus
    assert not deframer.broken


def test_after_a_header_that_is_none_nothing_more_comes() -> None:
    deframer = mbap.Deframer()
    assert deframer.feed(READ + b"HTTP/1.1 400" + READ) == [READ]
    assert deframer.broken
    assert deframer.feed(READ) == []
