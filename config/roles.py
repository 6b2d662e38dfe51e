"""Which vendor a role stands for; the medium stands in the link section."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A gateway box that the daemon can play."""

    vendor: str
    title: str


ROLES = {
    "m-combiner": Role(vendor="atmoce", title="M-Combiner (Atmoce)"),
    "dtu": Role(vendor="hoymiles", title="DTU (Hoymiles)"),
    "wifi-hub": Role(vendor="rockcore", title="Wi-Fi hub (Rockcore)"),
    "ecu": Role(vendor="apsystems", title="ECU (APsystems)"),
}
