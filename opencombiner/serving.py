"""The commands `run` and `capture`: the gateway on its links or on a recording of them, with a recorder or without."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
import typer

from config.loader import LoadedSite, load_site
from config.plant import dials_in, reading_of, recordings
from config.site import Gateway, Site
from drivers.capture import Recorder
from drivers.clock import Clock, SystemClock
from drivers.recording import Recording
from drivers.registry import opener_of, settings_of
from drivers.replay import Replay, ReplayClock
from drivers.transport import Opener
from gateway import app
from gateway.log import LogTap

LINGER_S = 0.25  # after the last packet of a recording: its news goes to the broker, and nothing is missed yet

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tape:
    """What to capture: the links of `gateways` into a new file."""

    path: Path
    gateways: Sequence[str]


async def serve(
    loaded: LoadedSite, stop: asyncio.Event, tap: LogTap, *, recording: Recording | None, tape: Tape | None
) -> None:
    """Run the gateway until the event is set, or a recording has ended. Raises ConfigError, CaptureError."""
    site = loaded.site
    with ExitStack() as leaving:
        clock: Clock = SystemClock(always=site.clock.trust == "always")
        openers: dict[str, Opener] = {}
        if recording is not None:
            clock = ReplayClock(recording.start_utc)
            site = load_site(loaded.path, clock).site  # daylight is where it was then
            site = site.model_copy(update={"state_dir": Path(leaving.enter_context(_own_state()))})
            replay = Replay(recording)
            openers = _replayed(site, replay)
            asyncio.get_running_loop().call_later(recording.duration_s + LINGER_S, stop.set)
            leaving.callback(_list_unmatched, replay)
            _log.info("replay_started", utc=recording.start_utc, duration_s=round(recording.duration_s, 3))
        if tape is not None:
            recorder = _recorder(site, clock, tape)
            taped = [gateway for gateway in site.gateways if gateway.id in tape.gateways]
            openers |= {each.id: recorder.opener(each.id, openers.get(each.id) or _opener(each)) for each in taped}
            leaving.callback(_finish, recorder, tape.path)
        await app.run(site, clock=clock, stop=stop, tap=tap, openers=openers)


def recording_of(site: Site) -> Recording | None:
    """Return what the site's links replay; None when they are real. Raises ConfigError."""
    files = set(recordings(site).values())
    return Recording(files.pop()) if files else None


def tape_of(site: Site, path: Path, gateway: str | None) -> Tape:
    """Return what to capture: one gateway's link, or all. Raises typer.BadParameter for an unknown gateway."""
    known = [one.id for one in site.gateways if not dials_in(one)]  # who dials a broker is captured there
    if gateway is not None and gateway not in known:
        raise typer.BadParameter(f"there is no link of a gateway {gateway!r} to capture; known: {', '.join(known)}")
    if not known:
        raise typer.BadParameter("there is no link to capture: units that dial a broker are heard there")
    return Tape(path, known if gateway is None else [gateway])


def _own_state() -> TemporaryDirectory[str]:
    """Return a folder for the ledger of a replay: what happened once must not be counted twice."""
    return TemporaryDirectory(prefix="opencombiner-replay-")


def _replayed(site: Site, replay: Replay) -> dict[str, Opener]:
    return {
        gateway.id: replay.opener(gateway.id, reading_of(gateway)) for gateway in site.gateways if not dials_in(gateway)
    }


def _opener(gateway: Gateway) -> Opener:
    medium = gateway.link.medium
    return opener_of(medium, settings_of(medium, gateway.link))


def _recorder(site: Site, clock: Clock, tape: Tape) -> Recorder:
    return Recorder(tape.path, clock, [(g.id, g.link.url) for g in site.gateways if g.id in tape.gateways])


def _finish(recorder: Recorder, path: Path) -> None:
    recorder.close()
    typer.echo(f"{path}: {recorder.packets} packets")


def _list_unmatched(replay: Replay) -> None:
    """Say on standard error what was asked and is not in the recording."""
    for (link, request), times in sorted(replay.unmatched.items(), key=str):
        whom = "the modem" if request.node is None else f"node {request.node}"
        typer.echo(f"not in the recording: {link}, {whom}: {request.body.hex()}, {times} times", err=True)
    if replay.unlisted:
        typer.echo(f"not in the recording: {replay.unlisted} more", err=True)
