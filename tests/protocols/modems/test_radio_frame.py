import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems import radio_frame
from protocols.modems.radio_frame import RadioFrame, Region, decode
from tests.support.vectors import Vector, load

VECTORS = load("hoymiles")
RADIO = [(v, frame) for v in VECTORS if v.decoded["kind"].startswith("radio_") for frame in v.frames]
UART = [v for v in VECTORS if v.decoded["kind"] == "uart_frame"]
CHANGES = [v for v in VECTORS if v.decoded.get("channel") is not None]
octets = st.integers(0, 0xFF)
nodes = st.integers(0, 0xFFFF_FFFF)


@pytest.mark.parametrize(("vector", "frame"), RADIO, ids=[f"{v.name} {n}" for n, (v, _) in enumerate(RADIO)])
def test_a_captured_frame_is_read_and_made(vector: Vector, frame: bytes) -> None:
    assert vector.frames
    assert decode(frame).encode() == frame


@pytest.mark.parametrize("vector", UART, ids=lambda vector: vector.name)
def test_a_frame_of_the_uart_says_who_is_meant(vector: Vector) -> None:
    frame = decode(vector.raw[1:-1])
    told = vector.decoded
    assert (f"{frame.inverter:08x}", f"{frame.dtu:08x}", frame.index) == (told["addr1"], told["addr2"], told["idx"])
    assert frame.payload.hex() == told["body_hex"]


@given(octets, nodes, nodes, octets, st.binary(max_size=21))
def test_a_frame_survives_the_wire(main: int, inverter: int, dtu: int, index: int, payload: bytes) -> None:
    frame = RadioFrame(main, inverter, dtu, index, payload)
    assert decode(frame.encode()) == frame


def test_too_long_a_payload_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError, match="22 bytes of payload"):
        RadioFrame(0x15, 1, 2, 0x80, bytes(22)).encode()


@pytest.mark.parametrize(("size", "match"), [(0, "of 0 bytes"), (10, "of 10 bytes"), (33, "of 33 bytes")])
def test_another_length_is_no_frame(size: int, match: str) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        decode(bytes(size))


@pytest.mark.parametrize("vector", CHANGES, ids=lambda vector: vector.name)
def test_a_channel_change_is_the_captured_one(vector: Vector) -> None:
    raw = vector.raw if vector.raw[0] == 0x56 else vector.raw[1:-1]
    frame = decode(raw)
    assert len(CHANGES) == 8
    assert radio_frame.channel_of(frame) == vector.decoded["channel"]
    assert radio_frame.region_of(frame).mhz(vector.decoded["channel"]) == vector.decoded["frequency_MHz"]
    made = radio_frame.channel_change(
        frame.inverter,
        frame.dtu,
        Region.EU,
        vector.decoded["channel"],
        index=frame.index,
        crc16=len(frame.payload) == 6,
    )
    assert made == raw


def test_a_channel_change_is_acknowledged_as_captured() -> None:
    (reply,) = (v for v in UART if v.name == "uart_channel_change_reply_inv1")
    asked = decode(radio_frame.channel_change(0x83199047, 0x80164633, Region.EU, 0x20))
    assert radio_frame.channel_answer(asked) == reply.raw[1:-1]


@pytest.mark.parametrize(
    ("region", "boot_mhz", "work_mhz"), [(Region.EU, 868.0, 865.0), (Region.AMERICA, 915.0, 918.0)]
)
def test_a_region_has_its_channels(region: Region, boot_mhz: float, work_mhz: float) -> None:
    assert (region.mhz(region.boot), region.mhz(region.work)) == (boot_mhz, work_mhz)


@pytest.mark.parametrize(
    ("payload", "match"),
    [("1521", "no channel change"), ("15212015", "no channel change"), ("152120140000", "wrong CRC-16")],
)
def test_what_is_no_channel_change_is_refused(payload: str, match: str) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        radio_frame.channel_of(RadioFrame(0x56, 1, 2, 2, bytes.fromhex(payload)))


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="no region 9999"):
        radio_frame.region_of(RadioFrame(0x56, 1, 2, 2, bytes.fromhex("99992014")))


@pytest.mark.parametrize(("name", "dtu"), [("uart_rf_id_query_zero", 0), ("uart_rf_id_query_addr", 0x72818832)])
def test_the_module_is_asked_who_it_is(name: str, dtu: int) -> None:
    (vector,) = (v for v in UART if v.name == name)
    assert radio_frame.module_query(dtu) == vector.raw[1:-1]


def test_a_module_puts_the_dtu_s_address_in() -> None:
    uart = RadioFrame(0x15, 7, 7, 0x80, bytes(16)).encode()
    assert decode(radio_frame.readdressed(uart, 9)) == RadioFrame(0x15, 7, 9, 0x80, bytes(16))
