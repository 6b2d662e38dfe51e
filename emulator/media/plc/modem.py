"""Emulated PLC modems between a host's serial port and the line."""

from emulator.host import Modem
from emulator.media.plc.line import Line, Transmission
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, NAK, Command, Frame, Status

TRANSPARENT_BUFFER = 250  # bytes: KQ-130F data sheet; what comes on top is lost
BUSY_SENDING, BUSY_RECEIVING = 0x02, 0x04  # bits of the ST7580's status byte
_OWN_VERSION = b"OpenCombiner 1"


class TransparentModem(Modem):
    """Bytes in, bytes out (KQ-130F class).

    As the real one it begins to send with the first byte from the host; bytes that follow while it still sends
    join the same frame. With `echo` the board hands every byte back to the host at once.
    """

    early = True

    def __init__(self, line: Line, *, echo: bool) -> None:
        super().__init__()
        self._line = line
        self._echo = echo
        self._sending: Transmission | None = None
        self.overrun_bytes = 0
        line.join(self)

    def hear(self, data: bytes) -> None:
        """Hand what came off the line to the host."""
        self.port.put(data)

    def taken(self, chunk: bytes) -> None:
        """Send bytes from the host."""
        if self._echo:
            self.port.put(chunk)
        waiting = len(self._sending.data) - self._line.on_air(self._sending) if self._sending else 0
        fits = chunk[: TRANSPARENT_BUFFER - waiting]
        self.overrun_bytes += len(chunk) - len(fits)
        if not fits:
            return
        if self._sending:
            self._line.extend(self._sending, fits)
        else:
            self._sending = self._line.send(self, fits, self._sent)

    def _sent(self) -> None:
        self._sending = None


class St7580Modem(Modem):
    """Host frames in, checked datagrams out (ST7580, data-link service).

    It listens before it talks: a data request while the line is busy is refused, with a status that says why.
    """

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._deframer = st7580.Deframer()
        self._mib: dict[int, bytes] = {st7580.Mib.FIRMWARE_VERSION: _OWN_VERSION}
        self._sending = False
        self._unacknowledged: Frame | None = None
        line.join(self)

    def hear(self, data: bytes) -> None:
        """Hand a datagram from the line to the host."""
        if len(data) <= st7580.MAX_PAYLOAD:
            self._tell(st7580.indication(data))

    def taken(self, chunk: bytes) -> None:
        """Act on host frames."""
        damaged = self._deframer.damaged
        for item in self._deframer.feed(chunk):
            self._act(item)
        for _ in range(self._deframer.damaged - damaged):
            self.port.put(st7580.encode(NAK))

    def _act(self, item: st7580.Item) -> None:
        match item:
            case Frame():
                self._request(item)
            case st7580.Handshake.ACK:
                self._unacknowledged = None
            case st7580.Handshake.NAK if self._unacknowledged:
                self.port.put(st7580.encode(self._unacknowledged, repeated=True))
                self._unacknowledged = None
            case st7580.Handshake.NAK | Status():
                pass  # nothing to repeat; a host sends no status

    def _request(self, frame: Frame) -> None:
        busy = self._sending * BUSY_SENDING | (not self._sending and self._line.busy) * BUSY_RECEIVING
        if frame.command is Command.DL_DATA_REQ and busy:
            self.port.put(st7580.encode(Status(busy)) + st7580.encode(NAK))
            return
        self.port.put(st7580.encode(ACK))
        if frame.command is Command.DL_DATA_REQ and self._configured and len(frame.data) > 1:
            self._sending = True
            self._line.send(self, st7580.payload_of(frame), self._sent)
        else:
            self._tell(self._answer(frame))

    @property
    def _configured(self) -> bool:
        return self._mib.get(st7580.Mib.MODEM_CONFIGURATION) == bytes((st7580.DL_SERVICE,))

    def _answer(self, frame: Frame) -> Frame:
        match frame.command:
            case Command.MIB_WRITE_REQ if frame.data:
                self._mib[frame.data[0]] = frame.data[1:]
                return Frame(Command.MIB_WRITE_CNF)
            case Command.MIB_READ_REQ if frame.data[:1] and frame.data[0] in self._mib:
                return Frame(Command.MIB_READ_CNF, self._mib[frame.data[0]])
            case Command.PING_REQ:
                return Frame(Command.PING_CNF, frame.data)
            case Command.RESET_REQ:
                self._mib = {st7580.Mib.FIRMWARE_VERSION: _OWN_VERSION}
                return Frame(Command.RESET_CNF)
            case refused:
                return Frame(_REFUSALS.get(refused, Command.SYNTAX_ERR))

    def _sent(self) -> None:
        self._sending = False
        self._tell(st7580.confirmation())

    def _tell(self, frame: Frame) -> None:
        self._unacknowledged = frame
        self.port.put(st7580.encode(frame))


_REFUSALS = {
    Command.DL_DATA_REQ: Command.DL_DATA_ERR,
    Command.MIB_WRITE_REQ: Command.MIB_WRITE_ERR,
    Command.MIB_READ_REQ: Command.MIB_READ_ERR,
}
