"""A site of some slots on a store, told what a poller tells."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.snapshot import CommState, InverterView
from gateway.store import Store
from gateway.telemetry.outbox import Outbox
from gateway.telemetry.site import SiteState
from protocols.events import Event, EventKind
from protocols.points import (
    DCV,
    DCW,
    INV_ST,
    TMP_CAB,
    TOT_WH_INJ,
    UP_TMS,
    VAR,
    W_MAX_LIM_PCT,
    Channel,
    Value,
    W,
)
from protocols.reading import Reading
from protocols.states import InvSt
from tests.gateway.acme import COUNTERS, identity
from tests.support.virtual_time import FakeClock, run

NOON = 1_782_036_000.0  # 2026-06-21T10:00Z, noon in Amsterdam
ALARM = Event(1, EventKind.DC_OVER_VOLT, "DC voltage too high", 1)


_MORE = {"var": VAR, "limit_pct": W_MAX_LIM_PCT}


class Bench:
    """A site of some slots on a store; use inside a running loop."""

    def __init__(self, path: Path, slots: int = 2, clock: FakeClock | None = None, serial: str | None = None) -> None:
        self.clock = clock or FakeClock(NOON)
        self.store = Store(path, inline=True)
        self.outbox = Outbox()
        self.site = SiteState(
            [(identity(f"s{n}", n, serial), COUNTERS) for n in range(1, slots + 1)],
            zone=ZoneInfo("Europe/Amsterdam"),
            clock=self.clock,
            store=self.store,
            outbox=self.outbox,
        )

    def view(self, slot: str = "s1") -> InverterView:
        return self.site.views[slot]

    def answer(self, slot: str, wh: int, power_w: float = 100.0, serial: str | None = None, **more: Value) -> None:
        serial = serial or self.view(slot).identity.serial
        now = asyncio.get_running_loop().time()
        values: dict[Channel, Value] = {
            Channel(INV_ST): InvSt.RUNNING,
            Channel(W): power_w,
            Channel(DCV, 1): 36.0,
            Channel(DCW, 1): power_w,
            Channel(TMP_CAB): 41.5,
            Channel(UP_TMS): int(now),
            Channel(TOT_WH_INJ): wh,
            **{Channel(_MORE[name]): value for name, value in more.items()},
        }
        self.site.answered(slot, Reading(serial, now, values, InvSt.RUNNING, frozenset({ALARM})))
        if self.view(slot).comm is not CommState.ONLINE:
            self.site.comm_changed(slot, CommState.ONLINE)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.outbox.take().events]

    def end(self) -> None:
        self.site.save()
        self.store.close()


def on_a_loop(scene: Callable[[Bench], None], path: Path) -> None:
    async def main() -> None:
        bench = Bench(path)
        scene(bench)
        bench.end()

    run(main())
