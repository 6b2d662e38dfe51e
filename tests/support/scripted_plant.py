"""Scripted devices behind a modem, for the whole daemon: what they say is what the test sets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from config.site import Site
from drivers.stream import ByteStream, Listener, listen
from protocols.commands import AlarmReset, Command
from protocols.errors import LinkDownError
from protocols.events import AlarmRecord
from protocols.exchange import Responder
from protocols.modbus.rtu import Deframer
from protocols.points import INV_ST, UP_TMS, Channel, Value
from protocols.states import InvSt
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.responder import InverterSide
from tests.support.device import PROFILE, ScriptedDevice
from tests.support.emulated import UTRECHT

BIT_RATE = 1e6  # the medium is not what these tests are about
GAP_S = 0.002


class Unit(ScriptedDevice):
    """A device that hears only when it is `awake`, and whose uptime passes; `asked` counts the live polls.

    An alarm reset that it does not refuse ends its alarms, unless it is `stubborn`.
    """

    awake = True
    stubborn = False
    asked = 0
    booted_at = 0.0

    def values(self, now: float) -> Mapping[Channel, Value]:
        return {**super().values(now), Channel(UP_TMS): now - self.booted_at}

    def alarms(self, now: float) -> frozenset[int]:
        self.asked += 1
        return super().alarms(now)

    def command(self, command: Command, now: float) -> bool:
        done = super().command(command, now)
        if done and command == AlarmReset() and not self.stubborn:
            self.put()
        return done

    def reboot(self) -> None:
        """Begin uptime anew: the unit must be joined again."""
        self.booted_at = asyncio.get_running_loop().time()

    def put(self, *codes: int, state: InvSt | None = None) -> None:
        """Show alarm codes, and the state that goes with them."""
        self.active = frozenset(codes)
        self.shown[Channel(INV_ST)] = state or (InvSt.FAULT if codes else InvSt.RUNNING)

    def note(self, code: int, crossed_s: float, opened_s: float, *, stage: int = 1, extreme: float = 0.0) -> None:
        """Write an alarm record; its instants are uptimes."""
        seq = self.records[0].seq + 1 if self.records else 1
        record = AlarmRecord(seq, code, stage, extreme, round(crossed_s * 1000), round(opened_s * 1000))
        self.records = (record, *self.records)[:16]


class Plant:
    """One gateway's units by slot; `loses` says which requests get lost on the line."""

    def __init__(self, site: Site) -> None:
        (gateway,) = site.gateways
        self.url = gateway.link.url
        self.units = {
            unit.id: Unit(unit.serial, MODELS[unit.model]) for branch in gateway.branches for unit in branch.inverters
        }
        self.loses: Callable[[bytes], bool] = lambda _: False
        self.ready = asyncio.Event()
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._listener: Listener | None = None
        self._stream: ByteStream | None = None
        self._sides: list[tuple[Unit, Responder]] = [(unit, InverterSide(unit)) for unit in self.units.values()]

    def unplug(self) -> None:
        """Pull the modem's plug: its client is gone, and nobody can open it."""
        self._plugged.clear()
        if self._listener is not None:
            self._listener.close()
        if self._stream is not None:
            self._stream.close()

    def plug(self) -> None:
        """Plug it in again."""
        self._plugged.set()

    async def serve(self) -> None:
        """Answer client after client until cancelled."""
        while True:
            await self._plugged.wait()
            listener = self._listener = await listen(self.url)
            self.ready.set()
            with suppress(LinkDownError):
                while True:
                    self._stream = await listener.accept()
                    with suppress(LinkDownError):
                        await self._attend(self._stream)
                    self._stream.close()
                    if not self._plugged.is_set():
                        break
            listener.close()

    async def _attend(self, stream: ByteStream) -> None:
        deframer = Deframer()
        while True:
            for frame in deframer.feed(await stream.read()):
                await asyncio.sleep(GAP_S)
                now = asyncio.get_running_loop().time()
                for unit, side in self._sides:
                    if unit.awake and not self.loses(frame):
                        for answer in side.answer(frame, now):
                            await stream.write(answer)


@asynccontextmanager
async def serving(plant: Plant) -> AsyncIterator[None]:
    """Serve a plant for the time of the context."""
    task = asyncio.create_task(plant.serve())
    try:
        await plant.ready.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        plant.unplug()


def described(folder: Path, *, link: str, broker: str, branches: Mapping[str, int], **more: Any) -> Site:
    """Return a site with one gateway; branches by id and number of units, which are named after them."""
    return Site.model_validate(
        {
            "location": UTRECHT,
            "state_dir": folder,
            "mqtt": {"url": broker},
            "grid_profile": PROFILE.id,
            "gateways": [
                {
                    "id": "gw",
                    "role": "m-combiner",
                    "poll_s": 5.0,
                    "link": {"url": link, "bit_rate": BIT_RATE, "turnaround_s": 0.001},
                    "branches": [
                        {"id": branch, "inverters": [_slot(branch, number) for number in range(1, units + 1)]}
                        for branch, units in branches.items()
                    ],
                    **more,
                }
            ],
        }
    )


def _slot(branch: str, number: int) -> dict[str, str]:
    return {"slot": f"{branch}-{number}", "serial": f"SN{branch}{number:03}", "model": "MI-450"}
