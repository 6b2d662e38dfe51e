"""What a user writes of faces: one class for each kind. Their ground is `gateway/faces/`."""

from ipaddress import IPv4Address
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, IPvAnyAddress

from config.section import SERIAL, Id, OneOf, Section

SINGLES = 246  # unit ids for single inverters on one port: 1 … 125 and 127 … 247

DTU_INPUTS = 99  # records of inputs in the Modbus map of a DTU-Pro


class Face(Section):
    """A server to the north. It is off unless it stands in the site file, and on this machine only unless told else."""

    told_apart_by: ClassVar[str] = "kind"
    kind: str
    address: Annotated[
        IPvAnyAddress,
        Field(description="of this machine, where it listens; 0.0.0.0: in every network, so mind who can reach it"),
    ] = IPv4Address("127.0.0.1")
    port: Annotated[int, Field(ge=1, le=65535)]
    writes: Annotated[bool, Field(description="clients may limit, stop and reset; each such order is in an event")] = (
        False
    )


class SunSpecFace(Face):
    """SunSpec Modbus TCP: unit 126 is the whole site, 1 … 125 and 127 … 247 are its inverters in the file's order."""

    kind: Literal["sunspec"]
    port: Annotated[
        int, Field(ge=1, le=65535, description="502 is what clients look at first; it needs the right to open it")
    ] = 1502
    models: Annotated[
        Literal["inverter", "der"], Field(description="1, 101 or 103, 120-123, 160; der: 1, 701-704, 714, 715")
    ] = "inverter"
    first: Annotated[
        int, Field(ge=1, le=10_000, description="which inverter is unit 1; 247 on a further port of a large plant")
    ] = 1
    stale_s: Annotated[
        float, Field(ge=10, le=3600, description="age from which a measurement reads as not implemented")
    ] = 120.0


class GatewayFace(Face):
    """A server that a gateway box has; it stands for one gateway of its `role`."""

    role: ClassVar[str]
    gateway: Annotated[Id | None, Field(description="id of the gateway; left out: the only one of that role")] = None


class MGatewayFace(GatewayFace):
    """The Modbus TCP map of an M-Gateway, registers 60000-60332, unit 1."""

    role: ClassVar[str] = "m-combiner"
    kind: Literal["m_gateway"]
    port: Annotated[
        int, Field(ge=1, le=65535, description="clients know no other than 502; it needs the right to open it")
    ] = 1505
    serial: Annotated[
        str | None, Field(pattern=SERIAL, description="by which clients know the M-Gateway; left out: the gateway's id")
    ] = None
    unknown: Annotated[
        Literal["as-built", "strict"],
        Field(description="to a read of half a value or of no register: silence as the real one, or exception 2"),
    ] = "as-built"


class DtuFace(GatewayFace):
    """A server that a DTU has."""

    role: ClassVar[str] = "dtu"


class DtuModbusFace(DtuFace):
    """The Modbus TCP map of a DTU-Pro."""

    kind: Literal["dtu_modbus"]
    port: Annotated[
        int, Field(ge=1, le=65535, description="502 is what clients look at first; it needs the right to open it")
    ] = 1503


class DtuTcpFace(DtuFace):
    """The TCP interface of a DTU: protobuf, as the app in the same house speaks it."""

    kind: Literal["dtu_tcp"]
    port: Annotated[int, Field(ge=1, le=65535, description="clients know no other than 10081")] = 10081


class EcuFace(GatewayFace):
    """A server that an ECU has."""

    role: ClassVar[str] = "ecu"


class EcuTcpFace(EcuFace):
    """The TCP interface of an ECU: system, inverters and signal, without writes."""

    kind: Literal["ecu_tcp"]
    port: Annotated[int, Field(ge=1, le=65535, description="clients know no other than 8899")] = 8899
    writes: Annotated[Literal[False], Field(description="nothing can be written")] = False


class EcuSunSpecFace(EcuFace):
    """The SunSpec Modbus TCP port of an ECU: units 1, 2, … are its inverters; a limit is always for all of them."""

    kind: Literal["ecu_sunspec"]
    port: Annotated[
        int, Field(ge=1, le=65535, description="502 is what clients look at first; it needs the right to open it")
    ] = 1504
    stale_s: Annotated[
        float, Field(ge=10, le=3600, description="age from which a measurement reads as not implemented")
    ] = 900.0


AnyFace: TypeAlias = Annotated[
    SunSpecFace | MGatewayFace | DtuModbusFace | DtuTcpFace | EcuTcpFace | EcuSunSpecFace, OneOf()
]
