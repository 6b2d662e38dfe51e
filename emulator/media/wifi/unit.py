"""A unit that dials a broker whenever it has light, and dials again whenever nobody answers."""

import asyncio

import structlog

from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options, Session
from emulator.inverter import Inverter
from protocols.errors import LinkDownError
from protocols.profile import Push
from protocols.push import Dialler, HangUp

LOOK_S = 10.0  # between two looks at the light
NO_BROKER_S = 5.0  # before it dials a broker again that was not there

_log = structlog.get_logger()


class Unit:
    """The radio and the protocol side of one inverter; what it remembers is gone with the light.

    `stagger_s` is when it dials first, for units do not come all at once.
    """

    def __init__(self, options: Options, push: Push, inverter: Inverter, stagger_s: float = 0.0) -> None:
        self.linked = True
        self.dials = 0
        self.task: asyncio.Task[None] | None = None
        self._options = options
        self._push = push
        self._inverter = inverter
        self._stagger_s = stagger_s
        self._lost = False
        self._reason: str | None = None  # why nobody answered last
        self._stirred = asyncio.Event()

    def leave(self) -> None:
        """Fall silent for ever."""
        self.linked = False
        if self.task is not None:
            self.task.cancel()

    async def live(self) -> None:
        """Dial and report until cancelled."""
        await asyncio.sleep(self._stagger_s)
        dialler: Dialler | None = None
        while True:
            if self._on:
                dialler = dialler or self._push.dialler(self._inverter)
                await asyncio.sleep(await self._dial(dialler))
            else:
                dialler = None
                await asyncio.sleep(LOOK_S)

    @property
    def _on(self) -> bool:
        return self.linked and self._inverter.awake(asyncio.get_running_loop().time())

    async def _dial(self, dialler: Dialler) -> float:
        """Hold one connection; return how long to wait before the next."""
        self.dials += 1
        try:
            async with connect(self._options) as session:
                await session.subscribe(self._push.downlink + self._inverter.serial, qos=0)
                self._lost, self._reason = False, None
                dialler.connected(asyncio.get_running_loop().time())
                listening = asyncio.ensure_future(self._listen(session, dialler))
                try:
                    return await self._speak(session, dialler)
                finally:
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
        except LinkDownError as error:
            self._tell(str(error))
            return NO_BROKER_S

    def _tell(self, reason: str) -> None:
        """Say once why nobody answers."""
        if reason != self._reason:
            self._reason = reason
            _log.warning("unit_cannot_dial", serial=self._inverter.serial, broker=self._options.url, reason=reason)

    async def _speak(self, session: Session, dialler: Dialler) -> float:
        """Say what is due until the unit hangs up or goes dark, or the connection is lost. Raises LinkDownError."""
        loop = asyncio.get_running_loop()
        while self._on and not self._lost:
            self._stirred.clear()
            match dialler.tick(loop.time()):
                case HangUp(again_s):
                    return again_s
                case bytes() as said:
                    await session.publish(Message(self._push.uplink + self._inverter.serial, said))
                case None:
                    await self._pause(min(dialler.next_deadline(), loop.time() + LOOK_S))
        return NO_BROKER_S

    async def _pause(self, until: float) -> None:
        """Wait for an instant or an answer."""
        alarm = asyncio.get_running_loop().call_at(until, self._stirred.set)
        try:
            await self._stirred.wait()
        finally:
            alarm.cancel()

    async def _listen(self, session: Session, dialler: Dialler) -> None:
        try:
            async for message in session.messages():
                dialler.heard(message.payload, asyncio.get_running_loop().time())
                self._stirred.set()
        except LinkDownError:
            self._lost = True
            self._stirred.set()
