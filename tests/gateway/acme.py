"""A vendor for tests: Modbus registers, real frames, nothing hidden."""

from collections.abc import Mapping

from gateway.snapshot import Identity
from protocols.commands import Command, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.events import Event, EventKind
from protocols.exchange import Exchange, Mapped, Responder
from protocols.layout import Field, Layout, Text
from protocols.modbus.exchange import ReadRegisters, WriteRegisters
from protocols.points import ALRM, DCV, DCW, INV_ST, MD, SN, TMP_CAB, TOT_WH_INJ, UP_TMS, VR, Channel, Value, W
from protocols.profile import Counter, Device, Model, PollItem, PollSize, Station, VendorProfile

MODEL = Model(
    name="A-400",
    ports=1,
    rated_w=400.0,
    rated_a=1.74,
    dc_start_v=22.0,
    dc_stop_v=16.0,
    dc_max_v=60.0,
    dc_max_a=16.0,
    units_per_breaker={20: 8},
    source="invented",
)
LIVE = Layout(
    "acme.live",
    22,
    Field(0, "H", INV_ST),
    Field(2, "H", W, div=10),
    Field(4, "H", DCV, div=10, port=1),
    Field(6, "H", DCW, div=10, port=1),
    Field(8, "I", TOT_WH_INJ),
    Field(12, "I", UP_TMS),
    Field(16, "H", ALRM),
    Field(18, "h", TMP_CAB, div=10, absent=-32768),
)
IDENTITY = Layout("acme.identity", 24, Text(0, 10, SN), Text(10, 8, MD), Text(18, 6, VR))
SLOW = Layout("acme.slow", 22, Field(18, "h", TMP_CAB, div=10, absent=-32768))
LAYOUTS = {"live": LIVE, "slow": SLOW}
LIVE_AT, IDENTITY_AT, LIMIT_AT = 100, 0, 200
WITHIN_S = 0.5
TRIES = 2


def join(station: Station, _: float) -> Exchange[Mapping[Channel, Value]]:
    read = ReadRegisters(station.node, IDENTITY_AT, IDENTITY.size // 2, within_s=WITHIN_S)
    return Mapped(read, IDENTITY.unpack)


def poll(station: Station, item: PollItem, _: float) -> Exchange[Mapping[Channel, Value]]:
    layout = LAYOUTS[item.name]
    read = ReadRegisters(station.node, LIVE_AT, layout.size // 2, within_s=WITHIN_S, tries=TRIES)
    return Mapped(read, layout.unpack)


def command(station: Station, asked: Command, _: float) -> Exchange[Mapping[Channel, Value]]:
    if not isinstance(asked, WMaxLimPct):
        raise LocalProtocolError(f"acme cannot {asked}")
    percent = round(asked.pct)
    write = WriteRegisters(station.node, LIMIT_AT, percent.to_bytes(2, "big"), within_s=WITHIN_S)
    return Mapped(write, lambda _: {})


def events(values: Mapping[Channel, Value]) -> frozenset[Event]:
    return frozenset({Event(1, EventKind.DC_OVER_VOLT, "DC voltage too high", 1)} if values.get(Channel(ALRM)) else ())


def responder(_: Device) -> Responder:
    raise NotImplementedError


def counters(_: Model) -> tuple[Counter, ...]:
    return COUNTERS


COUNTERS = (Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False),)
PROFILE = VendorProfile(
    name="acme",
    maker="Acme",
    serials=None,
    models={MODEL.name: MODEL},
    counters=counters,
    poll_plan=(PollItem("live"),),
    join=join,
    poll=poll,
    command=command,
    commands=frozenset({WMaxLimPct}),
    events=events,
    responder=responder,
    kinds=(),
    poll_size=lambda _: PollSize(8, (27,)),
)


def identity(slot: str, node: int = 1, serial: str | None = None, gateway: str = "gw") -> Identity:
    return Identity(
        slot=slot,
        serial=serial or f"SN{node:04}",
        model=MODEL.name,
        vendor=PROFILE.name,
        gateway=gateway,
        branch="b1",
        node=node,
        ports=MODEL.ports,
        rated_w=MODEL.rated_w,
    )
