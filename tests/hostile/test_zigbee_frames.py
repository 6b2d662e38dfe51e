"""Noise, truncated, foreign, replayed and oversized frames behind a ZigBee coordinator, through the whole stack."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest
from structlog.testing import capture_logs

from drivers.stream import open_stream
from drivers.transport import ByteStream
from emulator.server import Plant
from gateway.app import App
from gateway.log import LogTap
from gateway.snapshot import CommState
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message
from protocols.modems.znp.frame import encode
from protocols.modems.znp.network import CLUSTER_IN
from tests.hostile.test_frames import MOST_HELD, Attacked, Wire, energies, powers
from tests.support.daemon import background
from tests.support.ecu import FIRST_NODE, ecu_site
from tests.support.emulated import NOON
from tests.support.held import held
from tests.support.virtual_time import FakeClock, run

Attack: TypeAlias = Callable[[Wire, bytes], bytes]
HOSTILE_S, PEACE_S = 300.0, 180.0
MOST_W = 2000.0  # of any unit here


def noise(wire: Wire, chunk: bytes) -> bytes:
    return wire.rng.randbytes(wire.rng.randint(1, 30)) + chunk


def truncated(wire: Wire, chunk: bytes) -> bytes:
    return chunk[: wire.rng.randint(0, len(chunk))] if wire.rng.random() < 0.3 else chunk


def foreign(wire: Wire, chunk: bytes) -> bytes:
    """What somebody else says at one of our addresses, whole, before each of ours."""
    node = FIRST_NODE + wire.rng.randrange(5)
    said = Message(node, CLUSTER_IN, bytes.fromhex("802999999999") + wire.rng.randbytes(wire.rng.choice((30, 88, 99))))
    return encode(c.incoming(said)) + chunk


def replayed(wire: Wire, chunk: bytes) -> bytes:
    wire.earlier = [*wire.earlier[-50:], chunk]
    return wire.rng.choice(wire.earlier) + chunk if wire.rng.random() < 0.3 else chunk


def oversized(wire: Wire, chunk: bytes) -> bytes:
    """The beginning of a frame of the greatest length, and much more than fits behind it."""
    start = b"\xfe\xfa\x44\x81"
    return start + bytes(wire.rng.choice((300, 5000, 70_000))) + chunk if wire.rng.random() < 0.2 else chunk


def restarting(wire: Wire, chunk: bytes) -> bytes:
    """The word that the coordinator has restarted, now and then."""
    return encode(c.reset_indication()) + chunk if wire.rng.random() < 0.02 else chunk


@pytest.mark.parametrize(
    "attack", [noise, truncated, foreign, replayed, oversized, restarting], ids=lambda attack: attack.__name__
)
def test_frames(attack: Attack, tmp_path: Path) -> None:
    wire = Wire("transparent")
    wire.rng = Random(5)

    async def opener(url: str, *, baud: int) -> ByteStream:
        return Attacked(await open_stream(url, baud=baud), wire, attack)

    async def main() -> None:
        site, clock = ecu_site(tmp_path, poll_s=5.0, emulation={"clouds": "clear"}), FakeClock(NOON)
        plant = Plant(site, site.location, clock, asyncio.get_running_loop().time())
        async with background(plant.serve()):
            await plant.ready.wait()
            app = App(site, clock=clock, tap=LogTap(), inline_store=True, openers={"ecu": opener})
            async with background(app.run(asyncio.Event())):
                await asyncio.sleep(PEACE_S)
                before = list(energies(app))
                wire.hostile = True
                for _ in range(30):
                    await asyncio.sleep(HOSTILE_S / 30)
                    assert max(held(south.link) for south in app.souths) <= MOST_HELD
                    assert all(0 <= w <= MOST_W for w in powers(app))  # nothing of the attacker's is believed
                wire.hostile = False
                await asyncio.sleep(PEACE_S)
                assert [south.failures for south in app.souths] == [0]
                assert {view.comm for view in app.state.views.values()} == {CommState.ONLINE}
                grown = [after - earlier for after, earlier in zip(energies(app), before, strict=True)]
                assert all(0 <= wh <= MOST_W * (HOSTILE_S + 2 * PEACE_S) / 3600 for wh in grown)

    with capture_logs() as logs:
        run(main())
    assert wire.struck >= 20
    assert [log for log in logs if log["log_level"] in {"error", "critical"}] == []
