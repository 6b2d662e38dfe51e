"""How two kinds of modem carry a datagram."""

import asyncio
from enum import Enum
from typing import Protocol, TypeAlias

from drivers.link import LinkCounters
from drivers.plc.settings import PlcSettings
from drivers.stream import ByteStream
from protocols.errors import LinkDownError, RemoteProtocolError
from protocols.modbus import rtu
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, NAK, Command, Frame, Handshake, Mib, Modulation, Status

ACK_S = 0.25  # the vendor's hosts wait 0.05 s; a USB adapter or a socket in between takes its share
CONFIRM_S = 1.0  # what the vendor's hosts grant for a confirmation
_STARTS = 3
_UART_BITS = 10  # per byte: start, 8 data, stop
_ECHO_NOISE = 4  # an echo has ended this many bytes after its length; what ends later is an answer like the request


class Note(Enum):
    """What a modem says about a request."""

    SENT = "sent"
    REFUSED = "refused"


Heard: TypeAlias = bytes | Note


class Modem(Protocol):
    """One opening of a modem."""

    early: bool  # may hand bytes up before the frame is whole
    confirm_s: float  # how long it may take to say that a request has left; 0: it does not say so

    @property
    def pending(self) -> int:
        """Return how many bytes wait for the rest of a frame."""
        ...

    async def start(self) -> None:
        """Make the modem ready. Raises LinkDownError when it does not answer."""
        ...

    async def send(self, datagram: bytes) -> bool:
        """Hand a datagram over; False when the modem refuses. Raises LinkDownError."""
        ...

    async def take(self, chunk: bytes) -> list[Heard]:
        """Return what bytes from the modem complete. Raises LinkDownError."""
        ...

    def forget(self) -> None:
        """Drop half a frame: a new request makes it stale."""
        ...


class Transparent:
    """Bytes in, bytes out: frames are found by their length and CRC."""

    early = True
    confirm_s = 0.0

    def __init__(self, stream: ByteStream, settings: PlcSettings, counters: LinkCounters) -> None:
        self._stream = stream
        self._echoes = settings.echo
        self._counters = counters
        self._deframer = rtu.Deframer()
        self._echo = b""
        self._taken = 0  # bytes since the last request
        self._counted = 0  # of the bytes that the deframer dropped
        self._whole = True  # a frame was found since the last request

    @property
    def pending(self) -> int:
        """Return how many bytes wait for the rest of a frame."""
        return len(self._deframer)

    async def start(self) -> None:
        """Nothing to do."""

    async def send(self, datagram: bytes) -> bool:
        """Write the datagram; an echo will follow when the modem is set to echo."""
        self._echo = datagram if self._echoes else b""
        self._taken = 0
        self._whole = False
        await self._stream.write(datagram)
        return True

    async def take(self, chunk: bytes) -> list[Heard]:
        """Return the frames that the bytes complete."""
        before = self._taken
        self._taken += len(chunk)
        heard: list[Heard] = []
        for frame in self._deframer.feed(chunk):
            if frame == self._echo and before < len(frame) + _ECHO_NOISE:
                self._echo = b""
            else:
                heard.append(frame)
        self._whole = self._whole or bool(heard)
        return heard

    def forget(self) -> None:
        """Drop half a frame and count: a frame's worth of bytes without a frame was a damaged one."""
        self._deframer.clear()
        dropped = self._deframer.dropped_bytes - self._counted
        self._counters.noise_bytes += dropped
        self._counters.damaged += dropped >= rtu.MIN_ADU and not self._whole
        self._counted = self._deframer.dropped_bytes
        self._whole = True


class St7580:
    """Host frames of the ST7580 in data-link mode.

    The host line T_REQ is not driven: the module has to tie it, or the adapter to raise it.
    """

    early = False  # an indication comes when the frame has ended
    confirm_s = CONFIRM_S
    options = st7580.data_options(Modulation.BPSK_CODED)

    def __init__(self, stream: ByteStream, settings: PlcSettings, counters: LinkCounters) -> None:
        self._stream = stream
        self._byte_s = _UART_BITS / settings.baud
        self._baud = settings.baud
        self._turnaround_s = settings.turnaround_s
        self._counters = counters
        self._deframer = st7580.Deframer()
        self._answer: asyncio.Future[Handshake] = asyncio.get_running_loop().create_future()

    @property
    def pending(self) -> int:
        """Return how many bytes wait for the rest of a frame."""
        return len(self._deframer)

    async def start(self) -> None:
        """Select the data-link service."""
        request = st7580.mib_write(Mib.MODEM_CONFIGURATION, bytes((st7580.DL_SERVICE,)))
        for attempt in range(_STARTS):
            await self._stream.write(st7580.encode(request, repeated=attempt > 0))
            try:
                async with asyncio.timeout(CONFIRM_S):
                    return await self._configured()
            except TimeoutError:
                self._deframer.clear()
        raise LinkDownError(f"no answer from an ST7580 at {self._baud} baud")

    async def _configured(self) -> None:
        while True:
            for item in self._deframer.feed(await self._stream.read()):
                if not isinstance(item, Frame):
                    continue
                await self._stream.write(st7580.encode(ACK))
                if item.command == Command.MIB_WRITE_CNF:
                    return
                if item.command == Command.MIB_WRITE_ERR:
                    raise LinkDownError("the ST7580 refuses the data-link service")

    async def send(self, datagram: bytes) -> bool:
        """Hand the datagram over, twice if need be; False when the modem does not take it."""
        request = st7580.data_request(datagram, self.options)
        answer = None
        for repeated in (False, True):
            frame = st7580.encode(request, repeated=repeated)
            self._answer = asyncio.get_running_loop().create_future()
            await self._stream.write(frame)
            answer = await self._acknowledged(len(frame))
            if answer is ACK:
                return True
            if answer is NAK:  # damaged on the wire, or the line is busy
                await asyncio.sleep(self._turnaround_s)
        if answer is NAK:
            return False
        raise LinkDownError("the ST7580 acknowledges nothing")

    async def _acknowledged(self, frame_bytes: int) -> Handshake | None:
        try:
            async with asyncio.timeout(ACK_S + frame_bytes * self._byte_s):
                return await self._answer
        except TimeoutError:
            return None

    async def take(self, chunk: bytes) -> list[Heard]:
        """Return indications and confirmations, and acknowledge them."""
        heard: list[Heard] = []
        damaged, dropped = self._deframer.damaged, self._deframer.dropped_bytes
        for item in self._deframer.feed(chunk):
            match item:
                case Handshake():
                    self._settle(item)
                case Frame():
                    await self._stream.write(st7580.encode(ACK))
                    heard += self._frame(item)
                case Status():
                    pass
        self._counters.noise_bytes += self._deframer.dropped_bytes - dropped
        if self._deframer.damaged > damaged:
            self._counters.damaged += self._deframer.damaged - damaged
            await self._stream.write(st7580.encode(NAK))
        return heard

    def _frame(self, frame: Frame) -> list[Heard]:
        match frame.command:
            case Command.DL_DATA_IND:
                try:
                    return [st7580.payload_of(frame)]
                except RemoteProtocolError:
                    self._counters.damaged += 1
            case Command.DL_DATA_CNF:
                self._settle(ACK)  # its own acknowledgement was lost
                return [Note.SENT]
            case Command.DL_DATA_ERR | Command.SYNTAX_ERR:
                self._settle(ACK)
                return [Note.REFUSED]
            case Command.RESET_IND:
                raise LinkDownError("the ST7580 has restarted")
            case _:
                pass
        return []

    def _settle(self, answer: Handshake) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)

    def forget(self) -> None:
        """Drop half a frame."""
        self._counters.noise_bytes += len(self._deframer)
        self._deframer.clear()
