"""Noise, truncated, foreign, replayed and oversized frames behind a ZigBee coordinator, through the whole stack."""

import asyncio
from functools import partial
from pathlib import Path
from random import Random

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
from tests.hostile.test_frames import (
    MOST_HELD,
    Attack,
    Attacked,
    Medium,
    Wire,
    energies,
    foreign,
    noise,
    oversized,
    powers,
    replayed,
    truncated,
)
from tests.support.daemon import background
from tests.support.ecu import FIRST_NODE, ecu_site
from tests.support.emulated import NOON
from tests.support.held import held
from tests.support.virtual_time import FakeClock, run

HOSTILE_S, PEACE_S = 300.0, 180.0
MOST_W = 2000.0  # of any unit here


def strange(rng: Random) -> bytes:
    """What somebody else says at one of our addresses, whole."""
    node = FIRST_NODE + rng.randrange(5)
    said = Message(node, CLUSTER_IN, bytes.fromhex("802999999999") + rng.randbytes(rng.choice((30, 88, 99))))
    return encode(c.incoming(said))


ZIGBEE = Medium(partial(ecu_site, poll_s=5.0, emulation={"clouds": "clear"}), strange, b"\xfe\xfa\x44\x81")


def restarting(wire: Wire, chunk: bytes) -> bytes:
    """The word that the coordinator has restarted, now and then."""
    return encode(c.reset_indication()) + chunk if wire.rng.random() < 0.02 else chunk


@pytest.mark.parametrize(
    "attack", [noise, truncated, foreign, replayed, oversized, restarting], ids=lambda attack: attack.__name__
)
def test_frames(attack: Attack, tmp_path: Path) -> None:
    wire = Wire(ZIGBEE)

    async def opener(url: str, *, baud: int) -> ByteStream:
        return Attacked(await open_stream(url, baud=baud), wire, attack)

    async def main() -> None:
        site, clock = ZIGBEE.site(tmp_path), FakeClock(NOON)
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
