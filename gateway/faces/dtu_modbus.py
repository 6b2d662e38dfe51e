"""The DTU-Pro's Modbus map. Its addresses count bytes: `count` registers from A are the bytes A … A + 2 count - 1.

    1000 + 40 n   record of input n (`protocols/vendors/hoymiles/northbound.py`); one without a serial ends the list
    2000          serial of the DTU, 6 bytes          2056 + 6 n    serial of inverter n
    2501          TCP port, 2 bytes                   2503          RS485: Modbus, address 1

Control (functions 1, 2, 5, 15) counts items, each a word on reading: on or off, limit in %, four that are reserved;
first for all at C000, then for the inverter of input n at C006 + 6 n.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from config.faces import DTU_INPUTS, DtuModbusFace
from config.site import Site
from gateway.control.order import Order, Verb
from gateway.faces.desk import Desk, Plant, Wish
from gateway.faces.dtu_units import PRODUCING, Dtu, Unit, dtu
from gateway.faces.modbus_server import Answer, modbus_server
from gateway.faces.now import Now
from gateway.faces.tcp_server import TcpServer
from protocols.modbus.pdu import ExceptionCode
from protocols.points import CONN, DCA, DCV, DCW, DCWH_DAY, DCWH_INJ, HZ, LNV, TMP_CAB, Channel, Value
from protocols.vendors.hoymiles import northbound as n

RECORDS_AT, SERIAL_AT, LIST_AT, PORT_AT, CONTROL_AT = 0x1000, 0x2000, 0x2056, 0x2501, 0xC000
RECORD_KIND = 0x3C
RECORD_BYTES = n.PORT_RECORD.size
END_MARK = b"\x0c".ljust(RECORD_BYTES, b"\0")
ITEMS = 6  # of control, for each input
ON, LIMIT = 0, 1  # which of them
LEAST_PCT, MOST_PCT = 2, 100
_OFF_WORDS, _ON_WORDS = frozenset((0,)), frozenset((1, 0xFF, 0xFF00))
_RS485_MODBUS, _RS485_ADDRESS = 1, 1

_Render: TypeAlias = Callable[[Plant, int, int], bytes]


def serve(face: DtuModbusFace, site: Site, desk: Desk, name: str) -> TcpServer:
    """Return the server of a section of the site file. Raises ConfigError."""
    served = DtuModbus(dtu(site, face, name), face.port)
    return modbus_server(served, desk, section=face, name=name, coils=served)


@dataclass(frozen=True, slots=True)
class _Area:
    """Bytes of the map; `render` makes those between two places in it."""

    at: int
    size: int
    render: _Render


class DtuModbus:
    """The map of one DTU; it has no other behind it, so every unit id is its own."""

    def __init__(self, served: Dtu, port: int) -> None:
        self._dtu = served
        self._inputs = list(served.inputs)[:DTU_INPUTS]
        serials = b"".join(bytes.fromhex(unit.serial) for unit in served.units).ljust(6 * DTU_INPUTS, b"\0")
        settings = port.to_bytes(2, "big") + bytes((_RS485_MODBUS, _RS485_ADDRESS))
        self._areas = (
            _Area(RECORDS_AT, RECORD_BYTES * (DTU_INPUTS + 1), self._records),
            _still(SERIAL_AT, bytes.fromhex(served.serial)),
            _still(LIST_AT, serials[: 6 * DTU_INPUTS]),
            _still(PORT_AT, settings),
        )

    def answer(self, plant: Plant, _: int, address: int, count: int) -> Answer:
        """Return bytes of the map."""
        for area in self._areas:
            start = address - area.at
            if start >= 0 and start + 2 * count <= area.size:
                return area.render(plant, start, start + 2 * count)
        return ExceptionCode.ILLEGAL_ADDRESS

    def written(self, _plant: Plant, _unit: int, _address: int, _data: bytes, _by: str) -> ExceptionCode:
        """Refuse: nothing of the map is written by registers."""
        return ExceptionCode.ILLEGAL_FUNCTION

    def coils(self, plant: Plant, _: int, address: int, count: int) -> Answer:
        """Return items of control, two bytes each."""
        start = address - CONTROL_AT
        if not 0 <= start <= start + count <= ITEMS * (len(self._inputs) + 1):
            return ExceptionCode.ILLEGAL_ADDRESS
        return b"".join(self._item(plant, item).to_bytes(2, "big") for item in range(start, start + count))

    def coil_written(self, plant: Plant, _: int, address: int, value: int, by: str) -> Sequence[Wish] | ExceptionCode:
        """Return the order that an item of control amounts to; a limit is the number, however it comes."""
        row, item = divmod(address - CONTROL_AT, ITEMS)
        if not 0 <= row <= len(self._inputs) or item not in (ON, LIMIT):
            return ExceptionCode.ILLEGAL_ADDRESS
        target = self._dtu.target if row == 0 else self._inputs[row - 1][0].slot
        if item == ON and value in _ON_WORDS | _OFF_WORDS:
            return [Order(target=target, verb=Verb.ENABLE if value in _ON_WORDS else Verb.DISABLE, by=by)]
        if item == LIMIT and LEAST_PCT <= value <= MOST_PCT:
            limit = Order(target=target, verb=Verb.LIMIT, by=by, value=float(value), unit="%")
            return self._dtu.everywhere(plant, limit) if row == 0 else [limit]
        return ExceptionCode.ILLEGAL_VALUE

    def _records(self, plant: Plant, start: int, stop: int) -> bytes:
        first, last = start // RECORD_BYTES, (stop - 1) // RECORD_BYTES
        rows = b"".join(self._record(plant, number) for number in range(first, last + 1))
        return rows[start - first * RECORD_BYTES :][: stop - start]

    def _record(self, plant: Plant, number: int) -> bytes:
        if number >= len(self._inputs):
            return END_MARK
        unit, port = self._inputs[number]
        return record(unit, port, Now(plant.views[unit.slot]))

    def _item(self, plant: Plant, place: int) -> int:
        row, item = divmod(place, ITEMS)
        units = self._dtu.units if row == 0 else (self._inputs[row - 1][0],)
        if item == ON:
            return int(any(_is_on(plant, unit) for unit in units))
        if item == LIMIT:
            return round(self._dtu.limit_pct(plant) if row == 0 else Now(plant.views[units[0].slot]).limit_pct)
        return 0


def record(unit: Unit, port: int, now: Now) -> bytes:
    """Return the record of an input."""
    layout = n.PORT_RECORD_MI if unit.serial.startswith("10") else n.PORT_RECORD
    alarms, energy = now.alarms(port), now.energy(port)
    values: dict[Channel, Value] = {
        Channel(n.RECORD_KIND): RECORD_KIND,
        Channel(n.SERIAL_HIGH): unit.number >> 32,
        Channel(n.SERIAL_LOW): unit.number & 0xFFFF_FFFF,
        Channel(n.PORT): port,
        Channel(DCWH_DAY): energy.day_wh,
        Channel(DCWH_INJ): energy.total_wh,
        Channel(n.STATUS): PRODUCING if now.producing else 0,
        Channel(n.ALARM): alarms[0] if alarms else 0,
        Channel(n.ALARM_COUNT): len(alarms),
        Channel(n.LINK): int(now.reached),
    }
    values |= {Channel(point): now.number(point, port) for point in (DCV, DCA, DCW)}
    values |= {Channel(point): now.number(point) for point in (LNV, HZ, TMP_CAB)}
    return layout.pack(values)


def _still(at: int, data: bytes) -> _Area:
    return _Area(at, len(data), lambda _, start, stop: data[start:stop])


def _is_on(plant: Plant, unit: Unit) -> bool:
    """Tell whether a unit is on; one that has not said is."""
    return plant.views[unit.slot].values.get(Channel(CONN)) != 0
