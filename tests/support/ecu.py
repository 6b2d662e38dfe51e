"""An ECU's site for tests: units of every family behind an emulated coordinator."""

from pathlib import Path

from config.site import Site
from tests.support.emulated import UTRECHT

MODELS = {"QS1": "802", "QS1A": "804", "YC600": "408", "DS3": "703", "QT2": "901"}
FIRST_NODE = 0x1001


def serials(units: int) -> dict[str, str]:
    """Return serial and model of so many units, family after family."""
    names = list(MODELS)
    return {f"{MODELS[name]}{n:09d}": name for n in range(1, units + 1) for name in (names[(n - 1) % len(names)],)}


def ecu_site(
    folder: Path,
    *,
    units: int = 5,
    poll_s: float = 60.0,
    link: dict[str, object] | None = None,
    paired: bool = True,
    **more: object,
) -> Site:
    """Return a site in Utrecht, one unit a branch, link and broker in-process; `more` is merged into the site file."""
    branches = [
        {
            "id": f"z{n}",
            "breaker_a": 25,
            "inverters": [{"serial": serial, "model": model} | ({"node": FIRST_NODE + n} if paired else {})],
        }
        for n, (serial, model) in enumerate(serials(units).items())
    ]
    gateway = {
        "id": "ecu",
        "role": "ecu",
        "poll_s": poll_s,
        "link": {"url": "mem://zigbee"} | (link or {}),
        "branches": branches,
    }
    data: dict[str, object] = {
        "location": UTRECHT.model_dump(),
        "state_dir": folder,
        "mqtt": {"url": f"mem://{folder.name}"},
        "gateways": [gateway],
    }
    return Site.model_validate(data | more)
