"""A site of units that dial in, all of it in one process."""

from pathlib import Path

from config.site import Site
from tests.support.emulated import UTRECHT

MODELS = ("MI3S-400S", "MI3S-500S", "MI3S-600S")


def hub_site(folder: Path, *, units: int = 3, url: str | None = None, **more: object) -> Site:
    """Return a site in Utrecht whose units dial the site's own broker; `more` is merged into the site file."""
    return _site(folder, units, {"url": url or f"mem://{folder.name}"}, url or f"mem://{folder.name}", more)


def polled_site(folder: Path, *, units: int = 3, **more: object) -> Site:
    """Return a site in Utrecht whose units answer Modbus TCP at an address, broker and address in this process."""
    return _site(
        folder, units, {"medium": "modbus_tcp", "url": f"mem://{folder.name}-units"}, f"mem://{folder.name}", more
    )


def _site(folder: Path, units: int, link: dict[str, object], broker: str, more: dict[str, object]) -> Site:
    inverters = [{"serial": f"RC{n:06d}", "model": MODELS[n % len(MODELS)]} for n in range(1, units + 1)]
    gateway = {
        "id": "hub",
        "role": "wifi-hub",
        "link": link,
        "branches": [{"id": "b1", "breaker_a": 50, "wire_awg": 12, "inverters": inverters}],
    }
    data: dict[str, object] = {
        "location": UTRECHT.model_dump(),
        "state_dir": folder,
        "mqtt": {"url": broker},
        "gateways": [gateway],
    }
    return Site.model_validate(data | more)
