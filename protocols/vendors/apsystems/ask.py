"""Questions to a unit, and who may answer them."""

from collections.abc import Callable
from typing import Generic, TypeVar

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Done, Failed, Send, Step, Wait
from protocols.modems.znp.air import OVERHEAD, Message, Report, content, datagram
from protocols.modems.znp.network import CLUSTER_IN, CLUSTER_OUT, network
from protocols.modems.znp.status import SUCCESS, status_text
from protocols.profile import Station
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.family import SERIAL_BYTES
from protocols.vendors.apsystems.l2 import EncryptedError

WITHIN_S = 2.0  # a unit on a good link answers within 1.1 s; an ECU waits 2 s
TRIES = 2
ACK_BYTES = OVERHEAD + SERIAL_BYTES + 13

T = TypeVar("T")
Accept = Callable[[l2.L2, int], T | None]  # frame and LQI → value; None when the frame is something else


def request(station: Station, frame: l2.L2) -> bytes:
    """Return the datagram of a request to a unit. Raises ConfigError when the gateway's id is none."""
    own = network(station.host).reversed_id
    return datagram(Message(station.node, CLUSTER_OUT, own + l2.encode(frame)))


def answer_bytes(l2_bytes: int) -> int:
    """Return the length of the datagram of an answer."""
    return OVERHEAD + SERIAL_BYTES + l2_bytes


def heard_from(station: Station, raw: bytes) -> tuple[l2.L2, int] | Report | None:
    """Return frame and LQI of a unit's answer, the report on its delivery, or None for what is of another.

    Several units may answer one request, a late answer of another is common, and the coordinator returns what is sent
    to itself: node, cluster and serial number must be right. Raises RemoteProtocolError when the frame is damaged.
    """
    found = content(raw)
    if isinstance(found, Report):
        return found if found.node == station.node else None
    serial = found.data[:SERIAL_BYTES].hex()
    if (found.node, found.cluster, serial) != (station.node, CLUSTER_IN, station.serial):
        return None
    return l2.decode(found.data[SERIAL_BYTES:]), found.lqi


class Ask(Generic[T]):
    """Sends a request until `accept` takes an answer; a bad delivery report ends a try before its time."""

    def __init__(
        self, station: Station, frame: l2.L2, accept: Accept[T], *, reply_bytes: int, tries: int = TRIES
    ) -> None:
        self._station = station
        self._frame = frame
        self._accept = accept
        self._reply_bytes = reply_bytes
        self._tries_left = tries
        self._failed = Failed(Cause.NO_ANSWER)

    def start(self) -> Step[T]:
        """Send the request."""
        return self._send()

    def received(self, raw: bytes) -> Step[T]:
        """Take an answer or a delivery report; pass over all else."""
        try:
            heard = heard_from(self._station, raw)
            if isinstance(heard, Report):
                return Wait() if heard.status == SUCCESS else self._undelivered(heard.status)
            value = None if heard is None else self._accept(*heard)
        except EncryptedError as error:
            return Failed(Cause.REFUSED, str(error))
        except RemoteProtocolError as error:
            self._failed = Failed(Cause.DAMAGED, str(error))
            return Wait()
        return Wait() if value is None else Done(value)

    def timed_out(self) -> Step[T]:
        """Send again, or give up."""
        return self._send() if self._tries_left else self._failed

    def _undelivered(self, status: int) -> Step[T]:
        self._failed = Failed(Cause.NO_ANSWER, status_text(status))
        return self.timed_out()

    def _send(self) -> Step[T]:
        self._tries_left -= 1
        return Send(request(self._station, self._frame), self._reply_bytes, WITHIN_S)
