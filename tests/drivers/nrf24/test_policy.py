from itertools import islice

from drivers.nrf24.policy import ANSWER_PLACES, HOP_S, LISTEN_S, SEND_S, Hopping
from protocols.modems.nrf24 import CHANNELS
from protocols.vendors.hoymiles.conversation import CONTROL_S


def test_each_request_takes_the_next_channel() -> None:
    hopping = Hopping()
    assert [hopping.to_send() for _ in range(7)] == [3, 23, 40, 61, 75, 3, 23]


def test_listening_begins_where_the_answer_is_expected() -> None:
    hopping = Hopping()
    starts = [(hopping.to_send(), hopping.to_listen()) for _ in CHANNELS]
    assert starts == [(3, 61), (23, 75), (40, 3), (61, 23), (75, 40)]
    assert all((CHANNELS.index(heard) - CHANNELS.index(sent)) % 5 == ANSWER_PLACES for sent, heard in starts)


def test_all_channels_are_listened_on_in_turn() -> None:
    hopping = Hopping()
    hopping.to_send()
    assert [hopping.to_listen(), *islice(iter(hopping.hop, None), 5)] == [61, 75, 3, 23, 40, 61]


def test_the_slowest_answer_is_waited_for() -> None:
    assert LISTEN_S > CONTROL_S + SEND_S
    assert HOP_S * len(CHANNELS) < 0.045  # every channel twice before the earliest answer
