from benchmarks import reference
from gateway.mqtt.payloads import INPUT_KEYS, STATE_KEYS
from protocols.modbus.rtu import encode
from protocols.vendors.atmoce import layout
from tests.support import tree

MOST_LINES = 120
RAW = (3, 1, 0, 60_000, 3000, 10, 2304, 130, 5001, 3420, 9000, 3090, 315, 1_000_000, 50, 2, 0, 1000, 0)


def test_the_yardstick_stays_short() -> None:
    assert len((tree.ROOT / "benchmarks" / "reference.py").read_text().splitlines()) <= MOST_LINES


def test_it_reads_the_same_block() -> None:
    assert (reference.LIVE.size, reference.START) == (layout.LIVE.size, layout.LIVE_AT)


def test_it_says_the_same_keys() -> None:
    ac, dc = reference.states(RAW, {"ts": "", "seq": 1, "quality": "good"}, base_wh=999_000)
    assert set(ac) == set(STATE_KEYS)
    assert set(dc) == {*INPUT_KEYS, "e_source"}
    assert (ac["p_ac_w"], ac["state"], ac["e_day_wh"], dc["v_dc_v"]) == (300.0, "running", 1000, 34.2)


def test_it_knows_a_whole_frame() -> None:
    assert reference.crc16(encode(7, b"\x03\x02\x00\x01")) == 0
