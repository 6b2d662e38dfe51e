"""The network that a coordinator keeps, as these gateways derive it from their own id.

id D8A3011B9780   address on the UART FFFF 80971B01A3D8   PAN id D8 A3, low byte first: A3D8   channel 16
"""

from dataclasses import dataclass
from string import hexdigits

from protocols.errors import ConfigError
from protocols.modems.znp.air import BROADCAST, Message

DEFAULT_ID = "D8A3011B9780"
CHANNEL = 16
CLUSTER_OUT = 0x0006  # to units
CLUSTER_IN = 0x0106  # from units
_ID_BYTES = 6
_HEX = frozenset(hexdigits)
_HELLO = bytes.fromhex("FBFB1100000D6030FBD3000000000000000004010281FEFE")  # as captured; units do not heed it


@dataclass(frozen=True, slots=True)
class Network:
    """A gateway's id and channel; two sites in range of each other need different ids."""

    id: bytes
    channel: int = CHANNEL

    @property
    def reversed_id(self) -> bytes:
        """Return the id as it stands in messages and on the UART."""
        return self.id[::-1]

    @property
    def address(self) -> bytes:
        """Return the coordinator's extended address as it stands on the UART."""
        return b"\xff\xff" + self.reversed_id

    @property
    def pan(self) -> int:
        """Return the PAN id; the gateway gives its own short address in pairing messages by the same number."""
        return int.from_bytes(self.id[:2], "little")

    @property
    def channels(self) -> bytes:
        """Return the channel mask as it stands on the UART."""
        return (1 << self.channel).to_bytes(4, "little")

    @property
    def hello(self) -> Message:
        """Return the broadcast that ends a start-up: without it polls may fail."""
        return Message(BROADCAST, CLUSTER_OUT, self.reversed_id + _HELLO)


def network(gateway_id: str) -> Network:
    """Return the network of a gateway id of 12 hex digits, the first of which may be left out while they are 0.

    An empty id is the usual one. Raises ConfigError.
    """
    text = (gateway_id or DEFAULT_ID).zfill(2 * _ID_BYTES)
    if len(text) != 2 * _ID_BYTES or not _HEX.issuperset(text):
        raise ConfigError(f"an ECU id has 12 hexadecimal digits, not {gateway_id!r}")
    return Network(bytes.fromhex(text))
