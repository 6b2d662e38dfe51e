"""The oracle is python-pcapng, a library of other people."""

import io
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pcapng import FileScanner, FileWriter
from pcapng.blocks import EnhancedPacket, InterfaceDescription, SectionHeader

from drivers import pcapng
from drivers.pcapng import USER0, Interface, Packet, PcapngError

AT_NS = 1_782_043_200_123_456_789
RULER = "06000000 30000000 00000000 00000000 002f6859 04000000 04000000 01030a02 0200 0400 02000000 00000000 30000000"
HEAD = pcapng.section("test") + pcapng.interface("roof", "roof /dev/ttyUSB0")
datas = st.lists(st.tuples(st.binary(max_size=300), st.booleans(), st.integers(0, 2**64 - 1)), max_size=8)


def packets(raw: bytes) -> list[Packet]:
    return [item for item in pcapng.items(raw) if isinstance(item, Packet)]


def test_a_packet_has_the_bytes_that_the_form_prescribes() -> None:
    assert pcapng.packet(0, 1_500_000_000, bytes.fromhex("01030a02"), inbound=False) == bytes.fromhex(RULER)


@given(datas)
def test_what_is_written_is_read_again(rows: list[tuple[bytes, bool, int]]) -> None:
    raw = HEAD + b"".join(pcapng.packet(0, at_ns, data, inbound=inbound) for data, inbound, at_ns in rows)
    assert [(p.data, p.inbound, p.at_ns) for p in packets(raw)] == rows


@pytest.mark.filterwarnings("ignore:Field type should not:DeprecationWarning")  # the library's own
def test_another_library_reads_what_is_written() -> None:
    barn = pcapng.interface("barn", "barn pty:/tmp/barn")
    raw = (
        HEAD
        + barn
        + pcapng.packet(1, AT_NS, b"\x01\x83\x02", inbound=True)
        + pcapng.packet(0, AT_NS, b"", inbound=False)
    )
    section, roof, second, heard, sent = FileScanner(io.BytesIO(raw))
    assert section.options["shb_userappl"] == "test"
    assert [each.options["if_name"] for each in (roof, second)] == ["roof", "barn"]
    assert roof.options["if_description"] == "roof /dev/ttyUSB0"
    assert (roof.link_type, roof.snaplen) == (USER0, 0)
    assert (heard.interface_id, heard.packet_data, heard.packet_len) == (1, b"\x01\x83\x02", 3)
    assert (heard.timestamp_high << 32 | heard.timestamp_low, heard.timestamp_resolution) == (
        AT_NS,
        pytest.approx(1e-9),
    )
    assert [each.options["epb_flags"].inout for each in (heard, sent)] == ["inbound", "outbound"]


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
def test_what_another_library_writes_is_read(order: str) -> None:
    file = io.BytesIO()
    section = SectionHeader(endianness=order)
    link = section.new_member(InterfaceDescription, link_type=USER0, options={"if_name": "roof"})
    writer = FileWriter(file, section)
    for flags in (1, 2, 0):
        block: EnhancedPacket = section.new_member(EnhancedPacket, packet_data=b"abc", options={"epb_flags": flags})
        block.timestamp_high, block.timestamp_low = divmod(AT_NS // 1000, 1 << 32)
        writer.write_block(block)
    assert link.options["if_name"] == "roof"
    found = packets(file.getvalue())
    assert [(p.interface.name, p.data, p.inbound) for p in found] == [
        ("roof", b"abc", True),
        ("roof", b"abc", False),
        ("roof", b"abc", None),
    ]
    assert {p.at_ns for p in found} == {AT_NS // 1000 * 1000}  # microseconds, as without a word about it


def _link(*options: tuple[int, bytes]) -> bytes:
    body = pack("<HHI", USER0, 0, 0)
    for code, value in options:
        body += pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)
    return pack("<II", 1, 12 + len(body)) + body + pack("<I", 12 + len(body))


@pytest.mark.parametrize(
    ("options", "at_ns"),
    [
        pytest.param([(9, b"\x03")], 5_000_000, id="milliseconds"),
        pytest.param([(9, b"\x81")], 2_500_000_000, id="halves of a second"),
        pytest.param([(9, b"\x00"), (14, pack("<q", -2))], 3_000_000_000, id="seconds, and an offset"),
        pytest.param([], 5_000, id="microseconds when nothing is said"),
    ],
)
def test_stamps_are_read_in_their_resolution(options: list[tuple[int, bytes]], at_ns: int) -> None:
    raw = pcapng.section("x") + _link(*options) + pcapng.packet(0, 5, b"a", inbound=True)
    assert [p.at_ns for p in packets(raw)] == [at_ns]


def test_a_second_section_begins_with_links_of_its_own() -> None:
    other = pcapng.section("x") + pcapng.interface("barn", "") + pcapng.packet(0, 1, b"b", inbound=True)
    names = [item.name for item in pcapng.items(HEAD + other) if isinstance(item, Interface)]
    assert names == ["roof", "barn"]
    assert [p.interface.name for p in packets(HEAD + other)] == ["barn"]


@pytest.mark.parametrize("cut", range(1, 48), ids=lambda n: f"{n} bytes are missing")
def test_a_file_that_was_cut_off_is_read_up_to_there(cut: int) -> None:
    whole = HEAD + pcapng.packet(0, 1, b"abc", inbound=True)
    last = pcapng.packet(0, 2, b"defg", inbound=True)
    assert [p.data for p in packets((whole + last)[:-cut])] == [b"abc"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(b"", "no pcapng capture", id="an empty file"),
        pytest.param(b"\xd4\xc3\xb2\xa1" + bytes(20), "no pcapng capture", id="the older form"),
        pytest.param(HEAD[:8] + bytes(4) + HEAD[12:], "no known byte order", id="a section without its magic"),
        pytest.param(HEAD + bytes(12), "a block of 0 bytes", id="a block that says that it is empty"),
        pytest.param(HEAD + pcapng.packet(1, 1, b"", inbound=True), "on interface 1", id="a link that is not there"),
        pytest.param(HEAD + pack("<III", 6, 12, 12), "a packet block without its head", id="a packet without a head"),
        pytest.param(HEAD + pack("<III", 1, 12, 12), "an interface block without", id="an interface without a head"),
        pytest.param(pcapng.section("x") + _link((9, b"\x7f")), r"10\^-127 s", id="a resolution beyond reason"),
    ],
)
def test_what_is_no_capture_is_refused(raw: bytes, text: str) -> None:
    with pytest.raises(PcapngError, match=text):
        packets(raw)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_noise_is_refused_or_read_but_never_fails_otherwise(noise: bytes, at: int) -> None:
    raw = HEAD + pcapng.packet(0, 1, b"abc", inbound=True) + pcapng.packet(0, 2, b"defg", inbound=True)
    spoilt = raw[:at] + noise + raw[at + len(noise) :]
    try:
        found = packets(spoilt)
    except PcapngError:
        return
    assert sum(len(p.data) for p in found) <= len(spoilt)
