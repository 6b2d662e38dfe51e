"""The site file: one description of the plant, read by gateway and emulator alike."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeAlias
from zlib import crc32

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from config.broker import Broker
from config.daylight import daylight
from config.faces import AnyFace
from config.links import Link, ModbusTcpLink, Nrf24Link, PlcLink, SerialBridgeLink, WifiLink, ZigbeeLink
from config.section import BROKER_URL, DTU_SERIAL, ECU_ID, TOPIC, Id, OneOf, Section, Serial
from protocols.modems.znp.network import DEFAULT_ID

MIN_REPORT_S = 5.0  # of units that dial in


class Location(Section):
    """Where the plant stands; sun position and the site's day follow from it."""

    latitude: Annotated[float, Field(ge=-90, le=90, description="degrees, north positive")]
    longitude: Annotated[float, Field(ge=-180, le=180, description="degrees, east positive")]
    timezone: Annotated[str, Field(description="IANA name, as Europe/Amsterdam")] = "UTC"


def _resolved(value: object, info: ValidationInfo) -> object:
    """Put a place where `daylight` stands; `info.context` holds the time as `utc`, s since 1970."""
    if not isinstance(value, str):
        return value
    if value != "daylight":
        raise ValueError(f"{value!r} is no place; write latitude, longitude and timezone below it, or daylight")
    if not isinstance(info.context, dict):
        raise ValueError("daylight needs to know the time; load the file by config.loader")  # noqa: TRY004 - pydantic's
    return daylight(info.context["utc"])._asdict()


Place = Annotated[
    Location,
    BeforeValidator(_resolved, json_schema_input_type=Location | Literal["daylight"]),
    Field(description="where the plant stands; `daylight`: a place where it is late in a summer's morning now"),
]


class Discovery(Section):
    """Home Assistant's MQTT discovery."""

    enabled: bool = True
    prefix: Annotated[str, Field(pattern=TOPIC)] = "homeassistant"


class Mqtt(Broker):
    """The broker that the site is published at."""

    url: Annotated[str, Field(pattern=BROKER_URL)] = "mqtt://localhost:1883"
    base: Annotated[str, Field(pattern=TOPIC, description="first level of every topic")] = "opencombiner"
    discovery: Discovery = Discovery()
    flat: Annotated[bool, Field(description="also publish one plain value per topic")] = False


class ClockSettings(Section):
    """Whether the machine's clock is believed."""

    trust: Literal["auto", "always"] = "auto"


class PvModule(Section):
    """The PV module at an input, for the emulator."""

    rated_w: Annotated[float, Field(gt=0, le=1000)] = 430.0
    tilt: Annotated[float, Field(ge=0, le=90, description="degrees from horizontal")] = 35.0
    azimuth: Annotated[float, Field(ge=0, lt=360, description="degrees from north, clockwise")] = 180.0


class Inverter(Section):
    """A slot on the roof and the unit that is in it now."""

    serial: Serial
    model: str
    slot: Annotated[Id | None, Field(description="name of the place; stays when the unit is replaced")] = None
    node: Annotated[
        int | None,
        Field(ge=1, le=0xFFFF, description="address on the medium; by serial, pairing or order if left out"),
    ] = None
    module: PvModule = PvModule()

    @property
    def id(self) -> str:
        """Return the slot's id: its name, else the serial."""
        return self.slot or self.serial


def _gauge(value: object) -> object:
    """Read a gauge, which stays a text until here."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class Branch(Section):
    """An AC branch on a breaker."""

    id: Id
    breaker_a: Annotated[int, Field(gt=0, le=63, description="rating of the branch breaker, A")] = 20
    phase: Annotated[int, Field(ge=1, le=3, description="phase that the branch is on, for the emulator")] = 1
    wire_awg: Annotated[
        Literal[10, 12] | None,
        BeforeValidator(_gauge),
        Field(description="gauge of the branch cable, where the manufacturer's table goes by it"),
    ] = None
    coupling: Annotated[
        Literal["inverter_side", "grid_side"],
        Field(description="side of the branch breaker on which the modem couples; grid_side: an open one cuts it off"),
    ] = "inverter_side"
    inverters: Annotated[tuple[Inverter, ...], Field(min_length=1)]


class Meter(Section):
    """A meter where the house meets the grid. It says the power by MQTT: a number in W, or JSON with `power_w`."""

    topic: Annotated[
        str, Field(pattern=TOPIC, max_length=200, description="at the site's broker; from the grid is positive")
    ]
    stale_s: Annotated[float, Field(ge=5, le=3600, description="age from which its last word means nothing")] = 60.0


class Gateway(Section):
    """What every gateway has; a class for each role says which it is by a literal `role`, and by its `link`.

    A role that runs over several media has a union of their sections as its link, with OneOf.
    """

    told_apart_by: ClassVar[str] = "role"
    id: Id
    role: str
    link: Link
    poll_s: Annotated[float, Field(ge=0.5, le=3600, description="period of the live poll of each unit")] = 5.0
    fallback_limit_pct: Annotated[
        float, Field(ge=0, le=100, description="power limit of the units, %, once the lease of another has ended")
    ] = 100.0
    memory_writes_per_day: Annotated[
        int,
        Field(ge=0, le=1000, description="most writes a day to a unit's memory, of settings that outlast its power"),
    ] = 10  # 100 000 writes, what an EEPROM is good for, last 27 years
    branches: Annotated[tuple[Branch, ...], Field(min_length=1)]

    @property
    def host(self) -> str:
        """Return what the gateway calls itself on its medium; a role whose medium needs a name has a setting for it."""
        return ""


class MCombiner(Gateway):
    """A power-line gateway."""

    role: Literal["m-combiner"]
    link: Annotated[PlcLink, OneOf()]
    meter: Annotated[Meter | None, Field(description="the meter that an m_gateway face shows; none if left out")] = None


class Dtu(Gateway):
    """A radio gateway of Hoymiles units."""

    role: Literal["dtu"]
    link: Annotated[SerialBridgeLink | Nrf24Link, OneOf()]
    dtu_serial: Annotated[
        str | None,
        Field(
            pattern=DTU_SERIAL, description="by which it asks; left out: one that no DTU of Hoymiles has, from the id"
        ),
    ] = None

    @property
    def host(self) -> str:
        """Return the serial; without one 1999801 and five digits, as other open software has it."""
        return self.dtu_serial or f"1999801{crc32(self.id.encode()) % 100_000:05d}"


class WifiHub(Gateway):
    """A broker that units with Wi-Fi dial by themselves, or an address at which they are asked."""

    role: Literal["wifi-hub"]
    link: Annotated[WifiLink | ModbusTcpLink, OneOf()]
    poll_s: Annotated[
        float,
        Field(ge=0.5, le=3600, description="period of the reports that each unit is told to send, or of its polls"),
    ] = 30.0

    @model_validator(mode="after")
    def _not_too_often(self) -> "WifiHub":
        if isinstance(self.link, WifiLink) and self.poll_s < MIN_REPORT_S:
            raise ValueError(f"units that dial in report every {MIN_REPORT_S:g} s at most; set poll_s to that or more")
        return self


class Ecu(Gateway):
    """A ZigBee gateway of APsystems units."""

    role: Literal["ecu"]
    link: Annotated[ZigbeeLink, OneOf()]
    poll_s: Annotated[
        float,
        Field(ge=0.5, le=1800, description="period of the live poll; units that nobody asks for 60 minutes show that"),
    ] = 5.0
    ecu_id: Annotated[
        str,
        Field(pattern=ECU_ID, description="names the radio network; two gateways in range of each other need two"),
    ] = DEFAULT_ID

    @property
    def host(self) -> str:
        """Return the id."""
        return self.ecu_id.upper()


AnyGateway: TypeAlias = Annotated[
    MCombiner | Dtu | WifiHub | Ecu, OneOf()
]  # of several roles: the union of their classes


class Impairments(Section):
    """What the emulated medium does to frames; probabilities 0 … 1."""

    loss: Annotated[float, Field(ge=0, le=1, description="frames lost at random")] = 0.0
    burst_loss: Annotated[float, Field(ge=0, le=1, description="frames lost while a burst lasts")] = 0.0
    burst_every_s: Annotated[float, Field(gt=0, description="mean time between bursts")] = 30.0
    burst_s: Annotated[float, Field(gt=0, description="mean length of a burst")] = 1.0
    bit_error_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    noise_per_min: Annotated[float, Field(ge=0, le=600, description="noise bytes a minute between frames")] = 0.0


class Act(Section):
    """One act of the emulation's script: an instrument by its name, and what it is told."""

    at_s: Annotated[float, Field(ge=0, le=86400, description="since the script began")]
    name: str
    args: dict[str, str | None] = Field(default_factory=dict)


class Emulation(Section):
    """Settings that only the emulator reads."""

    seed: int = 1
    impairments: Impairments = Impairments()
    warm: Annotated[bool, Field(description="units are already running when the emulator starts")] = True
    clouds: Annotated[
        Literal["clear", "broken", "overcast", "changing"], Field(description="one kind of sky, or all in turn")
    ] = "broken"
    activated: Annotated[
        bool, Field(description="units are commissioned; false: they have to be activated or paired first")
    ] = True
    grid: Annotated[Literal["natural", "still"], Field(description="with the noise of a real grid, or without")] = (
        "natural"
    )
    service_ohm: Annotated[
        float | None,
        Field(ge=0, le=5, description="resistance of the service line; left out: 0.4, less for a large plant"),
    ] = None
    load_w: Annotated[
        float, Field(ge=0, le=100_000, description="what the house takes, for the emulated meter of a gateway")
    ] = 400.0
    insulation_latch: Annotated[
        Literal["manual", "auto_next_start"], Field(description="what ends alarm 9: a reset, or the next start as well")
    ] = "manual"
    script: Annotated[tuple[Act, ...], Field(max_length=200, description="acts on plant and grid, by time")] = ()
    loop: Annotated[bool, Field(description="the script begins again at its end")] = False


class Site(Section):
    """The plant."""

    id: Id = "home"
    name: str = "Home"
    location: Place
    state_dir: Annotated[Path, Field(description="where the database lives")] = Path("/var/lib/opencombiner")
    clock: ClockSettings = ClockSettings()
    mqtt: Mqtt = Mqtt()
    grid_profile: Annotated[
        str, Field(description="protection settings: the id of a grid profile of the package, or the path of a file")
    ] = "eu_en_50549_1_2019"
    gateways: Annotated[tuple[AnyGateway, ...], Field(min_length=1)]
    faces: Annotated[tuple[AnyFace, ...], Field(max_length=16, description="servers to the north; off unless set")] = ()
    emulation: Emulation = Emulation()
