"""Links whose far end is a recording: what was answered then is answered now."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from drivers import pcapng
from drivers.clock import Trust
from drivers.pcapng import MAX_FILE_BYTES, NS, Interface, Packet, PcapngError
from drivers.transport import CHUNK, CLOSED, ByteStream, Opener
from protocols.errors import ConfigError, LinkDownError
from protocols.framing.volatile import Volatile, masked

SCHEME = "replay://"
MAX_UNMATCHED = 1000  # different requests that are listed: more than that is another plant's recording


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
_Answers: TypeAlias = dict[Request, deque[Answer]]


def path_of(url: str) -> Path | None:
    """Return the file that a link's URL replays; None for any other URL."""
    return Path(url.removeprefix(SCHEME)) if url.startswith(SCHEME) else None


class Recording:
    """A capture file, read as a whole; `links` are the packets by the name of their link.

    `start_utc` is the time of the first packet, `duration_s` lies between it and the last. Raises ConfigError when the
    file cannot be read, is no capture, or has no packets.
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
        self.start_utc = min(stamps) / NS
        self.duration_s = (max(stamps) - min(stamps)) / NS


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path} cannot be replayed: it has more than {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be replayed: {error.strerror}") from error


class Replay:
    """The far ends of all links of a recording, and the requests to which it has no answer."""

    def __init__(self, recording: Recording) -> None:
        self.unmatched: Counter[tuple[str, Request]] = Counter()  # by link and request
        self.unlisted = 0  # requests without an answer beyond MAX_UNMATCHED different ones
        self._recording = recording

    def opener(self, name: str, cutter: Callable[[], Cutter], volatile: Iterable[Volatile] = ()) -> Opener:
        """Return what opens the link `name`: requests are compared without what is volatile in them.

        The n-th request of a kind gets the n-th answer of the recording, however often the link is opened. Raises
        ConfigError when the recording has no such link.
        """
        if name not in self._recording.links:
            known = ", ".join(sorted(self._recording.links))
            raise ConfigError(f"the recording has no link {name!r}; it has {known}")
        masks = tuple(volatile)
        answers = _answers(self._recording.links[name], cutter(), masks)

        def answer(request: Request) -> Answer:
            kind = _kind(request, masks)
            if answers.get(kind):
                return answers[kind].popleft()
            self._miss(name, kind)
            return []

        async def opened(url: str, *, baud: int) -> ByteStream:  # noqa: ARG001 - a recording has its own pace
            return _ReplayedStream(cutter(), answer)

        return opened

    def _miss(self, name: str, kind: Request) -> None:
        if (name, kind) in self.unmatched or len(self.unmatched) < MAX_UNMATCHED:
            self.unmatched[name, kind] += 1
        else:
            self.unlisted += 1


def _kind(request: Request, masks: tuple[Volatile, ...]) -> Request:
    return Request(request.node, masked(request.body, masks)) if masks else request


def _answers(packets: Iterable[Packet], cutter: Cutter, masks: tuple[Volatile, ...]) -> _Answers:
    """Return what came after each request and before the next; what came before the first was not asked for."""
    found: defaultdict[Request, deque[Answer]] = defaultdict(deque)
    latest: Answer = []
    asked_ns = 0
    for packet in packets:
        if packet.inbound:
            after_s = max(packet.at_ns - asked_ns, 0) / NS
            latest += [(after_s, packet.data[at : at + CHUNK]) for at in range(0, len(packet.data), CHUNK)]
            continue
        for request in cutter.feed(packet.data):
            latest, asked_ns = [], packet.at_ns
            found[_kind(request, masks)].append(latest)
    return dict(found)


class _ReplayedStream:
    """One opening: takes requests, and hands back what was recorded, as late as it came then."""

    def __init__(self, cutter: Cutter, answer: Callable[[Request], Answer]) -> None:
        self._cutter = cutter
        self._answer = answer
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()  # never more than the recording holds
        self._closed = False

    async def read(self) -> bytes:
        chunk = await self._heard.get()
        if self._closed:
            raise LinkDownError(CLOSED)
        return chunk

    async def write(self, data: bytes) -> None:
        if self._closed:
            raise LinkDownError(CLOSED)
        for request in self._cutter.feed(data):
            for after_s, chunk in self._answer(request):
                asyncio.get_running_loop().call_later(after_s, self._heard.put_nowait, chunk)

    def close(self) -> None:
        self._closed = True
        self._heard.put_nowait(b"")


class ReplayClock:
    """Shows the recording's start when it is made, and goes on from there with the loop's clock."""

    def __init__(self, start_utc: float) -> None:
        self._start_utc = start_utc
        self._made_at = asyncio.get_running_loop().time()

    def utc(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""
        return self._start_utc + (asyncio.get_running_loop().time() - self._made_at)

    def trust(self) -> Trust:
        """Believe the recording."""
        return Trust.TRUSTED
