"""A unit's side of the protocol."""

from collections.abc import Mapping
from struct import iter_unpack

from protocols.errors import RemoteProtocolError
from protocols.modbus import pdu, rtu
from protocols.modbus.register_map import Block, read
from protocols.points import DA, SN, Channel, Value
from protocols.profile import Device
from protocols.sunspec.model_123 import FIRST, LAST
from protocols.sunspec.side import Maker, SunSpecSide
from protocols.vendors.atmoce import blocks
from protocols.vendors.atmoce import layout as y
from protocols.vendors.atmoce.control import Controls
from protocols.vendors.atmoce.events import EVENTS
from protocols.vendors.atmoce.models import PF_MIN

MUTE = 0  # address of a unit that has none
_MAKER = Maker("Atmoce", "open PLC profile", {code: event.kind for code, event in EVENTS.items()}, PF_MIN)


class InverterSide:
    """Answers one master for one device; never raises, whatever it hears.

    `node` is the address in non-volatile memory: it outlives the device's restarts.
    """

    def __init__(self, device: Device, node: int = MUTE) -> None:
        self.node = node
        self._device = device
        self._controls = Controls(device)
        sunspec = SunSpecSide(device, _MAKER)
        self._blocks = (*self._native(), *sunspec.blocks(lambda: self.node))
        self._writable = (  # place, first and last offset, who takes it
            (y.CONTROL_AT, 0, y.CONTROL.size // 2 - 1, self._controls.write),
            (sunspec.controls_at, FIRST, LAST, sunspec.controls.write),
        )

    def concerns(self, datagram: bytes) -> bool:
        """Tell by the address; most of what a unit hears is for another."""
        return len(datagram) > 0 and (datagram[0] == self.node or datagram[0] == rtu.BROADCAST)

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        """Return the answer to a request for this unit; silence to all else."""
        if not self.concerns(datagram):
            return ()  # before the CRC
        try:
            node, body = rtu.decode(datagram)
            request = pdu.decode_request(body)
        except RemoteProtocolError:
            return ()
        if node == rtu.BROADCAST:
            self._hear(request, now)
            return ()
        return (rtu.encode(node, self._serve(request, now).encode()),)

    def _native(self) -> tuple[Block, ...]:
        device, profile = self._device, y.GRID_PROFILE_BLOCK.size // 2
        return (
            Block(y.IDENTITY_AT, y.IDENTITY.size // 2, lambda now: blocks.identity(device, self.node, now)),
            Block(y.LIVE_AT, y.LIVE.size // 2, lambda now: blocks.live(device, now)),
            Block(y.CONTROL_AT, y.CONTROL.size // 2, lambda now: blocks.control(device, self._controls.last, now)),
            Block(y.RECORDS_AT, y.RECORDS * y.RECORD.size // 2, lambda now: blocks.records(device, now)),
            Block(y.GRID_PROFILE_AT, profile, lambda _: blocks.grid_profile(device.grid_profile)),
        )

    def _serve(self, request: pdu.Request | pdu.ExceptionAnswer, now: float) -> pdu.Answer:
        match request:
            case pdu.ExceptionAnswer():
                return request
            case pdu.ReadRequest(function=pdu.Function.READ_INPUT):
                return pdu.ExceptionAnswer(request.function, pdu.ExceptionCode.ILLEGAL_FUNCTION)
            case pdu.ReadRequest(start, count):
                data = read(self._blocks, start, count, now)
                if data is None:
                    return pdu.ExceptionAnswer(request.function, pdu.ExceptionCode.ILLEGAL_ADDRESS)
                return pdu.ReadAnswer(data)
            case pdu.WriteRequest():
                refused = self._write(request, now)
                return pdu.ExceptionAnswer(request.function, refused) if refused else request.answer()

    def _write(self, request: pdu.WriteRequest, now: float) -> pdu.ExceptionCode | None:
        words = [word for (word,) in iter_unpack(">H", request.data)]
        for at, first, last, write in self._writable:
            if at + first <= request.start and request.start + len(words) - 1 <= at + last:
                return write(request.start - at, words, now)
        return pdu.ExceptionCode.ILLEGAL_ADDRESS

    def _hear(self, request: pdu.Request | pdu.ExceptionAnswer, now: float) -> None:
        """Obey a broadcast."""
        if not isinstance(request, pdu.WriteRequest):
            return
        if request.start == y.ASSIGNMENT_AT and len(request.data) == y.ASSIGNMENT.size:
            self._assign(y.ASSIGNMENT.unpack(request.data))
        else:
            self._write(request, now)

    def _assign(self, assignment: Mapping[Channel, Value]) -> None:
        """Adopt the address that is meant for this serial; give it up when it is meant for another."""
        node = assignment[Channel(DA)]
        if not isinstance(node, int) or node > rtu.MAX_NODE:
            return
        if assignment[Channel(SN)] == self._device.serial:
            self.node = node
        elif node == self.node:
            self.node = MUTE
