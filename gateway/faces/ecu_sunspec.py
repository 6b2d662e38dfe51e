"""The SunSpec port that a stock ECU has: each of its inverters is a unit, and a limit is for all of them.

Event bits are numbered as the standard has them; a stock ECU numbers them from the other end.
"""

from collections.abc import Sequence
from struct import iter_unpack

from config.faces import SINGLES, EcuSunSpecFace
from config.grid_profiles import grid_profile, on_wire
from config.site import Site
from gateway.faces.desk import Desk, Plant, Wish
from gateway.faces.ecu_units import Ecu, Unit, ecu
from gateway.faces.modbus_server import Answer, modbus_server
from gateway.faces.sunspec_units import Served
from gateway.faces.sunspec_values import Shown, Staged, Values, shown_limit, values_of
from gateway.faces.sunspec_writes import written
from gateway.faces.tcp_server import TcpServer
from protocols.layout import Layout
from protocols.modbus.pdu import ExceptionCode
from protocols.modbus.register_map import Block, read
from protocols.points import DCA, DCV, DCW, W_MAX_LIM_PCT, Channel
from protocols.sunspec.chain import BASE
from protocols.sunspec.models import EVT_VND1, EVT_VND2, W_MAX_LIM_ENA, W_MAX_LIM_RVRT
from protocols.sunspec.view import Nameplate
from protocols.vendors.apsystems.ecu_sunspec import LAST, around, stock_chain

_MAKER = "APsystems"
_NOTHING = Staged()
_UNUSED: Values = dict.fromkeys(map(Channel, (DCA, DCV, DCW, EVT_VND1, EVT_VND2)))


def serve(face: EcuSunSpecFace, site: Site, desk: Desk, name: str) -> TcpServer:
    """Return the server of a section of the site file. Raises ConfigError."""
    profile = on_wire(grid_profile(site.grid_profile))
    shown = Shown(face.stale_s, face.writes, profile.enter_service)
    served = EcuSunSpec(ecu(site, face, name), shown, profile.v_nom, profile.hz_nom)
    return modbus_server(served, desk, section=face, name=name)


class EcuSunSpec:
    """The register map; keeps what clients have set and not enabled."""

    def __init__(self, served: Ecu, shown: Shown, v_nom: float, hz_nom: float) -> None:
        def one(number: int, units: Sequence[Unit], target: str) -> Served:
            return _served(number, units, target, served.after_pct, (v_nom, hz_nom))

        self._units = {
            number: one(number, [unit], unit.slot) for number, unit in enumerate(served.units[:SINGLES], start=1)
        }
        self._array = one(0, served.units, served.target)
        self._shown = shown
        self._staged = _NOTHING

    def answer(self, plant: Plant, unit: int, address: int, count: int) -> Answer:
        """Return registers of a unit's chain; silence where there are none."""
        found = self._units.get(unit)
        if found is None or not BASE <= address <= address + count - 1 <= LAST:
            return None
        return read(self._blocks(found, self._values(plant, found)), address, count, 0.0)

    def written(
        self, plant: Plant, unit: int, address: int, data: bytes, by: str
    ) -> Sequence[Wish] | ExceptionCode | None:
        """Return what a write asks for, of all units whichever was named, and keep what it sets."""
        if unit not in self._units or not BASE <= address <= LAST:
            return None
        words = [word for (word,) in iter_unpack(">H", data)]
        came_of_it = written(plant, self._array, self._staged, address, words, by)
        if isinstance(came_of_it, ExceptionCode):
            return came_of_it
        self._staged = came_of_it.staged
        return came_of_it.wishes

    def _values(self, plant: Plant, unit: Served) -> Values:
        limit = shown_limit(plant, self._array, self._staged)
        return {
            **values_of(plant, unit, _NOTHING, self._shown),
            **_UNUSED,
            Channel(W_MAX_LIM_PCT): limit.pct,
            Channel(W_MAX_LIM_ENA): int(limit.enabled),
            Channel(W_MAX_LIM_RVRT): limit.revert_s,
        }

    @staticmethod
    def _blocks(unit: Served, values: Values) -> list[Block]:
        def block(at: int, layout: Layout) -> Block:
            return Block(at, layout.size // 2, lambda _: layout.pack(values))

        return [*(block(at, layout) for at, layout in unit.models), *around(unit.models)]


def _served(number: int, units: Sequence[Unit], target: str, after_pct: float, nominal: tuple[float, float]) -> Served:
    """Return what a unit id stands for, or all of them together."""
    first, rated_w = units[0], sum(unit.model.rated_w for unit in units)
    v_nom, hz_nom = nominal
    plate = Nameplate(
        maker=_MAKER,
        model=first.model.name,
        options="",
        firmware=None,
        serial=first.serial,
        node=number,
        ports=first.model.ports,
        rated_w=rated_w,
        rated_a=sum(unit.model.rated_a for unit in units),
        pf_min=None,
        v_nom=v_nom,
        hz_nom=hz_nom,
    )
    phases = first.model.phases
    slots = tuple(unit.slot for unit in units)
    return Served(target, slots, plate, phases, phases == 3, after_pct, False, stock_chain(phases))
