"""One opening of a coordinator: brought up, watched, messages out, messages and delivery reports in."""

import asyncio
from collections import deque
from dataclasses import dataclass

from drivers.link import LinkCounters
from drivers.stream import ByteStream
from drivers.together import first_of
from drivers.zigbee.settings import ZigbeeSettings
from drivers.zigbee.timing import exchange_s
from protocols.errors import LinkDownError, LocalProtocolError, RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message, Report, content, datagram
from protocols.modems.znp.frame import Deframer, Frame, encode
from protocols.modems.znp.network import network
from protocols.modems.znp.recovery import Action, Health, Recovery
from protocols.modems.znp.startup import Broken, Listen, Ready, Send, StartUp
from protocols.modems.znp.status import SUCCESS, Status

DATAGRAMS = 32  # an answer, its report and what others say late; no chatterbox fills the memory
FRAMES = 64  # that come while the coordinator starts
RELIEF_S = 0.3  # after "asked too fast" or "channel busy": gateways try again after 0.3 to 0.6 s
_TRANS = 0x100
_GREETING = 1  # number of the message that ends a start-up
_OVERLOADED = frozenset({Status.NO_MEMORY, Status.BUFFER_FULL, Status.MAC_CHANNEL_ACCESS_FAILURE})


@dataclass(slots=True)
class _Asked:
    """The message that was handed over last."""

    node: int
    trans: int
    accepted: bool = False  # the coordinator has said something to it


class Coordinator:
    """A coordinator from the opening of its port to the loss of it; `recovery` outlives the opening.

    A coordinator that no longer answers pings, or has lost its network, is a link that is down: the next opening resets
    it, or starts it anew.
    """

    def __init__(
        self, stream: ByteStream, settings: ZigbeeSettings, counters: LinkCounters, recovery: Recovery
    ) -> None:
        self._stream = stream
        self._settings = settings
        self._counters = counters
        self._recovery = recovery
        self._deframer = Deframer()
        self._frames: deque[Frame] = deque(maxlen=FRAMES)
        self._heard: deque[bytes] = deque(maxlen=DATAGRAMS)
        self._changed = asyncio.Event()
        self._suspected = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._asked: _Asked | None = None
        self._trans = _GREETING
        self._deadline = self._free_at = self._now()
        self._lost: str | None = None

    # bringing it up

    async def start(self) -> None:
        """Bring the coordinator up; one that failed before waits for its time. Raises LinkDownError."""
        recovery, full = self._recovery, True
        if recovery.health is not Health.OK:
            while await self._frame(recovery.due_at) is not None:
                pass  # whatever it says now belongs to no question
            full = recovery.act(self._now()) is not Action.SOFT_RESET
        try:
            await self._bring_up(full=full)
        except LinkDownError:
            recovery.unstarted(self._now())
            raise
        before = recovery.recovered
        recovery.heard(self._now())
        self._counters.revived += recovery.recovered - before

    async def _bring_up(self, *, full: bool) -> None:
        startup = StartUp(network(self._settings.host), full=full, greet=self._settings.greet)
        step, deadline = startup.start(), self._now()
        while not isinstance(step, Ready):
            match step:
                case Broken(question, detail):
                    raise LinkDownError(f"the coordinator does not start: {question}: {detail}")
                case Send(frame, within_s):
                    await self._write(frame)
                    deadline = self._now() + within_s
                case Listen(within_s) if within_s is not None:
                    deadline = self._now() + within_s
                case Listen():
                    pass
            heard = await self._frame(deadline)
            step = startup.timed_out() if heard is None else startup.received(heard)

    async def _frame(self, deadline: float) -> Frame | None:
        """Return the next frame; None at the deadline."""
        while not self._frames:
            try:
                async with asyncio.timeout_at(deadline):
                    self._frames.extend(await self._read())
            except TimeoutError:
                return None
        return self._frames.popleft()

    # watching it

    def lose(self, reason: str) -> str:
        """Close the port, once; return the first reason."""
        if self._lost is None:
            self._lost = reason
            self._stream.close()
            self._changed.set()
        return self._lost

    async def listen(self) -> None:
        """Take what the coordinator says, and look after it, until LinkDownError is raised."""
        await first_of(self._hear(), self._look_after())

    async def _hear(self) -> None:
        while True:
            for frame in await self._read():
                try:
                    self._take(frame)
                except RemoteProtocolError:
                    self._counters.damaged += 1

    async def _read(self) -> list[Frame]:
        """Return the next whole frames, perhaps none, and count what was none."""
        chunk = await self._stream.read()
        dropped, damaged = self._deframer.dropped_bytes, self._deframer.damaged
        frames = self._deframer.feed(chunk)
        self._counters.noise_bytes += self._deframer.dropped_bytes - dropped
        self._counters.damaged += self._deframer.damaged - damaged
        return frames

    async def _look_after(self) -> None:
        """Ping a coordinator that is quiet or suspect; give up one that does not answer."""
        recovery = self._recovery
        while True:
            self._suspected.clear()
            try:
                async with asyncio.timeout_at(recovery.due_at):
                    await self._suspected.wait()
            except TimeoutError:
                if self._now() < recovery.due_at:
                    continue  # it was heard meanwhile
                if recovery.coming is not Action.PING:
                    raise LinkDownError("the coordinator does not answer") from None
                recovery.act(self._now())
                await self._write(c.ping())

    def _take(self, frame: Frame) -> None:
        """Act on a frame. Raises LinkDownError when it tells that the network is gone, RemoteProtocolError."""
        self._recovery.heard(self._now())
        match frame.command:
            case c.Command.INCOMING:
                self._counters.received += 1
                self._keep(c.incoming_of(frame))
            case c.Command.DATA_ANSWER | c.Command.DATA_ANSWER_EXT:
                self._accept(c.status_of(frame))
            case c.Command.DATA_CONFIRM:
                self._confirm(c.confirm_of(frame))
            case c.Command.RESET_INDICATION:
                raise self._unstarted("the coordinator has restarted")
            case _:
                pass  # routes, states, the answer to a ping: that it spoke is all that counts

    def _accept(self, status: int) -> None:
        asked = self._asked
        if asked is None:
            return
        asked.accepted = True
        if status == Status.NWK_INVALID_REQUEST:
            raise self._unstarted("the coordinator has lost its network")
        if status != SUCCESS:
            self._report(asked, status)

    def _confirm(self, confirm: c.Confirm) -> None:
        if self._asked is not None and confirm.trans == self._asked.trans:
            self._report(self._asked, confirm.status)

    def _report(self, asked: _Asked, status: int) -> None:
        if status in _OVERLOADED:
            self._free_at = self._now() + RELIEF_S
        self._keep(Report(asked.node, status))

    def _keep(self, item: Message | Report) -> None:
        self._heard.append(datagram(item))
        self._changed.set()

    def _unstarted(self, reason: str) -> LinkDownError:
        self._recovery.unstarted(self._now())
        return LinkDownError(reason)

    # conversations

    def begin(self) -> None:
        """Forget what came too late for the conversations before."""
        self._heard.clear()
        self._asked = None

    async def request(self, raw: bytes, reply_bytes: int, within_s: float) -> None:
        """Hand a message over, and open the window for what comes of it. Raises LinkDownError."""
        message = content(raw)
        if not isinstance(message, Message):
            raise LocalProtocolError("a delivery report cannot be sent")
        self._check()
        await asyncio.sleep(max(self._free_at - self._now(), 0.0))
        self._check()
        self._trans = (self._trans + 1) % _TRANS
        self._asked = _Asked(message.node, self._trans)
        self._counters.sent += 1
        answers = (reply_bytes,) if reply_bytes else ()
        self._deadline = self._now() + exchange_s(self._settings, len(raw), answers) + within_s
        await self._write(c.data_request(message, self._trans))

    async def answer(self) -> bytes | None:
        """Return the next datagram; None once the window has closed. Raises LinkDownError."""
        while True:
            self._check()
            if self._heard:
                return self._heard.popleft()
            if self._now() >= self._deadline:
                self._miss()
                return None
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self._deadline):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _miss(self) -> None:
        """Suspect a coordinator that has not even said that it will send."""
        if self._asked is not None and not self._asked.accepted:
            self._recovery.missed(self._now())
            self._suspected.set()

    async def _write(self, frame: Frame) -> None:
        try:
            await self._stream.write(encode(frame))
        except LinkDownError as error:
            self.lose(str(error))
            raise

    def _check(self) -> None:
        if self._lost is not None:
            raise LinkDownError(self._lost)
