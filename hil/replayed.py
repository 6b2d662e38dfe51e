"""A gateway on a recording, on virtual time: what was answered then is answered now, and the run is judged anew."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from config.bench import WORDS
from config.instruments import Told
from config.plant import reading_of, recordings
from config.scenarios import Case
from drivers.recording import Recording
from drivers.replay import Replay
from hil.instruments import Instrument, InstrumentError
from hil.lab import Stand, gateway_of, in_memory, polls_s, steps
from hil.virtual_time import VirtualClock
from protocols.errors import ConfigError

LINGER_S = 1.0  # after the last packet: what it brought is said


class _Past:
    """The instruments of a plant that was: nothing can be done to it any more."""

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:  # noqa: ARG002 - nothing is done
        raise InstrumentError(f"{name}: a recording cannot be acted on")


@asynccontextmanager
async def replayed(case: Case, folder: Path) -> AsyncIterator[tuple[Stand, float]]:
    """Run the gateway of a case on its recording for the time of the context; give the stand, and how long it lasts.

    `folder` is empty. The wall clock is that of the recording. Raises ConfigError unless all links are in one file.
    """
    if case.site is None:
        raise AssertionError("a case that does not apply is not run")
    files = recordings(case.site)
    if len(set(files.values())) != 1 or len(files) != len(case.site.gateways):
        raise ConfigError(f"{case.path}: all links of the site replay one file, or none does")
    recording = Recording(next(iter(files.values())))
    replay = Replay(recording)
    site = in_memory(case.site, folder).model_copy(update={"gateways": case.site.gateways})
    openers = {gateway.id: replay.opener(gateway.id, reading_of(gateway)) for gateway in site.gateways}
    clock = VirtualClock(recording.start_utc - asyncio.get_running_loop().time())
    async with gateway_of(site, clock, openers) as (daemon, _, around):
        instruments: dict[str, Instrument] = {**dict.fromkeys(WORDS, _Past()), "hil": around}
        start_utc = None if steps(case) else recording.start_utc
        yield Stand(daemon.trace, instruments, None, polls_s(site), start_utc), recording.duration_s + LINGER_S
