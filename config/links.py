"""The `link` sections: one class for each medium."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from config.broker import Broker
from config.section import BROKER_URL, LINK_URL, Section


class Link(Section):
    """What every link has; a class for each medium says which it is by a literal `medium`."""

    told_apart_by: ClassVar[str] = "medium"
    medium: str
    url: Annotated[
        str,
        Field(
            pattern=LINK_URL,
            description="/dev/ttyUSB0, pty:PATH (a link that the emulator makes), socket://host:port, mem://name, "
            "replay://FILE (what `capture` wrote)",
        ),
    ]
    probe_share: Annotated[
        float, Field(ge=0.01, le=0.5, description="most of the link's time that units which do not answer may cost")
    ] = 0.1

    @property
    def adapter(self) -> str:
        """Return in a few words what is at the end of the link."""
        return self.medium

    @property
    def mains_bound(self) -> bool:
        """Tell whether the adapters at both ends work only while there are mains."""
        return False


class PlcLink(Link):
    """A power-line modem behind a serial port, a pty, a socket or an in-process pipe.

    Figures of the modems: `docs/` and the driver's README; they are settings because hardware differs.
    """

    medium: Annotated[Literal["plc"], Field(description="power-line communication")] = "plc"
    modem: Annotated[
        Literal["transparent", "st7580"], Field(description="bytes in, bytes out; or the ST7580's host frames")
    ] = "transparent"
    baud: Annotated[int, Field(ge=300, le=4_000_000, description="of the serial port")] = 9600
    bit_rate: Annotated[float, Field(gt=0, le=1e8, description="net bits per second on the line")] = 2400.0
    overhead_bytes: Annotated[int, Field(ge=0, le=255, description="added to every frame on the line")] = 0
    turnaround_s: Annotated[float, Field(ge=0, le=10, description="to change from sending to receiving")] = 0.03
    echo: Annotated[bool, Field(description="the modem hands back what it sends")] = False
    mains_synchronous: Annotated[bool, Field(description="deaf without mains")] = False

    @property
    def adapter(self) -> str:
        """Return the modem and its rate."""
        return f"{self.modem}, {self.bit_rate:g} bit/s"

    @property
    def mains_bound(self) -> bool:
        """Tell whether the modems follow the mains."""
        return self.mains_synchronous


class WifiLink(Link, Broker):
    """The broker that units with Wi-Fi dial; it may be the site's own."""

    medium: Annotated[Literal["wifi"], Field(description="units that dial a broker over Wi-Fi")] = "wifi"
    url: Annotated[
        str, Field(pattern=BROKER_URL, description="mqtt://host:port of the broker that the units are led to")
    ]

    @property
    def adapter(self) -> str:
        """Return what the units use."""
        return "MQTT over Wi-Fi"


class ModbusTcpLink(Link):
    """One address at which units answer Modbus TCP: a unit's own, or that of a box with several behind it."""

    medium: Annotated[Literal["modbus_tcp"], Field(description="units that answer SunSpec over Modbus TCP")]
    latency_s: Annotated[
        float, Field(ge=0.001, le=5, description="that a request and its answer usually take together")
    ] = 0.05

    @property
    def adapter(self) -> str:
        """Return how the units speak."""
        return "Modbus TCP"
