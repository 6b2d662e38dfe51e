"""A mixed plant of Hoymiles units: one gateway for those with an nRF24, one for those with a CMT2300A."""

from pathlib import Path

from config.site import Site
from tests.support.emulated import UTRECHT

NRF_UNITS = {
    "112172615582": "HM-400",
    "112183720016": "HM-300",
    "114172220143": "HM-600",
    "114183251184": "HM-800",
    "114181609322": "HM-700",
    "116183063371": "HM-1500",
    "116182908163": "HM-1200",
    "116185710240": "HM-1000",
    "282185104471": "HERF-800",
    "104281990217": "HM-600",
}
CMT_UNITS = {
    "112483748174": "HMS-400-1T",
    "1400A0000001": "HMS-500-1T",
    "114483761097": "HMS-1000-2T",
    "1410A01121AE": "HMS-1000-2T",
    "114391433252": "HMS-800-2T",
    "116491204405": "HMS-1600-4T",
    "1164A00D4D9B": "HMS-2000-4T",
    "136183063399": "HMT-2000-4T",
    "138283063382": "HMT-2250-6T",
    "1520A025566B": "MIT-5000-8T",
}
RADIOS = {"nrf24": NRF_UNITS, "cmt2300a": CMT_UNITS}
PER_BRANCH = 2


def site(
    folder: Path,
    *,
    poll_s: float = 60.0,
    each: int | None = None,
    link: dict[str, object] | None = None,
    **more: object,
) -> Site:
    """Return a site in Utrecht with `each` units on either radio; `more` is merged into the site file."""
    data: dict[str, object] = {
        "location": UTRECHT.model_dump(),
        "state_dir": folder,
        "mqtt": {"url": f"mem://{folder.name}"},
        "gateways": [
            _gateway(folder, radio, list(units.items())[:each], poll_s, link) for radio, units in RADIOS.items()
        ],
    }
    return Site.model_validate(data | more)


def _gateway(
    folder: Path, radio: str, units: list[tuple[str, str]], poll_s: float, link: dict[str, object] | None
) -> dict[str, object]:
    return {
        "id": radio,
        "role": "dtu",
        "poll_s": poll_s,
        "dtu_serial": "99978563412",
        "link": {"medium": "serial_bridge", "url": f"mem://{folder.name}-{radio}", "radio": radio} | (link or {}),
        "branches": [
            {
                "id": f"{radio}{at // PER_BRANCH + 1}",
                "breaker_a": 32,
                "inverters": [{"serial": serial, "model": model} for serial, model in units[at : at + PER_BRANCH]],
            }
            for at in range(0, len(units), PER_BRANCH)
        ],
    }
