"""A capture, read as questions and answers."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Protocol, TypeAlias

from drivers import pcapng
from drivers.pcapng import MAX_FILE_BYTES, NS, Interface, Packet, PcapngError
from drivers.transport import CHUNK
from protocols.errors import ConfigError
from protocols.framing.volatile import Volatile, masked


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of whom; `node` None: of the modem itself. The body is without address and checksum."""

    node: int | None
    body: bytes


class Cutter(Protocol):
    """Finds the requests in what a driver writes; handshakes of a modem are none."""

    def feed(self, data: bytes) -> list[Request]:
        """Return the requests that the bytes complete, in order."""
        ...


Answer: TypeAlias = list[tuple[float, bytes]]  # seconds after the request, and what came


@dataclass(frozen=True, slots=True)
class Reading:
    """How a link's bytes are read: what finds requests, and what differs between two that ask the same."""

    cutter: Callable[[], Cutter]
    volatile: tuple[Volatile, ...] = ()

    def kind(self, request: Request) -> Request:
        """Return the request without what is volatile in it."""
        return Request(request.node, masked(request.body, self.volatile)) if self.volatile else request


class Opening:
    """One opening of a link, from `begins_s` of the recording until the link was lost at `ends_s`."""

    def __init__(self, begins_s: float, reading: Reading) -> None:
        self.begins_s = begins_s
        self.ends_s = inf
        self._reading = reading
        self._cutter = reading.cutter()
        self._asked_ns = 0
        self._latest: Answer = []  # what came before the first request was not asked for
        self._answers: defaultdict[Request, deque[Answer]] = defaultdict(deque)

    def take(self, packet: Packet) -> None:
        """Add the next packet: what comes after a request and before the next is its answer."""
        if packet.inbound:
            after_s, data = max(packet.at_ns - self._asked_ns, 0) / NS, packet.data
            self._latest += [(after_s, data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)]
            return
        for request in self._cutter.feed(packet.data):
            self._latest, self._asked_ns = [], packet.at_ns
            self._answers[self._reading.kind(request)].append(self._latest)

    def answer(self, kind: Request) -> Answer | None:
        """Return the answer to the next request of a kind, empty when nothing came; None when there is no more."""
        waiting = self._answers.get(kind)
        return waiting.popleft() if waiting else None


class Recording:
    """A capture file, read as a whole; its time begins with the first packet, at `start_utc`, and lasts `duration_s`.

    `links` are the packets by the name of their link. Raises ConfigError when the file cannot be read, is too large,
    is no capture, or has no packets.
    """

    def __init__(self, path: Path) -> None:
        self.links: dict[str, list[Packet]] = {}
        try:
            for item in pcapng.items(_bytes(path)):
                match item:
                    case Interface():
                        self.links.setdefault(item.name, [])
                    case Packet():
                        self.links[item.interface.name].append(item)
        except PcapngError as error:
            raise ConfigError(f"{path} cannot be replayed: {error}") from error
        stamps = [packet.at_ns for packets in self.links.values() for packet in packets]
        if not stamps:
            raise ConfigError(f"{path} cannot be replayed: nothing was captured")
        self._start_ns = min(stamps)
        self.start_utc = self._start_ns / NS
        self.duration_s = (max(stamps) - self._start_ns) / NS

    def openings(self, link: str, reading: Reading) -> list[Opening]:
        """Return the openings of a link in order, at least one; the first begins with the recording.

        A packet of no bytes ends one. When our own end closed and nothing came after that, capturing ended: the link
        was not lost.
        """
        found = [Opening(0.0, reading)]
        closed_s: float | None = None
        for packet in self.links[link]:
            at_s = (packet.at_ns - self._start_ns) / NS
            if not packet.data:
                closed_s = at_s
                found[-1].ends_s = at_s if packet.inbound else inf
                continue
            if closed_s is not None:
                found[-1].ends_s, closed_s = closed_s, None
                found.append(Opening(at_s, reading))
            found[-1].take(packet)
        return found


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path} cannot be replayed: it has more than {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be replayed: {error.strerror}") from error
