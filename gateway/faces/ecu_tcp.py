"""The TCP interface of an ECU: the messages of `protocols/vendors/apsystems/ecu_tcp.py`, from the site as it is.

Clients read the time of the answer as that of the measurements, and ask anew at once where it is older than six
minutes; it is the time of asking, for a site that is asleep has no newer ones. Lifetime energy 0 means that it is not
known: clients take the answer for a broken one.
"""

from collections.abc import Iterator
from datetime import datetime
from math import sqrt
from zoneinfo import ZoneInfo

from config.faces import EcuTcpFace
from config.site import Site
from gateway.faces.desk import Desk, Plant
from gateway.faces.ecu_units import Ecu, Unit, ecu
from gateway.faces.now import Now
from gateway.faces.tcp_server import Bounds, TcpServer
from gateway.version import version
from protocols.errors import RemoteProtocolError
from protocols.points import DCW, HZ, LNV, SIGNAL, TMP_CAB, VL1, VL2, VL3, W
from protocols.vendors.apsystems import ecu_tcp as t

BOUNDS = Bounds(
    clients=10,  # a real ECU serves one; clients connect anew for each question
    frame_bytes=128,  # the longest question that a source tells has 39
    per_s=20.0,  # of all clients: each asks three questions in six minutes
    burst=40,
    idle_s=15.0,  # as real ones drop a connection
)
_FIRST, _ARGUMENTS_AT = b"APS11", 13
_LINE_FEED = b"\n"  # may stand behind a question
_TWO_PARTS = (b"0003", b"0004")  # questions of history: an END behind the id, and another behind the day or period
_LEAST_KWH = 0.1  # of a lifetime energy that is known
_MOST_32, _MOST_16, _MOST_8 = 0xFFFF_FFFF, 0xFFFF, 0xFF
_NO_MAC = "00" * 6
_FULL_PCT = 100.0
_THREE_PHASE = "02"


def serve(face: EcuTcpFace, site: Site, desk: Desk, name: str) -> TcpServer:
    """Return the server of a section of the site file. Raises ConfigError."""
    framed = EcuTcp(ecu(site, face, name), desk, ZoneInfo(site.location.timezone))
    return TcpServer(framed, address=str(face.address), port=face.port, setting=name, bounds=BOUNDS)


class EcuTcp:
    """Satisfies `Framed`."""

    def __init__(self, served: Ecu, plant: Plant, zone: ZoneInfo) -> None:
        self._ecu = served
        self._plant = plant
        self._zone = zone
        types = [t.record_type(unit.model.name) for unit in served.units]
        self._shown = tuple(zip(served.units, types, strict=True))[: t.fitting(types)]

    def length(self, head: bytes) -> int | None:
        """Return how long a question is: up to its END, for clients fill in lengths that are wrong."""
        if head.startswith(_LINE_FEED):
            return len(_LINE_FEED)
        if head[: len(_FIRST)] != _FIRST[: len(head)]:
            raise RemoteProtocolError("no question to an ECU")
        at = _ARGUMENTS_AT
        for _ in range(2 if head[9:_ARGUMENTS_AT] in _TWO_PARTS else 1):
            found = head.find(t.END, at)
            if found < 0:
                return None
            at = found + len(t.END)
        return at

    def answer(self, frame: bytes, _: str) -> bytes | None:
        """Return the answer to a question; none to what this gateway does not know."""
        if frame == _LINE_FEED:
            return None
        asked = t.request_of(frame)
        if asked is None:
            raise RemoteProtocolError("no question to an ECU")
        if asked.command == t.SYSTEM:
            return self._system().encode()
        mine = asked.ecu_id.upper() == self._ecu.id
        if asked.command == t.INVERTERS:
            return (self._inverters() if mine else t.Inverters(status=t.WRONG_ID)).encode()
        if asked.command == t.SIGNAL and mine:
            return t.Signal(tuple((unit.serial, self._level(unit)) for unit, _ in self._shown)).encode()
        return None

    def _now(self, unit: Unit) -> Now:
        return Now(self._plant.views[unit.slot])

    def _system(self) -> t.System:
        units = [self._now(unit) for unit in self._ecu.units]
        counted = [unit.energy(0) for unit in units if 0 in unit.view.energy]
        total_kwh = max(sum(each.total_wh for each in counted) / 1000, _LEAST_KWH) if counted else 0.0
        return t.System(
            ecu_id=self._ecu.id,
            lifetime_kwh=min(total_kwh, _MOST_32 / 10),
            power_w=_raw(sum(unit.number(W) for unit in units if unit.reached), _MOST_32),
            today_kwh=min(sum(each.day_wh for each in counted) / 1000, _MOST_32 / 100),
            inverters=len(self._shown),
            online=sum(self._now(unit).reached for unit, _ in self._shown),
            version=f"OpenCombiner_{version()}",
            zone=self._zone.key,
            mac_eth=_NO_MAC,
        )

    def _inverters(self) -> t.Inverters:
        if not any(self._now(unit).view.ts for unit in self._ecu.units):
            return t.Inverters(status=t.NO_DATA)
        time = datetime.fromtimestamp(self._plant.utc(), self._zone).strftime("%Y%m%d%H%M%S")
        return t.Inverters(time, tuple(_record(unit, kind, self._now(unit)) for unit, kind in self._shown))

    def _level(self, unit: Unit) -> int:
        now = self._now(unit)
        return _raw(_MOST_8 * now.number(SIGNAL) / _FULL_PCT, _MOST_8) if now.reached else 0


def _record(unit: Unit, kind: str, now: Now) -> t.Record:
    """Return what is said of a unit: nothing but zeros while it does not answer."""
    if now.view.ts is None:
        return t.Record(unit.serial, online=False)
    ports = range(1, unit.model.ports + 1)
    volts = tuple(_volts(kind, now, unit.model.ports))
    if not now.reached:
        return t.Record(unit.serial, online=False, type=kind, watts=(0,) * len(ports), volts=(0,) * len(volts))
    return t.Record(
        unit.serial,
        online=True,
        type=kind,
        hz=now.number(HZ),
        temperature_c=round(now.number(TMP_CAB)),
        watts=tuple(_raw(now.number(DCW, port), _MOST_16) for port in ports),
        volts=volts,
    )


def _volts(kind: str, now: Now, ports: int) -> Iterator[int]:
    """Yield the AC voltages of a record: of three phases from line to line, else the same at each of two inputs."""
    if kind == _THREE_PHASE:
        lines = [now.number(point) for point in (VL1, VL2, VL3)]
        for one, other in zip(lines, (*lines[1:], lines[0]), strict=True):
            yield _raw(sqrt(one**2 + one * other + other**2), _MOST_16)  # they are a third of a turn apart
        return
    for _ in range(ports if ports == 2 else 1):
        yield _raw(now.number(LNV), _MOST_16)


def _raw(value: float, most: int) -> int:
    return min(max(round(value), 0), most)
