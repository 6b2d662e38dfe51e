"""An ECU with units of several families that stands still, for what its faces say and make of what they are told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from config.faces import EcuTcpFace
from config.site import Site
from gateway.faces.ecu_units import Ecu, ecu
from gateway.snapshot import CommState, Energy, Identity, InverterView
from protocols import points
from protocols.points import Channel, Value
from protocols.registry import vendor
from protocols.states import InvSt, Quality
from tests.support.emulated import UTRECHT
from tests.support.face_plant import NOON, StillPlant

ECU_ID = "216000120830"
UNITS = {
    "roof": ("802000000001", "QS1"),
    "shed": ("703000000002", "DS3"),
    "barn": ("901000000003", "QT2"),
}
ZONE = "Europe/Amsterdam"
_MODELS = vendor("apsystems").models
AC: dict[Channel, Value] = {
    Channel(points.W): 401.2,
    Channel(points.LNV): 231.4,
    Channel(points.HZ): 49.98,
    Channel(points.TMP_CAB): 24.4,
    Channel(points.SIGNAL): 100 * 171 / 255,
    Channel(points.W_MAX_LIM_PCT): 80.0,
    Channel(points.CONN): 1,
}
LINES: dict[Channel, Value] = {
    Channel(points.VL1): 230.0,
    Channel(points.VL2): 231.0,
    Channel(points.VL3): 232.0,
}

Units = dict[str, tuple[str, str]]


def site(*faces: dict[str, Any], units: Units | None = None) -> Site:
    """Return the site; `units` are serial and model by slot."""
    inverters = [
        {"slot": slot, "serial": serial, "model": model, "node": node}
        for node, (slot, (serial, model)) in enumerate((units or UNITS).items(), start=1)
    ]
    gateway = {
        "id": "ecu",
        "role": "ecu",
        "ecu_id": ECU_ID,
        "fallback_limit_pct": 90,
        "link": {"url": "mem://x"},
        "branches": [{"id": "b1", "inverters": inverters}],
    }
    place = UTRECHT.model_copy(update={"timezone": ZONE})
    return Site.model_validate(
        {"location": place, "state_dir": Path("unused"), "gateways": [gateway], "faces": list(faces)}
    )


def served(units: Units | None = None) -> Ecu:
    """Return the ECU as its faces have it."""
    return ecu(site(units=units), tcp_section(), "faces[0]")


def tcp_section(**changes: Any) -> EcuTcpFace:
    """Return the section of the TCP face."""
    return EcuTcpFace.model_validate({"kind": "ecu_tcp", **changes})


def view(slot: str, serial: str, model: str, **changes: Any) -> InverterView:
    """Return a unit at work."""
    figures = _MODELS[model]
    who = Identity(slot, serial, model, "apsystems", "ecu", "b1", 7, figures.ports, figures.rated_w, "1169")
    values = dict(AC) | (LINES if figures.phases == 3 else {})
    values |= {Channel(points.DCW, port): 100.4 + port for port in range(1, figures.ports + 1)}
    energy = {0: Energy(1_234_567, 2_345, derived=True)}
    good = Quality.GOOD
    full = InverterView(who, CommState.ONLINE, good, values, InvSt.RUNNING, frozenset(), energy, NOON - 3, 12)
    return replace(full, **changes)


def plant(units: Units | None = None, **changes: Any) -> StillPlant:
    """Return the plant with every unit at work; `changes` are of the first unit."""
    views = {slot: view(slot, serial, model) for slot, (serial, model) in (units or UNITS).items()}
    first = next(iter(views))
    views[first] = replace(views[first], **changes)
    return StillPlant(views)
