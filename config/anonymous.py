"""A site that does not tell whose it is."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.plant import units
from config.site import Emulation, Gateway, Site

KEPT = 4  # characters at the beginning of a serial: they tell the family
COUNTED = 4  # characters at its end, at least: enough for as many units as a site has
PLACE_DIGITS = 1  # of latitude and longitude: ten kilometres, and dusk half a minute off
_SECRET = ("user", "password_file", "password_env", "tls")


def other_serials(site: Site) -> dict[str, str]:
    """Return a serial of the same form for each serial of a site, gateways' own ones included; never a real one."""
    real = [unit.serial for _, _, unit in units(site)] + [host for gateway in site.gateways if (host := gateway.host)]
    return dict(_others(real))


def _others(real: list[str]) -> Iterable[tuple[str, str]]:
    number = 0
    for serial in dict.fromkeys(real):
        kept = serial[: max(min(KEPT, len(serial) - COUNTED), 0)]
        other = ""
        while not other or other in real:
            number += 1
            other = f"{kept}{number:0{len(serial) - len(kept)}d}"
        yield serial, other


def anonymous(site: Site, others: Mapping[str, str], urls: Mapping[str, str]) -> Site:
    """Return a site with other serials and other links by gateway, without names, broker and passwords; about here."""
    place = site.location.model_copy(
        update={
            "latitude": round(site.location.latitude, PLACE_DIGITS),
            "longitude": round(site.location.longitude, PLACE_DIGITS),
        }
    )
    return site.model_copy(
        update={
            "name": Site.model_fields["name"].default,
            "location": place,
            "emulation": Emulation(),
            "mqtt": site.mqtt.model_copy(update={"url": "mqtt://localhost", **dict.fromkeys(_SECRET)}),
            "state_dir": Path("state"),
            "gateways": tuple(_gateway(gateway, others, urls[gateway.id]) for gateway in site.gateways),
        }
    )


def _gateway(gateway: Gateway, others: Mapping[str, str], url: str) -> Gateway:
    new = {old.casefold(): other for old, other in others.items()}
    wanted = "|".join(map(re.escape, sorted(new, key=len, reverse=True)))
    text = re.sub(wanted, lambda it: new[it.group().casefold()], gateway.model_dump_json(), flags=re.IGNORECASE)
    same = type(gateway).model_validate_json(text)
    return same.model_copy(update={"link": same.link.model_copy(update={"url": url})})
