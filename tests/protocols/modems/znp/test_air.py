import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ConfigError, RemoteProtocolError
from protocols.modems.znp.air import MAX_DATA, OVERHEAD, Message, Report, Scope, content, datagram
from protocols.modems.znp.network import DEFAULT_ID, network

nodes, bytes_ = st.integers(0, 0xFFFF), st.integers(0, 255)
messages = st.builds(
    Message, nodes, nodes, st.binary(max_size=MAX_DATA), bytes_, st.sampled_from([Scope.OWN_PAN, Scope.ANY_PAN])
)


@given(st.one_of(messages, st.builds(Report, nodes, bytes_)))
def test_what_is_packed_is_read_again(item: Message | Report) -> None:
    assert content(datagram(item)) == item


@given(messages, st.data())
def test_one_wrong_byte_is_seen(message: Message, data: st.DataObject) -> None:
    raw = bytearray(datagram(message))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(RemoteProtocolError, match="bad CRC"):
        content(bytes(raw))


@pytest.mark.parametrize("size", [0, OVERHEAD - 1, OVERHEAD + MAX_DATA + 1])
def test_a_datagram_has_a_length(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"datagram of {size} bytes"):
        content(bytes(size))


def test_a_network_follows_from_the_gateway_s_id() -> None:
    net = network("")
    assert net == network(DEFAULT_ID)
    assert (net.pan, net.address.hex(), net.channels.hex()) == (0xA3D8, "ffff80971b01a3d8", "00000100")


@pytest.mark.parametrize("text", ["D8A3011B97800", "no id", "-12345678901"])
def test_an_id_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="12 hexadecimal digits"):
        network(text)
