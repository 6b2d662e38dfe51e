"""The face of an M-Gateway: one gateway's inverters in the map that its clients know.

A site has no storage: its ratings, powers and counters read 0, and it is idle. What a meter at
the grid says is shown as of phase 1; without one, and once it is silent, its registers read as the numbers that mean
nothing. Nobody counts its energy: the counters read 0. What is set for either is refused, but "no limit".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.faces import MGatewayFace
from config.plant import gateway_of, profile_of
from config.site import Gateway, Site
from gateway.alarms.plant import branch_subject, gateway_subject
from gateway.alarms.states import ACTIVE
from gateway.control.order import Order, Verb
from gateway.faces.desk import Desk, InForce, Plant, Wish
from gateway.faces.modbus_server import Answer, modbus_server
from gateway.faces.tcp_server import TcpServer
from gateway.meter import Measured
from gateway.snapshot import CommState, InverterView
from protocols.errors import ConfigError
from protocols.modbus.pdu import ExceptionCode
from protocols.points import SN, VAR, VR, Channel, Point, Value, W
from protocols.states import Quality
from protocols.vendors.atmoce import northbound as y

FULL_PCT = 100.0
FIRMWARE = "01.01.00.29.00"  # clients judge by it which registers are there: the first that documents all of these
_HARDWARE, _PROTOCOL = 0x0200, 0x0106  # 2.0, V1.6
_IDLE, _SELF_CONSUMPTION, _EXIT = 99, 1, 2
_REACHED = (CommState.ONLINE, CommState.DEGRADED)
_STEPS_PER_PCT = 10
_NEUTRAL: Mapping[Point, int] = {  # settings for what the site has not, and the only number that they take
    y.FORCED: _EXIT,
    y.CHARGE_MAX: y.NO_LIMIT,
    y.DISCHARGE_MAX: y.NO_LIMIT,
    y.EXPORT_MAX: y.NO_LIMIT,
    y.IMPORT_MAX: y.NO_LIMIT,
}
_NOTHING_THERE: Mapping[Channel, Value] = {
    **{Channel(point): 0 for point in (y.STO_RATED, y.STO_CAPACITY, y.STO_W, y.STO_VAR, y.STO_SOC, y.STO_RUN)},
    **{Channel(point): 0 for point in (y.CHARGE_NOW, y.DISCHARGE_NOW, y.ISLAND, y.GRID_SET, y.DISPATCH_W)},
    **{Channel(point): 0 for point in (y.FORCED_MODE, y.FORCED_SOC, y.FORCED_MIN, y.FORCED_W)},
    **{Channel(point): None for point in (y.CHARGE_MAX, y.DISCHARGE_MAX, y.EXPORT_MAX, y.IMPORT_MAX, y.GRID_W)},
    **{Channel(point, phase): None for point in (y.GRID_V, y.GRID_A) for phase in (1, 2, 3)},
    **{
        Channel(point, span): 0
        for point in (y.CHARGED_WH, y.DISCHARGED_WH, y.EXPORT_WH, y.IMPORT_WH)
        for span in (0, 1)
    },
    Channel(y.STO_STATE): _IDLE,
    Channel(y.STO_MODE): _SELF_CONSUMPTION,
    Channel(y.FORCED): _EXIT,
}


@dataclass(frozen=True, slots=True)
class Box:
    """The M-Gateway as it never changes: its id, its `target` in commands, its slots, whose alarms are its fault."""

    gateway: str
    target: str
    serial: str
    slots: tuple[str, ...]
    subjects: frozenset[str]
    rated_w: float


@dataclass(frozen=True, slots=True)
class Told:
    """What clients have set: whether they rule, and their two limits, of which the tighter one is in force."""

    remote: bool = False
    pct: float = FULL_PCT
    most_w: int | None = None

    def tighter(self, rated_w: float) -> tuple[float, str]:
        """Return the limit that is in force, and its unit."""
        if self.most_w is not None and self.most_w < self.pct / FULL_PCT * rated_w:
            return float(self.most_w), "W"
        return self.pct, "%"


def serve(face: MGatewayFace, site: Site, desk: Desk, name: str) -> TcpServer:
    """Return the server of a section of the site file. Raises ConfigError where it has no gateway to stand for."""
    gateway = gateway_of(site, face)
    if gateway is None:
        raise ConfigError(f"{name}.gateway: there is no such gateway with role {face.role}")
    map_ = MGateway(box_of(gateway, face.serial), strict=face.unknown == "strict")
    return modbus_server(map_, desk, section=face, name=name)


def box_of(gateway: Gateway, serial: str | None) -> Box:
    """Return what stands in the site file of a gateway."""
    models = profile_of(gateway).models
    units = [unit for branch in gateway.branches for unit in branch.inverters]
    target, slots = gateway_subject(gateway.id), tuple(unit.id for unit in units)
    subjects = frozenset((target, *(branch_subject(branch.id) for branch in gateway.branches), *slots))
    rated_w = sum(models[unit.model].rated_w for unit in units)
    return Box(gateway.id, target, serial or gateway.id[:20], slots, subjects, rated_w)


class MGateway:
    """The register map; keeps what clients have set. `strict`: what is not there gets an exception, else silence."""

    def __init__(self, box: Box, *, strict: bool) -> None:
        self._box = box
        self._nothing = ExceptionCode.ILLEGAL_ADDRESS if strict else None
        self._told = Told()

    def answer(self, plant: Plant, unit: int, address: int, count: int) -> Answer:
        """Return registers of the map."""
        if unit != y.UNIT or not y.whole(address, count):
            return self._nothing
        return y.cut(values_of(plant, self._box, self._told), address, count)

    def written(
        self, plant: Plant, unit: int, address: int, data: bytes, by: str
    ) -> Sequence[Wish] | ExceptionCode | None:
        """Return what a write asks for, and keep what it sets."""
        settings = y.settings(address, data) if unit == y.UNIT else None
        if settings is None:
            return ExceptionCode.ILLEGAL_VALUE if unit == y.UNIT and address == y.RESET_AT else self._nothing
        before = _limits(plant, self._box, self._told)
        told = _told(before, settings)
        if told is None:
            return ExceptionCode.ILLEGAL_VALUE
        self._told = told
        if told.tighter(self._box.rated_w) == before.tighter(self._box.rated_w):
            return ()
        value, of = told.tighter(self._box.rated_w)
        return (Order(target=self._box.target, verb=Verb.LIMIT, by=by, value=value, unit=of),)


def _told(told: Told, settings: Mapping[Point, int]) -> Told | None:
    """Return what is set after a write; None when it may not be. Leaving remote control takes its limits back."""
    if settings.get(y.REMOTE, 0) > 1:
        return None
    remote = told.remote if y.REMOTE not in settings else settings[y.REMOTE] == 1
    for point, raw in settings.items():
        if point is y.PV_MAX and remote:
            told = replace(told, most_w=None if raw == y.NO_LIMIT else raw)
        elif point is y.PCT and remote and raw <= FULL_PCT * _STEPS_PER_PCT:
            told = replace(told, pct=raw / _STEPS_PER_PCT)
        elif point is not y.REMOTE and _NEUTRAL.get(point) != raw:
            return None
    return Told() if told.remote and not remote else replace(told, remote=remote)


def _limits(plant: Plant, box: Box, told: Told) -> Told:
    """Return what clients have set as it is now: another author's limit has taken the place of theirs."""
    match plant.in_force(box.target):
        case InForce(value, "W"):
            return replace(told, most_w=round(value))
        case InForce(value, _) if told.tighter(box.rated_w)[1] == "W":
            return replace(told, pct=value, most_w=None)
        case InForce(value, _):
            return replace(told, pct=value)
        case _:
            return replace(told, pct=FULL_PCT, most_w=None)


def values_of(plant: Plant, box: Box, told: Told) -> dict[Channel, Value]:
    """Return every value of the map."""
    views = [plant.views[slot] for slot in box.slots]
    ledgers = [view.energy[0] for view in views if 0 in view.energy]
    limits = _limits(plant, box, told)
    watts, vars_ = _sum(views, W), _sum(views, VAR)
    return {
        **_NOTHING_THERE,
        **_metered(plant.meter(box.gateway)),
        Channel(SN): box.serial,
        Channel(y.HARDWARE): _HARDWARE,
        Channel(VR): FIRMWARE,
        Channel(y.PROTOCOL): _PROTOCOL,
        Channel(y.PV_RATED): box.rated_w,
        Channel(y.FAULT): int(_has_fault(plant, box)),
        Channel(y.PV_W): watts or 0,
        Channel(y.PV_VAR): vars_,
        Channel(y.PV_WH, 0): sum(ledger.total_wh for ledger in ledgers),
        Channel(y.PV_WH, 1): sum(ledger.day_wh for ledger in ledgers),
        Channel(y.REMOTE): int(told.remote),
        Channel(y.PCT): limits.pct,
        Channel(y.PV_MAX): limits.most_w,
    }


def _metered(said: Measured | None) -> dict[Channel, Value]:
    if said is None:
        return {}
    return {Channel(y.GRID_W): said.power_w, Channel(y.GRID_V, 1): said.voltage_v, Channel(y.GRID_A, 1): said.current_a}


def _has_fault(plant: Plant, box: Box) -> bool:
    return any(each.record.subject in box.subjects and each.record.state in ACTIVE for each in plant.standing())


def _sum(views: Sequence[InverterView], point: Point) -> float | None:
    """Return the sum over the inverters that answer; None when none of them tells."""
    answering = (view.values for view in views if view.comm in _REACHED and view.quality is Quality.GOOD)
    numbers = [value for values in answering if isinstance(value := values.get(Channel(point)), int | float)]
    return sum(numbers) if numbers else None
