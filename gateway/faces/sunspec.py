"""The SunSpec face: unit 126 is the whole site, the other unit ids are its inverters."""

from collections.abc import Sequence
from struct import iter_unpack

from config.faces import SunSpecFace
from config.grid_profiles import grid_profile, on_wire
from config.site import Site
from gateway.faces.desk import Desk, Plant, Wish
from gateway.faces.modbus_server import Answer, modbus_server
from gateway.faces.sunspec_units import Served, served
from gateway.faces.sunspec_values import Shown, Staged, Values, values_of
from gateway.faces.sunspec_writes import written
from gateway.faces.tcp_server import TcpServer
from protocols.layout import Layout
from protocols.modbus.pdu import ExceptionCode
from protocols.modbus.register_map import Block, read
from protocols.sunspec.chain import BASE, END, MARK

_NOTHING = Staged()


def serve(face: SunSpecFace, site: Site, desk: Desk, name: str) -> TcpServer:
    """Return the server of a section of the site file."""
    profile = on_wire(grid_profile(site.grid_profile))
    units = served(site, face, profile.v_nom, profile.hz_nom)
    shown = Shown(face.stale_s, face.writes, profile.enter_service)
    return modbus_server(SunSpec(units, shown), desk, section=face, name=name)


class SunSpec:
    """The register map of one port; keeps what clients have set and not enabled, by unit id."""

    def __init__(self, units: dict[int, Served], shown: Shown) -> None:
        self._units = units
        self._shown = shown
        self._staged: dict[int, Staged] = {}

    def answer(self, plant: Plant, unit: int, address: int, count: int) -> Answer:
        """Return registers of the chain."""
        found = self._units.get(unit)
        if found is None:
            return ExceptionCode.NO_SUCH_UNIT
        blocks = self._blocks(found, values_of(plant, found, self._staged.get(unit, _NOTHING), self._shown))
        data = read(blocks, address, count, 0.0)
        return ExceptionCode.ILLEGAL_ADDRESS if data is None else data

    def written(
        self, plant: Plant, unit: int, address: int, data: bytes, by: str
    ) -> Sequence[Wish] | ExceptionCode | None:
        """Return what a write asks for, and keep what it sets."""
        found = self._units.get(unit)
        if found is None:
            return ExceptionCode.NO_SUCH_UNIT
        words = [word for (word,) in iter_unpack(">H", data)]
        came_of_it = written(plant, found, self._staged.get(unit, _NOTHING), address, words, by)
        if isinstance(came_of_it, ExceptionCode):
            return came_of_it
        self._staged[unit] = came_of_it.staged
        return came_of_it.wishes

    @staticmethod
    def _blocks(unit: Served, values: Values) -> list[Block]:
        def block(at: int, layout: Layout) -> Block:
            return Block(at, layout.size // 2, lambda _: layout.pack(values))

        last_at, last = unit.models[-1]
        mark = Block(BASE, len(MARK) // 2, lambda _: MARK)
        end = Block(last_at + last.size // 2, len(END) // 2, lambda _: END)
        return [mark, *(block(at, layout) for at, layout in unit.models), end]
