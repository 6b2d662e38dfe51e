"""Noise, truncated, foreign, replayed and oversized frames on the wire, through the whole driver stack."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest
from structlog.testing import capture_logs

from config.site import Site
from drivers.stream import open_stream
from drivers.transport import ByteStream
from gateway.app import App
from gateway.log import LogTap
from gateway.snapshot import CommState
from protocols.modbus import pdu, rtu
from protocols.modems import radio_bridge, st7580
from protocols.modems.radio_frame import RadioFrame
from protocols.points import Channel, W
from protocols.vendors.hoymiles.serials import address, inverter_address
from tests.support import dtu_plant
from tests.support.daemon import LIMIT, background, described, running_plant
from tests.support.dtu_plant import CMT_UNITS, NRF_UNITS
from tests.support.emulated import NOON
from tests.support.held import held
from tests.support.virtual_time import FakeClock, run

Attack: TypeAlias = Callable[["Wire", bytes], bytes]
MOST_HELD = 16 * 1024  # bytes that a link keeps, whatever comes
HOSTILE_S, PEACE_S = 300.0, 120.0


@dataclass(frozen=True)
class Medium:
    """A plant on a medium, and what an attacker needs to speak there."""

    site: Callable[[Path], Site]
    strange: Callable[[Random], bytes]  # a neighbour's answer, whole and in order, as the adapter hands it up
    start: bytes  # the beginning of a frame of the greatest length


class Wire:
    """What an attacker on the wire knows: the medium, a generator, and what went by."""

    def __init__(self, medium: Medium) -> None:
        self.medium = medium
        self.rng = Random(5)
        self.earlier: list[bytes] = []
        self.hostile = False
        self.struck = 0  # chunks that came to the driver otherwise than they were sent


def noise(wire: Wire, chunk: bytes) -> bytes:
    return wire.rng.randbytes(wire.rng.randint(1, 30)) + chunk


def truncated(wire: Wire, chunk: bytes) -> bytes:
    return chunk[: wire.rng.randint(0, len(chunk))] if wire.rng.random() < 0.3 else chunk


def foreign(wire: Wire, chunk: bytes) -> bytes:
    """A neighbour's answer before each of ours."""
    return wire.medium.strange(wire.rng) + chunk


def replayed(wire: Wire, chunk: bytes) -> bytes:
    wire.earlier = [*wire.earlier[-50:], chunk]
    return wire.rng.choice(wire.earlier) + chunk if wire.rng.random() < 0.3 else chunk


def oversized(wire: Wire, chunk: bytes) -> bytes:
    """The beginning of a frame of the greatest length, and much more than fits behind it."""
    return wire.medium.start + bytes(wire.rng.choice((300, 5000, 70_000))) + chunk if wire.rng.random() < 0.2 else chunk


class Attacked:
    """A stream with somebody in between."""

    def __init__(self, stream: ByteStream, wire: Wire, attack: Attack) -> None:
        self._stream = stream
        self._wire = wire
        self._attack = attack
        self._left = b""

    async def read(self) -> bytes:
        while not self._left:
            chunk = await self._stream.read()
            self._left = self._attack(self._wire, chunk) if self._wire.hostile else chunk
            self._wire.struck += self._left != chunk
        chunk, self._left = self._left[:4096], self._left[4096:]
        return chunk

    async def write(self, data: bytes) -> None:
        await self._stream.write(data)

    def close(self) -> None:
        self._stream.close()


def on_a_power_line(modem: str, folder: Path) -> Site:
    site = described(folder)
    gateways = (g.model_copy(update={"link": g.link.model_copy(update={"modem": modem})}) for g in site.gateways)
    return site.model_copy(update={"gateways": tuple(gateways)})


def registers(rng: Random) -> bytes:
    body = pdu.ReadAnswer(bytes(rng.randbytes(2 * rng.choice((20, 24, 44)))))
    return rtu.encode(rng.randint(100, 247), body.encode())


def by_radio(stuffed: bool, folder: Path) -> Site:  # noqa: FBT001 - a setting
    emulation = {"seed": 3, "clouds": "clear"}
    return dtu_plant.site(folder, poll_s=5.0, each=2, link={"stuffed": stuffed}, emulation=emulation)


def fragment(stuffed: bool, rng: Random) -> bytes:  # noqa: FBT001 - a setting
    """A fragment of a neighbour's unit for us, or of ours for a neighbour's DTU."""
    ours = rng.choice([inverter_address(serial) for serial in (*NRF_UNITS, *CMT_UNITS)])
    inverter, dtu = rng.choice(((rng.getrandbits(32), address(DTU)), (ours, rng.getrandbits(32))))
    frame = RadioFrame(0x95, inverter, dtu, rng.choice((1, 2, 0x83)), rng.randbytes(16))
    return radio_bridge.encode(frame.encode(), stuffed=stuffed)


DTU = "99978563412"
MEDIA = {
    "transparent": Medium(partial(on_a_power_line, "transparent"), registers, b"\x01\x03\xfa"),
    "st7580": Medium(
        partial(on_a_power_line, "st7580"),
        lambda rng: st7580.encode(st7580.indication(registers(rng))),
        b"\x02\xff\x52",
    ),
    "radio, stuffed": Medium(partial(by_radio, True), partial(fragment, True), b"\x7e\x95"),
    "radio, not stuffed": Medium(partial(by_radio, False), partial(fragment, False), b"\x7e\x95"),
}


def energies(app: App) -> Iterator[int]:
    return (energy.total_wh for view in app.state.views.values() for energy in view.energy.values())


@pytest.mark.parametrize("medium", MEDIA.values(), ids=MEDIA)
@pytest.mark.parametrize("attack", [noise, truncated, foreign, replayed, oversized], ids=lambda attack: attack.__name__)
def test_frames(attack: Attack, medium: Medium, tmp_path: Path) -> None:
    wire = Wire(medium)

    async def opener(url: str, *, baud: int) -> ByteStream:
        return Attacked(await open_stream(url, baud=baud), wire, attack)

    async def main() -> None:
        site, clock = medium.site(tmp_path), FakeClock(NOON)
        openers = dict.fromkeys((gateway.id for gateway in site.gateways), opener)
        async with running_plant(site, clock) as plant:
            app = App(site, clock=clock, tap=LogTap(), inline_store=True, openers=openers)
            async with background(app.run(asyncio.Event())):
                await asyncio.sleep(PEACE_S)
                before = list(energies(app))
                wire.hostile = True
                for _ in range(30):
                    await asyncio.sleep(HOSTILE_S / 30)
                    assert max(held(south.link) for south in app.souths) <= MOST_HELD
                    assert all(0 <= w <= 550 for w in powers(app))  # nothing of the attacker's is believed
                wire.hostile = False
                await asyncio.sleep(PEACE_S)
                assert [south.failures for south in app.souths] == [0, 0]
                assert {view.comm for view in app.state.views.values()} == {CommState.ONLINE}
                limits = {view.values.get(LIMIT) for view in app.state.views.values()}
                assert limits - {None} == {100.0}  # newer HMS firmware does not tell it
                grown = [after - earlier for after, earlier in zip(energies(app), before, strict=True)]
                assert all(0 <= wh <= 550 * (HOSTILE_S + 2 * PEACE_S) / 3600 for wh in grown)
                assert plant.units

    with capture_logs() as logs:
        run(main())
    assert wire.struck >= 50
    assert [log for log in logs if log["log_level"] in {"error", "critical"}] == []


def powers(app: App) -> list[float]:
    values = (view.values.get(Channel(W)) for view in app.state.views.values())
    return [value for value in values if isinstance(value, int | float)]
