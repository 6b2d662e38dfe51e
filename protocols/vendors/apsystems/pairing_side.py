"""A unit's side of pairing: where it is at home, in non-volatile memory."""

from binascii import crc_hqx

from protocols.modems.znp.air import BROADCAST, Message, Scope
from protocols.vendors.apsystems import pairing_frames as f
from protocols.vendors.apsystems.family import SERIAL_BYTES, serial_bytes

_ADDRESSES = 0xFFF7  # above are broadcasts


class PairingSide:
    """Short address, PAN and gateway of a unit; `locked`: it keeps what it has, as units do now and then.

    A factory-new unit hears any PAN. Its short address is its own choice: here one that follows from its serial.
    """

    def __init__(self, serial: str, *, locked: bool = False) -> None:
        self._serial = serial_bytes(serial)
        self._text = serial
        self.node = crc_hqx(self._serial, 0) % _ADDRESSES + 1
        self.pan = BROADCAST
        self.channel: int | None = None
        self.gateway: bytes | None = None
        self.bound = False
        self.locked = locked

    def hears(self, message: Message, pan: int) -> bool:
        """Tell whether a message sent by a gateway of that PAN reaches the unit's protocol side."""
        if message.scope is Scope.ANY_PAN:
            return True
        return pan == self.pan and message.node in (self.node, BROADCAST)

    def home(self, pan: int, node: int | None = None) -> None:
        """Be in a PAN already, at an address where one is given."""
        self.pan, self.bound = pan, True
        self.node = self.node if node is None else node

    def answer(self, message: Message) -> tuple[Message, ...]:
        """Return what the unit says to a message of pairing; silence to what is for another unit."""
        if message.cluster == f.BIND:
            self.bound = self.bound or message.data == self.gateway
            return ()
        if message.data[:SERIAL_BYTES] != self._serial:
            return ()
        match message.cluster, len(message.data):
            case f.WHO, 6:
                return (f.answer(self._text, self.node, added=False),)
            case f.LEAVE | f.PREPARE, 17 if not self.locked:
                return self._obey(message)
            case _:
                return ()

    def _obey(self, message: Message) -> tuple[Message, ...]:
        self.pan = int.from_bytes(message.data[6:8], "big")
        self.bound = False
        if message.cluster == f.LEAVE:
            return ()
        self.channel, self.gateway = message.data[8], message.data[11:]
        return (f.answer(self._text, self.node, added=True),)
