"""Which vendor a role stands for; the medium stands in the link section."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Role:
    """A gateway box that the daemon can play.

    `model`, `first_serial` and `link` are a sketched plant's, where the vendor's first ones do not do.
    """

    vendor: str
    title: str
    model: str | None = None
    first_serial: str | None = None
    link: Mapping[str, str] = field(default_factory=dict)


ROLES = {
    "m-combiner": Role(vendor="atmoce", title="M-Combiner (Atmoce)"),
    "dtu": Role(
        vendor="hoymiles",
        title="DTU (Hoymiles)",
        model="HMS-800-2T",
        first_serial="114391433252",
        link={"medium": "serial_bridge", "radio": "cmt2300a"},
    ),
    "wifi-hub": Role(
        vendor="rockcore",
        title="Wi-Fi hub (Rockcore)",
        first_serial="ROCK00000001",
        link={"medium": "modbus_tcp"},  # the units that are polled: those that dial in tell no state
    ),
    "ecu": Role(
        vendor="apsystems",
        title="ECU (APsystems)",
        model="QS1",
        first_serial="802000000001",
        link={"medium": "zigbee"},
    ),
}
