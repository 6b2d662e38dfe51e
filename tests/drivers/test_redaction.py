"""Other serials in the bytes of a link."""

import pytest

from drivers.pcapng import Interface, Packet
from drivers.plc.framing import framing
from drivers.plc.settings import PlcSettings
from drivers.redaction import Mask, Way, redacted
from drivers.serial_bridge import framing as bridge
from drivers.serial_bridge.settings import BridgeSettings
from protocols.framing.crc import crc16_modbus
from protocols.modbus import rtu
from protocols.modems import radio_bridge, radio_frame, st7580
from protocols.modems.radio_frame import RadioFrame
from protocols.modems.st7580 import Frame

OLD, NEW = b"400E2400003", b"400E0000001"
MASK = Mask({OLD: NEW, b"400E2400004": b"400E0000002"})
LINK = Interface("gw", 10**9, 0)
ANSWER = rtu.encode(3, bytes((3, 12)) + OLD + b"\0")  # registers that hold a serial


def _way(modem: str = "transparent") -> Way:
    return Way(framing(PlcSettings(url="mem://x", modem="st7580" if modem == "st7580" else "transparent")), rtu.reseal)


def _redacted(*pieces: bytes, way: Way | None = None, inbound: bool = True) -> list[bytes]:
    packets = [Packet(LINK, at, inbound, piece) for at, piece in enumerate(pieces)]
    return [packet.data for packet in redacted(packets, way or _way(), MASK)]


@pytest.mark.parametrize(
    ("data", "masked"),
    [
        pytest.param(b"..400E2400003..", b"..400E0000001..", id="a serial"),
        pytest.param(b"400E2400004400E2400003", b"400E0000002400E0000001", id="two, side by side"),
        pytest.param(
            b"400E24x0003", b"400E00x0001"[:6] + bytes([ord("x") ^ ord("0") ^ ord("0")]) + b"0001", id="damaged"
        ),
        pytest.param(b"401F2400003", b"401F0000001", id="two damaged bytes in one half"),
        pytest.param(b"x00E2xx0003", b"x00E2xx0003", id="too far from any"),
        pytest.param(b"400E", b"400E", id="a part of one"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_what_is_masked(data: bytes, masked: bytes) -> None:
    assert MASK.over(data) == masked


def test_nothing_to_mask_changes_nothing() -> None:
    assert Mask({}).over(b"400E2400003") == b"400E2400003"


def test_short_spellings_are_known_whole_alone() -> None:
    mask = Mask({b"\x11\x22\x33\x44": b"\x11\x22\x00\x01"})
    assert mask.over(b"\x11\x22\x33\x44\x11\x22\x33\x45") == b"\x11\x22\x00\x01\x11\x22\x33\x45"


def test_a_frame_in_pieces_with_noise_around_it_gets_its_checksum() -> None:
    pieces = (b"\xff\x00", ANSWER[:7], ANSWER[7:], b"\x55")
    new = _redacted(*pieces)
    assert [len(piece) for piece in new] == [len(piece) for piece in pieces]
    whole = b"".join(new[1:3])
    assert rtu.decode(whole)[1][2:13] == NEW
    assert (new[0], new[3]) == (pieces[0], pieces[3])


def test_a_damaged_frame_stays_damaged() -> None:
    damaged = ANSWER[:-1] + bytes((ANSWER[-1] ^ 1,))
    [new] = _redacted(damaged)
    assert NEW in new
    assert crc16_modbus(new) != 0


def test_frames_without_a_serial_stay_as_they_are() -> None:
    other = rtu.encode(3, bytes((3, 2, 1, 2)))
    assert _redacted(other, ANSWER)[0] == other


def test_both_checksums_of_a_host_frame_are_put_right() -> None:
    indication = st7580.encode(st7580.indication(ANSWER))
    repeated = st7580.encode(st7580.data_request(ANSWER, 0x44), repeated=True)
    heard, sent = _redacted(indication, repeated, way=_way("st7580"))
    for raw in (heard, sent):
        [frame] = st7580.Deframer().feed(raw)
        assert isinstance(frame, Frame)
        assert rtu.decode(st7580.payload_of(frame))[1][2:13] == NEW
    assert (heard[0], sent[0]) == (st7580.STX, st7580.STX_REPEATED)


def test_what_a_host_frame_carries_damaged_stays_damaged_inside() -> None:
    [new] = _redacted(st7580.encode(st7580.indication(ANSWER[:-1])), way=_way("st7580"))
    [frame] = st7580.Deframer().feed(new)
    assert isinstance(frame, Frame)
    assert st7580.payload_of(frame)[3:14] == NEW


def test_two_directions_and_two_openings_are_not_put_together() -> None:
    packets = [
        Packet(LINK, 0, True, OLD[:6]),
        Packet(LINK, 1, False, OLD[6:]),
        Packet(LINK, 2, True, b""),
        Packet(LINK, 3, True, OLD[6:]),
    ]
    assert [packet.data for packet in redacted(packets, _way(), MASK)] == [packet.data for packet in packets]


def test_a_find_of_frames_names_them_as_they_stand() -> None:
    assert framing(PlcSettings(url="mem://x"))().feed(b"\xff" + ANSWER + ANSWER) == [ANSWER, ANSWER]


RADIO_OLD, RADIO_NEW = bytes.fromhex("7e2f7d43"), bytes.fromhex("00000001")
RADIO = Way(bridge.framing(BridgeSettings(url="mem://x", radio="nrf24")), radio_frame.reseal)


def _radio(address: bytes) -> bytes:
    frame = RadioFrame(0x95, int.from_bytes(address, "big"), 0x72220143, 0x81, bytes(range(16)))
    return radio_bridge.encode(frame.encode(), stuffed=True)


@pytest.mark.parametrize("cut", range(1, 30, 4))
def test_a_frame_that_shrinks_is_cut_where_it_was(cut: int) -> None:
    whole = _radio(RADIO_OLD)
    pieces = (b"\x7f", whole[:cut], whole[cut:], _radio(RADIO_OLD))
    packets = [Packet(LINK, at, True, piece) for at, piece in enumerate(pieces)]
    new = [packet.data for packet in redacted(packets, RADIO, Mask({RADIO_OLD: RADIO_NEW}))]
    assert new[0] == pieces[0]
    assert b"".join(new[1:-1]) == new[-1] == _radio(RADIO_NEW)
    assert len(whole) == len(new[-1]) + 2
    assert new[1] == _radio(RADIO_NEW)[:cut]


def test_a_packet_of_which_nothing_is_left_falls_away() -> None:
    whole = _radio(RADIO_OLD)
    packets = [Packet(LINK, at, True, piece) for at, piece in enumerate((whole[:-1], whole[-1:], b"", whole))]
    new = redacted(packets, RADIO, Mask({RADIO_OLD: RADIO_NEW}))
    assert [(packet.at_ns, packet.data) for packet in new] == [(0, _radio(RADIO_NEW)), (2, b""), (3, _radio(RADIO_NEW))]
