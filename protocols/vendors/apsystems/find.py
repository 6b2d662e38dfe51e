"""Find a unit that is in this gateway's PAN, under whatever short address: after a power cut it may have a new one."""

from dataclasses import replace

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Mapped, Send, Step, Then, Wait
from protocols.modems.znp.air import OVERHEAD, Message, Scope, content, datagram
from protocols.modems.znp.network import network
from protocols.profile import Station
from protocols.vendors.apsystems import pairing_frames as f
from protocols.vendors.apsystems.codec import live

WITHIN_S = 2.0  # as between the messages of pairing
TRIES = 2


class Who:
    """Asks everybody of the PAN for a unit; the value is the sender's address."""

    def __init__(self, serial: str, host: str) -> None:
        self._serial = serial
        self._net = network(host)
        self._tries_left = TRIES

    def start(self) -> Step[int]:
        """Ask."""
        self._tries_left -= 1
        question = replace(f.who(self._serial), scope=Scope.OWN_PAN)  # who is elsewhere need not be disturbed
        return Send(datagram(question), OVERHEAD + f.ANSWER_BYTES, WITHIN_S)

    def received(self, raw: bytes) -> Step[int]:
        """Take the unit's answer."""
        try:
            said = content(raw)
        except RemoteProtocolError:
            return Wait()
        node = f.answered(said, self._serial, self._net, frozenset()) if isinstance(said, Message) else None
        return Wait() if node is None else Done(node)

    def timed_out(self) -> Step[int]:
        """Ask again, or give up."""
        return self.start() if self._tries_left else Failed(Cause.NO_ANSWER)


def find(serial: str, host: str) -> Exchange[int]:
    """Ask for a unit, then poll it at the address that answered: only an answer with its serial number counts."""
    return Then(Who(serial, host), lambda node: Mapped(live(Station(serial, node, host)), lambda _: node))
