"""A Modbus server over a map of 100 registers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from struct import pack
from typing import Any

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU

from gateway.control.order import Order, Refusal, Verb
from gateway.faces.desk import Plant, Wish
from gateway.faces.modbus_server import Answer, Modbus
from gateway.faces.tcp_server import WRITES_BURST, Pace
from protocols.modbus.pdu import ExceptionCode

ORDER = Order(target="site", verb=Verb.ENABLE, by="x")


@dataclass
class Map:
    """Registers 0 … 99 of unit 1 hold their own numbers; unit 2 never answers; unit 3 is at fault."""

    told: list[tuple[int, bytes, str]] = field(default_factory=list)

    def answer(self, _: Plant, unit: int, address: int, count: int) -> Answer:
        if unit != 1:
            return None if unit == 2 else ExceptionCode.NO_SUCH_UNIT
        return pack(f">{count}H", *range(address, address + count)) if address + count <= 100 else _BAD

    def written(self, _: Plant, unit: int, address: int, data: bytes, by: str) -> Sequence[Wish] | ExceptionCode | None:
        if unit != 1:
            return None if unit == 2 else ExceptionCode.NO_SUCH_UNIT
        self.told.append((address, data, by))
        return [ORDER]


_BAD = ExceptionCode.ILLEGAL_ADDRESS


@dataclass
class Desk:
    """Takes orders, or refuses them all."""

    refusal: Refusal | None = None
    orders: list[Wish] = field(default_factory=list)

    def carry_out(self, wishes: Sequence[Wish]) -> Refusal | None:
        self.orders += wishes
        return self.refusal


def server(*, writes: bool = True, desk: Desk | None = None, now: Callable[[], float] = lambda: 0.0) -> Any:
    framer = FramerSocket(DecodePDU(is_server=True))
    return Modbus(Map(), desk or Desk(), "map", writes, framer, Pace(10.0, WRITES_BURST), now)  # type: ignore[arg-type]
