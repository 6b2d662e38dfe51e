"""`face_poll_share` and `face_us_per_read`: what a SunSpec client that reads 50 inverters a second costs the gateway.

Emulated units on a paced line, asked for more than it can carry, so that any delay of the gateway shows as fewer polls.
Windows with and without the client take turns; the share is the polls of one over those of the other
beside it, the middle of all pairs.
"""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from statistics import median

from benchmarks import plan
from benchmarks.figures import Bar, Figure, Measure, Result
from benchmarks.program import Program, program
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Options, Session
from tests.support.modbus_client import connected
from tests.support.mosquitto import free_port

UNITS, ASKED_S, READ_EVERY_S = 50, 0.5, 1.0
WINDOWS, WINDOW_S = 4, 10.0  # of each kind: as long as a few rounds of polls
READ_AT, READ_COUNT = 40070, 52  # model 101, as a Victron GX reads it
_FAST: dict[str, float] = {"bit_rate": 57600.0, "turnaround_s": 0.005, "baud": 230400}  # a round takes a second or two
_WITHIN_S = 60.0  # for the plant to come up


class _Ear:
    """Counts readings as they are published."""

    def __init__(self, session: Session) -> None:
        self.polls = 0
        self.complete = asyncio.Event()
        self._slots: set[str] = set()
        self._session = session

    async def listen(self) -> None:
        """Hear until cancelled."""
        async for message in self._session.messages():
            if json.loads(message.payload)["quality"] == "good":
                self.polls += 1
                self._slots.add(message.topic)
                if len(self._slots) == UNITS:
                    self.complete.set()


async def measure(folder: Path, port: int) -> Result:
    """Return the figures and their details."""
    face = free_port()
    file = _file(folder, port, face)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(connect(Options(url=plan.broker(port), client_id="bench-faces")))
        await session.subscribe(f"{plan.BASE}/faces/inverter/+/state")
        ear = _Ear(session)
        hearing = asyncio.create_task(ear.listen())
        stack.callback(hearing.cancel)
        started = [
            await stack.enter_async_context(
                program("-m", "opencombiner", command, str(file), log=folder / f"{command}.log")
            )
            for command in ("emulate", "run")
        ]
        async with asyncio.timeout(_WITHIN_S):
            await ear.complete.wait()
        return await _compare(ear, started[-1], face)


def _file(folder: Path, port: int, face: int) -> Path:
    link = plan.link(f"pty:{folder / 'line.pty'}", "transparent", **_FAST)
    gateway = plan.gateway("gw", link, plan.serials(UNITS), ASKED_S)
    file = plan.write(folder / "site", plan.broker(port), [gateway], site="faces")
    settings = json.loads(file.read_text("utf-8")) | {"faces": [{"kind": "sunspec", "port": face}]}
    file.write_text(json.dumps(settings), "utf-8")
    return file


async def _compare(ear: _Ear, daemon: Program, face: int) -> Result:
    alone: list[tuple[int, float]] = []
    asked: list[tuple[int, float]] = []
    reads = 0
    for _ in range(WINDOWS):
        alone.append(await _window(ear, daemon))
        client = asyncio.create_task(_read(face))
        asked.append(await _window(ear, daemon))
        client.cancel()
        with suppress(asyncio.CancelledError):
            await client
        reads += round(WINDOW_S / READ_EVERY_S) * UNITS
    share = median(with_it / without for (with_it, _), (without, _) in zip(asked, alone, strict=True))
    cost_s = sum(cpu_s for _, cpu_s in asked) - sum(cpu_s for _, cpu_s in alone)
    figures: dict[str, Figure] = {"face_poll_share": share, "face_us_per_read": 1e6 * cost_s / reads}
    return figures, {"polls_alone": [polls for polls, _ in alone], "polls_asked": [polls for polls, _ in asked]}


async def _window(ear: _Ear, daemon: Program) -> tuple[int, float]:
    """Return the polls and the CPU time of a window."""
    polls, cpu_s = ear.polls, daemon.cpu_s
    await asyncio.sleep(WINDOW_S)
    return ear.polls - polls, daemon.cpu_s - cpu_s


async def _read(face: int) -> None:
    """Read every inverter once a second, until cancelled."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    async with connected(face) as client:
        while True:
            for unit in range(1, UNITS + 1):
                words = await client.read(unit, READ_AT, READ_COUNT)
                if not isinstance(words, list):
                    raise RuntimeError(f"unit {unit}: {words}")  # noqa: TRY004 - the daemon's fault, not ours
            due += READ_EVERY_S
            await asyncio.sleep(due - loop.time())


MEASURE = Measure("faces", measure, 95, (Bar("face_poll_share", "", least=0.98), Bar("face_us_per_read", "")))
