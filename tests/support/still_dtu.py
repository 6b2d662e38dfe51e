"""A DTU with units of several families that stands still, for what its faces say and make of what they are told."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.faces import DtuModbusFace, DtuTcpFace
from config.site import Site
from gateway.control.limits import Limit
from gateway.control.order import Order, Report, UnitResult
from gateway.faces.desk import Desk
from gateway.faces.dtu_units import Dtu, dtu
from gateway.meter import Meters
from gateway.snapshot import CommState, Energy, Identity, InverterView
from protocols import points
from protocols.points import Channel, Value
from protocols.registry import vendor
from protocols.states import InvSt, Quality
from protocols.vendors.hoymiles.layout import EVT_CNT
from tests.support.emulated import UTRECHT
from tests.support.face_plant import NOON, StillPlant

UNITS = {
    "garage": ("1410A01121AE", "HMS-1000-2T"),
    "roof": ("116172207281", "HM-1500"),
    "barn": ("138240123456", "HMT-2250-6T"),
}
DTU_SERIAL = "10F872226797"
_MODELS = vendor("hoymiles").models
AC: dict[Channel, Value] = {
    Channel(points.W): 401.2,
    Channel(points.VAR): -3.1,
    Channel(points.A): 1.74,
    Channel(points.LNV): 230.1,
    Channel(points.HZ): 49.98,
    Channel(points.PF): 0.998,
    Channel(points.TMP_CAB): -4.3,
    Channel(EVT_CNT): 7,
    Channel(points.W_MAX_LIM_PCT): 80.0,
    Channel(points.CONN): 1,
}
LINES: dict[Channel, Value] = {
    Channel(point): value
    for point, value in (
        (points.VL1, 230.0),
        (points.VL2, 231.0),
        (points.VL3, 232.0),
        (points.VL1L2, 399.0),
        (points.VL2L3, 400.0),
        (points.VL3L1, 401.0),
        (points.AL1, 1.1),
        (points.AL2, 1.2),
        (points.AL3, 1.3),
    )
}


def site(*faces: dict[str, Any], units: dict[str, tuple[str, str]] | None = None) -> Site:
    """Return the site; `units` are serial and model by slot."""
    inverters = [{"slot": slot, "serial": serial, "model": model} for slot, (serial, model) in (units or UNITS).items()]
    gateway = {
        "id": "dtu",
        "role": "dtu",
        "dtu_serial": DTU_SERIAL,
        "link": {"medium": "serial_bridge", "radio": "cmt2300a", "url": "mem://x"},
        "branches": [{"id": "b1", "inverters": inverters}],
    }
    place = UTRECHT.model_copy(update={"timezone": "Europe/Amsterdam"})
    return Site.model_validate(
        {"location": place, "state_dir": Path("unused"), "gateways": [gateway], "faces": list(faces)}
    )


def served(units: dict[str, tuple[str, str]] | None = None) -> Dtu:
    """Return the DTU as its faces have it."""
    return dtu(site(units=units), DtuTcpFace.model_validate({"kind": "dtu_tcp"}), "faces[0]")


def modbus_section(**changes: Any) -> DtuModbusFace:
    """Return the section of a Modbus face."""
    return DtuModbusFace.model_validate({"kind": "dtu_modbus", **changes})


def view(slot: str, serial: str, model: str, **changes: Any) -> InverterView:
    """Return a unit at work."""
    figures = _MODELS[model]
    who = Identity(slot, serial, model, "hoymiles", "dtu", "b1", 7, figures.ports, figures.rated_w, "1.0.12")
    values = dict(AC) | (LINES if figures.phases == 3 else {})
    energy = {0: Energy(1_234_567, 2_345)}
    for port in range(1, figures.ports + 1):
        values |= {
            Channel(points.DCV, port): 30.0 + port,
            Channel(points.DCA, port): 3.01 * port,
            Channel(points.DCW, port): 100.5 + port,
        }
        energy[port] = Energy(300_000 + port, 500 + port)
    good = Quality.GOOD
    full = InverterView(who, CommState.ONLINE, good, values, InvSt.RUNNING, frozenset(), energy, NOON - 3, 12)
    return replace(full, **changes)


def plant(units: dict[str, tuple[str, str]] | None = None, **changes: Any) -> StillPlant:
    """Return the plant with every unit at work; `changes` are of the unit in the garage."""
    views = {slot: view(slot, serial, model) for slot, (serial, model) in (units or UNITS).items()}
    first = next(iter(views))
    views[first] = replace(views[first], **changes)
    return StillPlant(views)


@dataclass
class Hands:
    """Takes orders and commands; does them when told, as `outcome` says: Report, Refusal or Refused."""

    outcome: Any = None
    taken: list[Any] = field(default_factory=list)
    answers: list["asyncio.Future[Any]"] = field(default_factory=list)

    @property
    def limits(self) -> dict[str, Limit]:
        """Return none."""
        return {}

    def submit(self, order: Order) -> "asyncio.Future[Any]":
        """Take an order."""
        return self.command(order)

    def command(self, command: Any) -> "asyncio.Future[Any]":
        """Take a command."""
        self.taken.append(command)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        if self.outcome is not None:
            answer.set_result(self.outcome)
        return answer

    def standing(self, _: str | None = None) -> list[Any]:
        """Return none."""
        return []


class StillDesk(Desk):
    """A desk whose plant stands still."""

    def __init__(self, still: StillPlant, hands: Hands) -> None:
        super().__init__(still, hands, hands, Meters({}))
        self._still = still

    def standing(self, subject: str | None = None) -> Any:
        """Return the plant's alarms."""
        return self._still.standing(subject)

    def in_force(self, target: str) -> Any:
        """Return the plant's limits."""
        return self._still.in_force(target)


def report(**failed: Any) -> Report:
    """Return the report of an order that all units obey but those with a refusal."""
    return Report({slot: UnitResult(refusal=failed.get(slot)) for slot in UNITS})
