"""A plant of an ECU: three units on a ZigBee network, from the factory or commissioned."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from config.site import Site
from emulator.media.zigbee.unit import Unit
from emulator.server import Plant
from gateway.rows import PairedRow
from gateway.store import Store
from protocols.modems.znp.network import DEFAULT_ID
from tests.support.emulated import UTRECHT

QS1, YC600, DS3 = "801000085070", "408000158215", "703000069723"
SLOTS = {"roof1": (QS1, "QS1"), "roof2": (YC600, "YC600"), "shed": (DS3, "DS3")}
POLL_S = 30.0


def described(
    folder: Path,
    *,
    link: Mapping[str, Any] = MappingProxyType({}),
    broker: str = "mem://broker",
    nodes: Mapping[str, int] = MappingProxyType({}),
    ecu_id: str = DEFAULT_ID,
    poll_s: float = POLL_S,
    **emulation: Any,
) -> Site:
    """Return the plant's description; `nodes`, by slot, are addresses in the site file."""
    inverters = [
        {"slot": slot, "serial": serial, "model": model, "node": nodes.get(slot)}
        for slot, (serial, model) in SLOTS.items()
    ]
    return Site.model_validate(
        {
            "location": UTRECHT,
            "state_dir": folder,
            "mqtt": {"url": broker},
            "gateways": [
                {
                    "id": "ecu",
                    "role": "ecu",
                    "ecu_id": ecu_id,
                    "link": {"url": f"mem://{folder.name}-ecu", **link},
                    "poll_s": poll_s,
                    "branches": [{"id": "b1", "inverters": inverters}],
                }
            ],
            "emulation": {"seed": 3, "clouds": "clear", **emulation},
        }
    )


def radio(plant: Plant, serial: str) -> Unit:
    """Return an emulated unit's radio."""
    node = plant.node(serial)
    assert isinstance(node, Unit)
    return node


def keep(site: Site, *rows: PairedRow) -> None:
    """Store addresses."""
    store = Store(site.state_dir, inline=True)
    store.put(rows)
    store.close()


def remember(site: Site, plant: Plant) -> None:
    """Store where each unit is, as if it had been paired."""
    keep(site, *(PairedRow("ecu", serial, radio(plant, serial).node, DEFAULT_ID) for serial, _ in SLOTS.values()))
