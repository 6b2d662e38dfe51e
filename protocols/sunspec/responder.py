"""An inverter that speaks SunSpec over Modbus TCP: the device's side."""

from struct import iter_unpack

from protocols.errors import RemoteProtocolError
from protocols.modbus import mbap, pdu
from protocols.modbus.register_map import read
from protocols.profile import Device
from protocols.sunspec.model_123 import FIRST, LAST
from protocols.sunspec.side import Maker, SunSpecSide


class TcpSide:
    """Answers requests at whatever unit id they name: who shares an address has told its units apart before.

    Never raises, whatever it hears.
    """

    def __init__(self, device: Device, maker: Maker) -> None:
        self._sunspec = SunSpecSide(device, maker)
        self._node = 1  # as the last request named it
        self._blocks = self._sunspec.blocks(lambda: self._node)

    def concerns(self, datagram: bytes) -> bool:
        """Tell whether it may be a request."""
        return len(datagram) >= mbap.MIN_ADU

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        """Return the answer to a request; silence to what is none."""
        try:
            self._node, body = mbap.decode(datagram)
            request = pdu.decode_request(body)
        except RemoteProtocolError:
            return ()
        answer = mbap.encode(self._node, self._serve(request, now).encode())
        return (mbap.stamped(answer, mbap.transaction(datagram)),)

    def _serve(self, request: pdu.Request | pdu.ExceptionAnswer, now: float) -> pdu.Answer:
        match request:
            case pdu.ExceptionAnswer():
                return request
            case pdu.ReadRequest(start, count, function):
                if function != pdu.Function.READ_HOLDING:
                    return pdu.ExceptionAnswer(function, pdu.ExceptionCode.ILLEGAL_FUNCTION)
                data = read(self._blocks, start, count, now)
                if data is None:
                    return pdu.ExceptionAnswer(function, pdu.ExceptionCode.ILLEGAL_ADDRESS)
                return pdu.ReadAnswer(data)
            case pdu.WriteRequest():
                refused = self._write(request, now)
                return pdu.ExceptionAnswer(request.function, refused) if refused else request.answer()

    def _write(self, request: pdu.WriteRequest, now: float) -> pdu.ExceptionCode | None:
        at = self._sunspec.controls_at
        words = [word for (word,) in iter_unpack(">H", request.data)]
        if not at + FIRST <= request.start <= request.start + len(words) - 1 <= at + LAST:
            return pdu.ExceptionCode.ILLEGAL_ADDRESS
        return self._sunspec.controls.write(request.start - at, words, now)
