"""Targets of the faces: what clients send to their servers."""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from gateway.faces.dtu_answers import MAX_REPLY, Answers
from gateway.faces.dtu_commands import REMEMBERED, Commands
from gateway.faces.dtu_modbus import DtuModbus
from gateway.faces.dtu_tcp import CLASSES, DtuTcp, Leave
from gateway.faces.ecu_tcp import EcuTcp
from gateway.faces.tcp_server import WRITES_BURST, WRITES_PER_S, Framed, Pace
from protocols.errors import RemoteProtocolError
from protocols.vendors.apsystems.ecu_tcp import INVERTERS, MAX_ANSWER, SIGNAL, SYSTEM, Request
from protocols.vendors.hoymiles.northbound import Message
from tests.fuzz.corpus import EMPTY
from tests.fuzz.target import Target
from tests.support import still_ecu
from tests.support.modbus_client import adu
from tests.support.register_map import Desk, server
from tests.support.still_dtu import Hands, StillDesk, plant, report, served
from tests.support.vectors import load
from tests.support.virtual_time import run

_SAID = ("03 0000 0001", "03 0063 0002", "06 0005 1234", "10 0001 0002 04 00010002", "2B 0E 01 00", "03 FFFF 0002")
_DTU_SAID = ("03 1000 0014", "03 1001 0003", "03 2000 0003", "01 C000 0006", "05 C00C FF00", "0F C001 0008 01 32")
MAX_ADU = 260


def targets() -> Iterator[Target]:
    """Yield the targets."""
    name, refused = "gateway.faces.{}", (RemoteProtocolError,)
    seeds = (*(adu(1, bytes.fromhex(pdu)) for pdu in _SAID), EMPTY)
    yield Target("Modbus TCP", _modbus, seeds, (name.format("modbus_server:Modbus.read"),), refused)
    seeds = (*(adu(1, bytes.fromhex(pdu)) for pdu in (*_DTU_SAID, *_SAID)), EMPTY)
    yield Target("Modbus TCP of a DTU", _dtu_modbus, seeds, (name.format("dtu_modbus:DtuModbus.coils"),), refused)
    captured = (vector.raw for vector in load("hoymiles") if vector.decoded["kind"].startswith("tcp10081"))
    seeds = (*_commands(), *captured, EMPTY)
    yield Target("TCP of a DTU", _dtu_tcp, seeds, (name.format("dtu_tcp:DtuTcp.answer"),), refused, cost=4)
    seeds = (*_questions(), EMPTY)
    yield Target("TCP of an ECU", _ecu_tcp, seeds, (name.format("ecu_tcp:EcuTcp.answer"),), refused)


def _questions() -> Iterator[bytes]:
    for command in (SYSTEM, INVERTERS, SIGNAL, "0003"):
        yield Request(command, "" if command == SYSTEM else still_ecu.ECU_ID).encode() + b"\n"


def _commands() -> Iterator[bytes]:
    for action, data in ((8, "A:500,B:0,C:0\r"), (211, "S:1,P:1234\r"), (3, ""), (42, ""), (33, "")):
        command = CLASSES["Command"](action=action, data=data, id=action, inverters=[0x1410A01121AE])
        yield Message(0xA305, 1, command.SerializeToString()).encode()
    yield Message(0xA306, 1, CLASSES["StatusAsk"](id=8).SerializeToString()).encode()
    for command in (0xA301, 0xA302, 0xA303, 0xA304, 0xA309, 0xA314):
        yield Message(command, 1, b"").encode()


def _served(face: Framed, data: bytes, most: int) -> None:
    """Serve one frame after the other, as the server does, until the bytes end or the framing is lost."""
    while (length := face.length(data)) is not None and length <= len(data):
        answer = face.answer(data[:length], "10.0.0.7")
        assert answer is None or len(answer) <= most
        data = data[length:]


def _modbus(data: bytes) -> None:
    _served(server(), data, MAX_ADU)


def _dtu_modbus(data: bytes) -> None:
    class Still(Desk):
        """Shows a plant that stands still."""

        views, in_force = _STILL.views, staticmethod(_STILL.in_force)

    face = DtuModbus(_DTU, 1503)
    _served(replace(server(desk=Still()), face=face, coils=face), data, MAX_ADU)


def _dtu_tcp(data: bytes) -> None:
    async def main() -> None:
        desk = StillDesk(_STILL, Hands(report()))
        commands = Commands(_DTU, desk)
        leave = Leave(writes=True, name="x", pace=Pace(WRITES_PER_S, WRITES_BURST), now=lambda: 0.0)
        _served(DtuTcp(Answers(_DTU, ZoneInfo("UTC"), 1), commands, desk, leave), data, MAX_REPLY)
        assert len(commands.taken) <= REMEMBERED

    run(main())


def _ecu_tcp(data: bytes) -> None:
    _served(_ECU, data, MAX_ANSWER)


_DTU, _STILL = served(), plant()
_ECU = EcuTcp(still_ecu.served(), still_ecu.plant(), ZoneInfo("UTC"))
