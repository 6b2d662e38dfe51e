"""Paper time of messages."""

import pytest

from drivers.zigbee.settings import ZigbeeSettings
from drivers.zigbee.timing import GAP_S, MOST_DATA, RELAY_S, UNIT_S, exchange_s, frame_s, message_s, transaction_s

SETTINGS = ZigbeeSettings(url="mem://x")


def test_the_longest_frame_of_the_radio_takes_what_the_standard_says() -> None:
    """133 bytes with preamble take 4.256 ms; access, acknowledgement and silence come on top."""
    on_air_s = 133 * 32e-6
    assert frame_s(MOST_DATA) == pytest.approx(on_air_s + 1.44e-3 + 0.544e-3 + 0.64e-3)


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_a_message_takes_each_hop_and_each_relays_own_time(hops: int) -> None:
    assert message_s(60, hops) == pytest.approx(hops * frame_s(60) + (hops - 1) * RELAY_S)


def test_what_does_not_fit_goes_in_fragments_with_an_acknowledgement_each() -> None:
    assert message_s(100, 1) == pytest.approx(frame_s(100))
    assert message_s(105, 1) == pytest.approx(2 * (frame_s(53 + 3) + frame_s(0)))


def test_a_slower_uart_costs_its_bytes() -> None:
    slow = ZigbeeSettings(url="mem://x", baud=57_600)
    bits = 10 * (19 + 16 + 94 + 25)
    assert exchange_s(slow, 27, (102,)) - exchange_s(SETTINGS, 27, (102,)) == pytest.approx(bits / 115_200)


def test_a_transaction_has_the_units_own_time_and_a_gap_and_one_without_an_answer_no_unit() -> None:
    assert transaction_s(SETTINGS, 27, (102,)) == pytest.approx(exchange_s(SETTINGS, 27, (102,)) + UNIT_S + GAP_S)
    assert transaction_s(SETTINGS, 27, ()) == pytest.approx(exchange_s(SETTINGS, 27, ()) + GAP_S)
