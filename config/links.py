"""The `link` sections: one class for each medium."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from config.broker import Broker
from config.section import ADDRESS_URL, BROKER_URL, LINK_URL, Section
from protocols.modems.radio_frame import Region
from protocols.modems.znp.commands import longest_datagram
from protocols.modems.znp.frame import UART_BYTES_LARGE


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
    def carrier(self) -> str:
        """Return what bears the datagrams: a unit that has another one is out of reach."""
        return self.medium

    @property
    def mains_bound(self) -> bool:
        """Tell whether the adapters at both ends work only while there are mains."""
        return False

    @property
    def longest_answer(self) -> int | None:
        """Return the bytes of the longest datagram that the adapter hands up; None where none is too long."""
        return None


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


class SerialBridgeLink(Link):
    """A microcontroller with a radio, behind a serial port, a pty, a socket or an in-process pipe.

    What it has to do stands in `drivers/serial_bridge/README.md`.
    """

    medium: Annotated[Literal["serial_bridge"], Field(description="a radio behind a serial port")] = "serial_bridge"
    radio: Annotated[
        Literal["nrf24", "cmt2300a"], Field(description="nrf24 for HM, MI and HERF; cmt2300a for HMS, HMT and MIT")
    ]
    baud: Annotated[int, Field(ge=9600, le=4_000_000, description="of the serial port")] = 115_200
    stuffed: Annotated[
        bool, Field(description="7d, 7e and 7f inside a frame are sent as pairs; the bridge must do the same")
    ] = True
    region: Annotated[
        Literal["eu", "america"],
        Field(description="of a cmt2300a: where it may send, and where units wait to be called"),
    ] = "eu"
    work_channel: Annotated[
        int | None,
        Field(ge=0, le=255, description="of a cmt2300a, in 250 kHz above 860 MHz (eu) or 900 MHz; left out: the usual"),
    ] = None
    latency_s: Annotated[
        float, Field(ge=0, le=2, description="from here to the bridge and back, beside the bytes' own time")
    ] = 0.03

    @property
    def adapter(self) -> str:
        """Return the radio and where it works."""
        return self.radio if self.radio == "nrf24" else f"{self.radio}, {self.band.mhz(self.channel):.2f} MHz"

    @property
    def carrier(self) -> str:
        """Return the radio."""
        return self.radio

    @property
    def band(self) -> Region:
        """Return the region's channels."""
        return Region[self.region.upper()]

    @property
    def channel(self) -> int:
        """Return the work channel."""
        return self.band.work if self.work_channel is None else self.work_channel

    @model_validator(mode="after")
    def _lawful(self) -> "SerialBridgeLink":
        first, last = _LAWFUL_MHZ[self.band]
        if not first <= self.band.mhz(self.channel) <= last:
            raise ValueError(
                f"channel {self.channel} is {self.band.mhz(self.channel):.2f} MHz; from {first:g} to {last:g} is lawful"
            )
        return self


_LAWFUL_MHZ = {Region.EU: (863.0, 870.0), Region.AMERICA: (905.0, 925.0)}


class Nrf24Link(Link):
    """An nRF24L01+ on the SPI of a Raspberry Pi: `url` is the SPI device."""

    medium: Annotated[Literal["nrf24"], Field(description="an nRF24L01+ on SPI; `url` is /dev/spidev0.0 or the like")]
    ce_pin: Annotated[int, Field(ge=0, le=27, description="GPIO of the radio's CE")] = 22
    spi_hz: Annotated[int, Field(ge=100_000, le=10_000_000, description="clock of the SPI; less for long wires")] = (
        1_000_000
    )
    power: Annotated[Literal["min", "low", "high", "max"], Field(description="-18, -12, -6 or 0 dBm")] = "high"

    @property
    def adapter(self) -> str:
        """Return how the radio is connected."""
        return f"nrf24, CE on GPIO {self.ce_pin}"


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
    url: Annotated[str, Field(pattern=ADDRESS_URL, description="socket://host:port, mostly port 502")]
    latency_s: Annotated[
        float, Field(ge=0.001, le=5, description="that a request and its answer usually take together")
    ] = 0.05

    @property
    def adapter(self) -> str:
        """Return how the units speak."""
        return "Modbus TCP"


class ZigbeeLink(Link):
    """A ZNP coordinator behind a serial port, a pty, a socket or an in-process pipe.

    Which chips and firmware there are stands in `drivers/zigbee/README.md`.
    """

    medium: Annotated[Literal["zigbee"], Field(description="a ZigBee coordinator that speaks ZNP")] = "zigbee"
    baud: Annotated[int, Field(ge=9600, le=4_000_000, description="of the serial port")] = 115_200
    uart_bytes: Annotated[
        int,
        Field(ge=64, le=1024, description="serial buffer of its firmware: longer frames are lost; 128 in plain builds"),
    ] = UART_BYTES_LARGE
    hops: Annotated[int, Field(ge=1, le=15, description="radio hops to the farthest unit")] = 1

    @property
    def adapter(self) -> str:
        """Return how much the coordinator takes at once, and how far the units are."""
        return f"ZNP, {self.uart_bytes} bytes, {self.hops} hop{'s' * (self.hops > 1)}"

    @property
    def longest_answer(self) -> int:
        """Return what fits into the serial buffer."""
        return longest_datagram(self.uart_bytes)
