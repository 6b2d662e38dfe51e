from protocols.modems.nrf24 import SEARCH_NODE, SEARCH_PREFIX, pipe_address, pipe_number
from tests.support.vectors import one


def test_a_pipe_address_is_the_node_turned_round() -> None:
    told = one("hoymiles", "nrf_address").decoded
    node = int(told["serial_tail"], 16)
    assert pipe_address(node).hex() == told["on_air_bytes"]
    assert pipe_number(node) == int(told["library_u64"], 16)
    assert pipe_address(node)[::-1].hex() == told["library_lsb_first_bytes"]


def test_a_search_has_an_address_of_its_own() -> None:
    assert pipe_address(SEARCH_NODE, SEARCH_PREFIX).hex() == "6464646402"
