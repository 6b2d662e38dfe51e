"""A bench in real time: a gateway behind a broker, and instruments that a bench file names."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from math import inf

from config.bench import WORDS
from config.bench_file import Backend, Bench
from config.instruments import Told
from config.scenarios import Case
from config.scope import scope_of
from config.site import Site
from drivers.lines import Lines
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Session
from drivers.stream import open_stream
from gateway.mqtt.options import mqtt_options
from hil.instruments import Das, Instrument, InstrumentError
from hil.instruments.manual import Ask, Manual
from hil.instruments.recorded import Recorded
from hil.instruments.remote import RemoteEmulator
from hil.instruments.scpi import Scpi
from hil.instruments.surroundings import ASKED, request
from hil.lab import Stand, polls_s
from hil.trace import Gap, Heard, Trace
from protocols.errors import LinkDownError

RETRY_S = 1.0
READY_S = 10.0  # for the first connection with the broker


class Observer:
    """Hears the gateway's topics, and notes when it is deaf; asks the gateway in an operator's name."""

    def __init__(self, bench: Bench, site: Site, trace: Trace) -> None:
        self._root = f"{bench.mqtt.base}/{site.id}"
        self._options = replace(
            mqtt_options(bench.mqtt, site.id), client_id=f"opencombiner-hil-{os.getpid()}", will=None
        )
        self._trace = trace
        self._session: Session | None = None
        self.ready = asyncio.Event()
        self._began = self._loop_s()

    @staticmethod
    def _loop_s() -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> float:
        """Return the seconds since the run began."""
        return self._loop_s() - self._began

    def begin(self) -> None:
        """Let the run begin now."""
        self._began = self._loop_s()

    async def run(self) -> None:
        """Listen until cancelled, with one connection after the other."""
        self._trace.gaps.append(Gap(self.now(), inf))
        while True:
            try:
                async with connect(self._options) as session:
                    await session.subscribe(f"{self._root}/#")
                    self._trace.gaps[-1] = replace(self._trace.gaps[-1], to_s=self.now())
                    self._session = session
                    self.ready.set()
                    async for message in session.messages():
                        self._hear(message)
            except LinkDownError:
                if self._session is not None:
                    self._trace.gaps.append(Gap(self.now(), inf))
                self._session = None
            await asyncio.sleep(RETRY_S)

    def _hear(self, message: Message) -> None:
        topic = message.topic.removeprefix(f"{self._root}/")
        self._trace.hear(Heard(max(self.now(), 0.0), topic, message.payload))

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:
        """Ask the gateway; a mark needs nobody."""
        if name == "mark":
            return
        if self._session is None:
            raise InstrumentError(f"{name}: the broker is away")
        try:
            await self._session.publish(request(self._root, event, name, args))
        except LinkDownError as error:
            raise InstrumentError(f"{name}: {error}") from error


class _Hil:
    """`hil` on a bench: requests go by MQTT, the rest to whoever plays it."""

    def __init__(self, observer: Observer, other: Instrument) -> None:
        self._observer = observer
        self._other = other

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:
        asked = name in ASKED or name == "mark"
        await (self._observer if asked else self._other).act(event, name, args)


class _Nobody:
    """Plays an instrument that the bench does not have."""

    def __init__(self, word: str) -> None:
        self._word = word

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:  # noqa: ARG002 - nobody is there
        raise InstrumentError(f"{name}: the bench has no {self._word}")


@asynccontextmanager
async def bench_stand(bench: Bench, case: Case, ask: Ask) -> AsyncIterator[Stand]:
    """Connect with everything that a bench file names, for the time of the context. Raises InstrumentError."""
    if case.site is None:
        raise AssertionError("a case that does not apply is not run")
    trace = Trace()
    observer = Observer(bench, case.site, trace)
    listening = asyncio.ensure_future(observer.run())
    try:
        async with AsyncExitStack() as stack:
            backends, wanted = _Backends(case, ask, observer.now, stack), bench.instruments
            acting = [word for word in WORDS if word != "das"]
            instruments = {word: await backends.instrument(word, getattr(wanted, word)) for word in acting}
            instruments["hil"] = _Hil(observer, instruments["hil"])
            das = await backends.das(wanted.das)
            await _until_heard(observer, listening)
            observer.begin()
            trace.gaps[:] = [replace(gap, from_s=0.0) for gap in trace.gaps if gap.to_s == inf]
            yield Stand(trace, instruments, das, polls_s(case.site), None)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _until_heard(observer: Observer, listening: "asyncio.Task[None]") -> None:
    waiting = asyncio.ensure_future(observer.ready.wait())
    await asyncio.wait((waiting, listening), timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if listening.done():
        listening.result()
    if not observer.ready.is_set():
        raise InstrumentError(f"the broker does not answer within {READY_S:g} s")


class _Backends:
    """Opens backends; one connection for all instruments behind the same emulator. `now`: seconds of the run."""

    def __init__(self, case: Case, ask: Ask, now: Callable[[], float], stack: AsyncExitStack) -> None:
        self._case = case
        self._ask = ask
        self._now = now
        self._stack = stack
        self._emulators: dict[str, RemoteEmulator] = {}

    async def instrument(self, word: str, backend: Backend | None) -> Instrument:
        """Return what plays an instrument that acts."""
        match backend:
            case Backend(backend="emulator", control=str(control)):
                return await self._emulator(control)
            case Backend(backend="manual"):
                return Manual(word, self._ask)
            case Backend(backend="scpi", url=str(url)):
                return await self._scpi(backend, url)
            case _:
                return _Nobody(word)

    async def das(self, backend: Backend | None) -> Das | None:
        """Return what measures."""
        match backend:
            case Backend(backend="emulator", control=str(control)):
                return await self._emulator(control)
            case Backend(backend="scpi", url=str(url)):
                return await self._scpi(backend, url)
            case Backend(backend="csv", file=path) if path is not None:
                return Recorded(path, backend.time, backend.columns, self._now)
            case _:
                return None

    async def _emulator(self, control: str) -> RemoteEmulator:
        if control not in self._emulators:
            self._emulators[control] = await RemoteEmulator.open(control)
            self._stack.callback(self._emulators[control].close)
        return self._emulators[control]

    async def _scpi(self, backend: Backend, url: str) -> Scpi:
        try:
            lines = Lines(await open_stream(url, baud=backend.baud))
        except LinkDownError as error:
            raise InstrumentError(f"scpi: {error}") from error
        self._stack.callback(lines.close)
        scope = scope_of(self._case.profile, None) if self._case.profile else {}
        return Scpi(lines, scope, commands=backend.commands, queries=backend.queries, check=backend.check)
