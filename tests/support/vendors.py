"""A small gateway of every role: what a site file says of it, all in one process."""

from pathlib import Path
from typing import Any

from config.roles import ROLES
from config.site import Site
from tests.support.emulated import UTRECHT

BROKER = "mem://broker"
_ROWS: dict[
    str, dict[str, Any]
] = {  # role → settings of the gateway; `units` are serial and model; `addressed`: they are paired
    "m-combiner": {"link": {"bit_rate": 9600}, "units": {"SN0001": "MI-400", "SN0002": "MI-500"}},
    "wifi-hub": {
        "link": {"url": BROKER},
        "breaker_a": 50,
        "wire_awg": 12,
        "units": {"RC000001": "MI3S-400S", "RC000002": "MI3S-600S"},
    },
    "dtu": {"link": {"radio": "nrf24"}, "units": {"112140000001": "HM-400", "114140000002": "HM-800"}},
    "ecu": {"link": {}, "addressed": True, "units": {"408000000001": "YC600", "802000000002": "QS1"}},
}


def slots(role: str) -> list[str]:
    """Return the slots of a role's gateway."""
    return [f"{role}-{number}" for number in range(1, len(_ROWS[role]["units"]) + 1)]


def every_vendor(folder: Path, *, poll_s: float = 5.0, **changes: Any) -> Site:
    """Return a site with a gateway of every role; `changes` are merged into the site file."""
    return Site.model_validate(
        {
            "location": UTRECHT.model_dump(),
            "state_dir": folder,
            "mqtt": {"url": BROKER},
            "gateways": [_gateway(folder, role, poll_s) for role in ROLES],
            "emulation": {"seed": 3, "clouds": "clear"},
            **changes,
        }
    )


def _gateway(folder: Path, role: str, poll_s: float) -> dict[str, Any]:
    row = dict(_ROWS[role])
    link, units = {"url": f"mem://{folder.name}-{role}", **row.pop("link")}, row.pop("units")
    addressed = row.pop("addressed", False)
    inverters = [
        {"slot": slot, "serial": serial, "model": model, "node": number if addressed else None}
        for number, (slot, (serial, model)) in enumerate(zip(slots(role), units.items(), strict=True), 1)
    ]
    branch = {"id": f"{role}-branch", "inverters": inverters, **row}
    budget = 1000  # an ECU's units keep their limits in a memory that wears out
    section = {"id": role, "role": role, "link": link, "poll_s": poll_s, "branches": [branch]}
    return section | {"memory_writes_per_day": budget}
