"""Messages by which a unit gets a gateway and a gateway learns a unit's short address; all but the last to any PAN.

    cluster 020D   serial 6 | FF FF   | channel | FF FF | gateway 6      leave your PAN: everywhere is yours
            020C   serial 6                                              who are you?
            010F   serial 6 | PAN 2   | channel | FF FF | gateway 6      this is your PAN, and your gateway
            0101   gateway 6                                             bind
    answer  0101   ? 2      | serial 6 …                                 its sender is the short address

The gateway's id is reversed; PAN is the number, high byte first. The two bytes before the serial in an answer vary and
are no address; what stands behind the serial is not understood. A gateway hears echoes of its own broadcasts, too.
"""

from protocols.modems.znp.air import BROADCAST, COORDINATOR, Message, Scope
from protocols.modems.znp.network import Network
from protocols.vendors.apsystems.family import SERIAL_BYTES, serial_bytes

LEAVE = 0x020D
WHO = 0x020C
PREPARE = 0x010F
BIND = 0x0101
ANSWER = 0x0101
_PREFIX = 2  # bytes before the serial in an answer
JOINED, ADDED = b"\xff\x1a", b"\xff\xff"  # seen there after WHO and after PREPARE
ANSWER_BYTES = _PREFIX + SERIAL_BYTES


def leave(serial: str, net: Network) -> Message:
    """Take a unit out of the PAN that it is in."""
    return _order(LEAVE, serial, BROADCAST, net)


def who(serial: str) -> Message:
    """Ask for a unit."""
    return _broadcast(WHO, serial_bytes(serial))


def prepare(serial: str, net: Network) -> Message:
    """Give a unit PAN, channel and gateway."""
    return _order(PREPARE, serial, net.pan, net)


def bind(net: Network) -> Message:
    """Bind every unit that was prepared."""
    return _broadcast(BIND, net.reversed_id)


def answer(serial: str, node: int, *, added: bool) -> Message:
    """Return a unit's answer."""
    return Message(node, ANSWER, (ADDED if added else JOINED) + serial_bytes(serial))


def answered(message: Message, serial: str, net: Network, taken: frozenset[int]) -> int | None:
    """Return the short address that a message tells of a unit; None for echoes, others' and impossible addresses."""
    said = message.data[_PREFIX:ANSWER_BYTES].hex()
    if message.cluster != ANSWER or said != serial:
        return None
    impossible = {COORDINATOR, BROADCAST, net.pan}
    return None if message.node in impossible | taken else message.node


def _order(cluster: int, serial: str, pan: int, net: Network) -> Message:
    place = pan.to_bytes(2, "big") + bytes((net.channel,)) + b"\xff\xff"
    return _broadcast(cluster, serial_bytes(serial) + place + net.reversed_id)


def _broadcast(cluster: int, data: bytes) -> Message:
    return Message(BROADCAST, cluster, data, scope=Scope.ANY_PAN)
