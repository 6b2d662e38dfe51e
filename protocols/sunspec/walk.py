"""Finding the models of a device that nobody has described: the chain is walked from header to header."""

from collections.abc import Mapping

from protocols.exchange import Cause, Done, Exchange, Failed, Send, Step, Wait
from protocols.modbus.exchange import TCP, ReadRegisters
from protocols.modbus.pdu import MAX_READ
from protocols.sunspec.chain import MARK

BASES = (40000, 50000, 0)  # where devices have their mark
MAX_MODELS = 60  # of one device: a longer chain is no chain
WITHIN_S = 1.0  # devices that ask their inverter part first take several hundred ms
TRIES = 2
_HEADER = 2  # registers: ID and length
_END = 0xFFFF
_LAST = 0x10000


class Walk:
    """Read the models of some ids, each from its ID on; the value has those that the device has, with their places.

    A model comes with the header of the next one. Fails with MISMATCH where there is no mark, or no end.
    """

    def __init__(self, node: int, wanted: frozenset[int]) -> None:
        self._node = node
        self._wanted = wanted
        self._bases = list(BASES)
        self._found: dict[int, tuple[int, bytes]] = {}
        self._passed = 0
        self._at = 0  # of the model that is read, or of the header
        self._missing = 0  # registers of the model that are still to come, with the next header
        self._data = b""
        self._reading: Exchange[bytes] | None = None

    def start(self) -> Step[Mapping[int, tuple[int, bytes]]]:
        """Ask for the mark at the next place."""
        if not self._bases:
            return Failed(Cause.MISMATCH, "no SunSpec mark")
        self._at = self._bases.pop(0)
        return self._read(self._at, len(MARK) // 2 + _HEADER)

    def received(self, datagram: bytes) -> Step[Mapping[int, tuple[int, bytes]]]:
        """Take registers."""
        return self._judge(self._reading.received(datagram)) if self._reading else Wait()

    def timed_out(self) -> Step[Mapping[int, tuple[int, bytes]]]:
        """Ask again, or give up."""
        return self._judge(self._reading.timed_out()) if self._reading else Wait()

    def _read(self, at: int, count: int) -> Step[Mapping[int, tuple[int, bytes]]]:
        self._reading = ReadRegisters(self._node, at, count, within_s=WITHIN_S, tries=TRIES, framing=TCP)
        return self._judge(self._reading.start())

    def _judge(self, step: Step[bytes]) -> Step[Mapping[int, tuple[int, bytes]]]:
        match step:
            case Done(data):
                return self._take(data)
            case Failed(Cause.REFUSED) if not self._passed:
                return self.start()
            case Send() | Wait() | Failed():
                return step

    def _take(self, data: bytes) -> Step[Mapping[int, tuple[int, bytes]]]:
        if not self._passed:
            if data[: len(MARK)] != MARK:
                return self.start()
            self._at += len(MARK) // 2
            return self._header(data[len(MARK) :])
        self._data += data
        self._missing -= len(data) // 2
        if self._missing:
            return self._rest()
        model, header = self._data[: -2 * _HEADER], self._data[-2 * _HEADER :]
        if model:
            self._found[int.from_bytes(model[:2], "big")] = self._at, model
            self._at += len(model) // 2
        return self._header(header)

    def _header(self, header: bytes) -> Step[Mapping[int, tuple[int, bytes]]]:
        """Go on with the model that begins with a header."""
        self._passed += 1
        number, length = int.from_bytes(header[:2], "big"), int.from_bytes(header[2:], "big")
        if number == _END or self._wanted <= self._found.keys():
            return Done(self._found)
        size = _HEADER + length
        if self._passed > MAX_MODELS or self._at + size + _HEADER > _LAST:
            return Failed(Cause.MISMATCH, "a chain of models without an end")
        wanted = number in self._wanted and number not in self._found
        self._data, self._missing = b"", (size if wanted else 0) + _HEADER
        self._at += 0 if wanted else size
        return self._rest()

    def _rest(self) -> Step[Mapping[int, tuple[int, bytes]]]:
        return self._read(self._at + len(self._data) // 2, min(self._missing, MAX_READ))
