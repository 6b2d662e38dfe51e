"""An emulated coordinator between a host's serial port and the air: a CC2530 with the community's firmware."""

import asyncio
from collections.abc import Callable

from emulator.host import Modem
from protocols.errors import RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import BROADCAST, Message, Scope
from protocols.modems.znp.commands import Command, Setting
from protocols.modems.znp.frame import Deframer, Frame, encode, passes
from protocols.modems.znp.network import CLUSTER_OUT
from protocols.modems.znp.startup import CLEAR_ALL
from protocols.modems.znp.status import SUCCESS, State, Status

BOOT_S = 0.4  # from a reset to its indication
JOIN_S = 1.2  # from the start to state 09; captures show 0.5 to 3 s
STARTING = 3  # times that it says state 08 meanwhile
BUFFERS = 4  # messages that it keeps until they are sent
_JUNK = (0xF0, 0xF8)  # stands between frames in captures


class Coordinator(Modem):
    """Answers its host; `transmit` puts messages on the air and calls back with their status.

    Configuration survives a reset, the network does not. Messages to units are refused as long as the host has not
    greeted since the start, broadcasts to any PAN as long as it has not asked who the coordinator is, as the
    community's firmware does. Frames longer than `uart_bytes` never reach the host.
    """

    def __init__(self, uart_bytes: int, transmit: Callable[[Message, Callable[[int], None]], None]) -> None:
        super().__init__()
        self.lost_frames = 0
        self._uart_bytes = uart_bytes
        self._transmit = transmit
        self._deframer = Deframer()
        self._memory: dict[int, bytes] = {}
        self._state = State.HOLD
        self._boots = 0
        self._registered = self._asked = self._greeted = self._stalled = False
        self._waiting = 0
        self._counter = 0

    # what happens to it

    def stall(self) -> None:
        """Answer nothing any more until a reset, as coordinators do after hours or days."""
        self._stalled = True

    def reboot(self) -> None:
        """Restart by itself, as after a dip of its supply."""
        self._reset()

    def junk(self, count: int) -> None:
        """Send bytes that belong to no frame."""
        self.port.put(bytes(_JUNK[number % 2] for number in range(count)))

    # its host

    def taken(self, chunk: bytes) -> None:
        """Act on bytes from the host."""
        for frame in self._deframer.feed(chunk):
            if frame.command == Command.RESET:
                self._reset()
            elif not self._stalled:
                self._act(frame)

    def _act(self, frame: Frame) -> None:
        match frame.command:
            case Command.PING:
                self._say(c.ping_answer())
            case Command.WRITE_CONFIGURATION if len(frame.data) > 1:
                self._memory[frame.data[0]] = frame.data[2:]
                self._say(c.answer(frame))
            case Command.REGISTER:
                self._registered = True
                self._say(c.answer(frame))
            case Command.START:
                self._say(c.answer(frame))
                self._start()
            case Command.DEVICE_INFO:
                self._asked = True
                address = self._memory.get(Setting.EXTENDED_ADDRESS, bytes(8))
                self._say(c.device_info_answer(c.DeviceInfo(SUCCESS, address, 0, self._state)))
            case Command.DATA_REQUEST | Command.DATA_REQUEST_EXT:
                self._send(frame)
            case _:
                pass  # a command that nobody uses here

    def _say(self, frame: Frame) -> None:
        if self._stalled:
            return
        if passes(frame, self._uart_bytes):
            self.port.put(encode(frame))
        else:
            self.lost_frames += 1

    # its network

    @property
    def pan(self) -> int:
        """Return its PAN."""
        return int.from_bytes(self._memory.get(Setting.PAN_ID, b"\xff\xff"), "little")

    @property
    def started(self) -> bool:
        """Tell whether it has its network, and works."""
        return self._state is State.STARTED and not self._stalled

    @property
    def listening(self) -> bool:
        """Tell whether its radio acknowledges what it hears."""
        return self.linked and self.started

    def _reset(self) -> None:
        self._boots += 1
        if self._memory.pop(Setting.STARTUP_OPTION, b"\0")[0] == CLEAR_ALL:
            self._memory.clear()
        self._state = State.HOLD
        self._registered = self._asked = self._greeted = self._stalled = False
        self._waiting = 0
        self._later(BOOT_S, lambda: self._say(c.reset_indication()))

    def _start(self) -> None:
        if not self._registered or self._memory.get(Setting.LOGICAL_TYPE) != b"\0" or self.pan == BROADCAST:
            return  # it never gets a network
        for number in range(STARTING):
            self._later(number * JOIN_S / STARTING, lambda: self._become(State.STARTING))
        self._later(JOIN_S, lambda: self._become(State.STARTED))

    def _become(self, state: State) -> None:
        self._state = state
        self._say(c.state_change(state))

    def _later(self, after_s: float, act: Callable[[], None]) -> None:
        """Do something unless the chip restarts meanwhile."""
        boots = self._boots

        def due() -> None:
            if boots == self._boots:
                act()

        asyncio.get_running_loop().call_later(after_s, due)

    # messages

    def _send(self, frame: Frame) -> None:
        try:
            request = c.request_of(frame)
        except RemoteProtocolError:
            self._say(c.answer(frame, Status.INVALID_PARAMETER))
            return
        refusal = self._refusal(request.message)
        self._say(c.answer(frame, refusal))
        if refusal != SUCCESS:
            return
        self._waiting += 1
        boots = self._boots

        def sent(status: int) -> None:
            if boots == self._boots:
                self._waiting -= 1
                self._say(c.confirm(status, request.trans))

        self._transmit(request.message, sent)

    def _refusal(self, message: Message) -> int:
        if not self.started:
            return Status.NWK_INVALID_REQUEST
        if self._waiting >= BUFFERS:
            return Status.BUFFER_FULL
        if message.scope is Scope.ANY_PAN:
            return SUCCESS if self._asked else Status.INVALID_PARAMETER
        self._greeted = self._greeted or (message.node, message.cluster) == (BROADCAST, CLUSTER_OUT)
        return SUCCESS if self._greeted else Status.INVALID_PARAMETER

    def hear(self, message: Message, relays: tuple[int, ...]) -> None:
        """Hand a message up, with the way that it has come."""
        self._counter = (self._counter + 1) % 0x100
        if relays:
            self._say(c.source_route(message.node, relays))
        self._say(c.incoming(message, counter=self._counter))
