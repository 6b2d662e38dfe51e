"""Links whose far end is a recording: what was answered then is answered now."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from drivers.clock import Trust
from drivers.recording import Answer, Opening, Reading, Recording, Request
from drivers.transport import CLOSED, ByteStream, Opener
from protocols.errors import ConfigError, LinkDownError

SCHEME = "replay://"
MAX_UNMATCHED = 1000  # different requests that are listed: more than that is another plant's recording

_Ask: TypeAlias = Callable[[Request], Answer]


def path_of(url: str) -> Path | None:
    """Return the file that a link's URL replays; None for any other URL."""
    return Path(url.removeprefix(SCHEME)) if url.startswith(SCHEME) else None


class Replay:
    """The far ends of all links of a recording, from now on, and the requests to which it has no answer."""

    def __init__(self, recording: Recording) -> None:
        self.unmatched: Counter[tuple[str, Request]] = Counter()  # by link and request
        self.unlisted = 0  # requests without an answer beyond MAX_UNMATCHED different ones
        self._recording = recording
        self._started_at = asyncio.get_running_loop().time()

    def opener(self, name: str, reading: Reading) -> Opener:
        """Return what opens the link `name`.

        The n-th request of a kind gets the n-th answer. Where the recorded link was lost this one is lost as well, and
        counting begins anew when it is there again. Raises ConfigError when the recording has no such link.
        """
        if name not in self._recording.links:
            known = ", ".join(sorted(self._recording.links))
            raise ConfigError(f"the recording has no link {name!r}; it has {known}")
        openings = self._recording.openings(name, reading)

        async def opened(url: str, *, baud: int) -> ByteStream:  # noqa: ARG001 - a recording has its own pace
            now = asyncio.get_running_loop().time()
            current = _current(openings, now - self._started_at)
            if current is None:
                raise LinkDownError(f"{url}: no link at this time of the recording")
            return _ReplayedStream(reading, self._asking(name, reading, current), self._started_at + current.ends_s)

        return opened

    def _asking(self, name: str, reading: Reading, opening: Opening) -> _Ask:
        def ask(request: Request) -> Answer:
            kind = reading.kind(request)
            answer = opening.answer(kind)
            if answer is None:
                self._miss(name, kind)
            return answer or []

        return ask

    def _miss(self, name: str, kind: Request) -> None:
        if asyncio.get_running_loop().time() - self._started_at > self._recording.duration_s:
            return  # the recording is over
        if (name, kind) in self.unmatched or len(self.unmatched) < MAX_UNMATCHED:
            self.unmatched[name, kind] += 1
        else:
            self.unlisted += 1


def _current(openings: list[Opening], now_s: float) -> Opening | None:
    begun = [opening for opening in openings if opening.begins_s <= now_s]
    return begun[-1] if begun and now_s < begun[-1].ends_s else None


class _ReplayedStream:
    """One opening: takes requests, and hands back what was recorded, as late as it came then."""

    def __init__(self, reading: Reading, ask: _Ask, ends_at: float) -> None:
        self._cutter = reading.cutter()
        self._ask = ask
        self._heard: asyncio.Queue[bytes] = asyncio.Queue()  # never more than the recording holds
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._end = None if math.isinf(ends_at) else self._loop.call_at(ends_at, self.close)

    async def read(self) -> bytes:
        chunk = await self._heard.get()
        if self._closed:
            raise LinkDownError(CLOSED)
        return chunk

    async def write(self, data: bytes) -> None:
        if self._closed:
            raise LinkDownError(CLOSED)
        for request in self._cutter.feed(data):
            for after_s, chunk in self._ask(request):
                self._loop.call_later(after_s, self._heard.put_nowait, chunk)

    def close(self) -> None:
        self._closed = True
        self._heard.put_nowait(b"")
        if self._end is not None:
            self._end.cancel()


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
