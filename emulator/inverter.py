"""An emulated microinverter as its own protocol side sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.grid_profiles import on_wire
from emulator.feeder import Terminal
from emulator.life import Life
from emulator.measure import values
from emulator.order import Order
from emulator.setup import Settings, Start
from emulator.source import Source
from protocols.commands import Command
from protocols.events import AlarmRecord
from protocols.grid_profile import GridProfile
from protocols.points import Channel, Value
from protocols.profile import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate:
    """What is printed on the unit."""

    maker: str
    model: Model
    serial: str


class Inverter:
    """One unit behind the modules at its inputs; a `protocols.profile.Device`.

    `now` is the loop's time; inside, in `life`, time is UTC, for the sun.
    """

    def __init__(
        self,
        plate: Nameplate,
        source: Source,
        terminal: Terminal,
        order: Order,
        settings: Settings,
        *,
        start: Start,
        seed: int,
    ) -> None:
        self.plate = plate
        self.commissioned = settings.commissioned
        self.grid_profile: GridProfile = on_wire(settings.profile)
        self.life = Life(plate.model, source, terminal, order, settings, start=start, seed=f"{seed}/{plate.serial}")
        self._utc_at_zero = start.utc - start.now

    @property
    def serial(self) -> str:
        """Return the serial number."""
        return self.plate.serial

    @property
    def model(self) -> Model:
        """Return the figures of the model."""
        return self.plate.model

    def _at(self, now: float) -> float:
        """Live up to `now` and return it as UTC."""
        t = now + self._utc_at_zero
        self.life.advance(t)
        return t

    def awake(self, now: float) -> bool:
        """Tell whether the unit can hear and answer."""
        self._at(now)
        return not self.life.firmware.silent

    def booted_at(self, now: float) -> float:
        """Return when it booted last."""
        self._at(now)
        return self.life.firmware.booted_at - self._utc_at_zero

    def power_w(self, now: float) -> float:
        """Return the AC power."""
        return self.life.watt(self._at(now))

    def counter_wh(self, now: float) -> float:
        """Return the lifetime counter of AC energy."""
        return self.life.counter_wh(self._at(now))

    def alarms(self, now: float) -> frozenset[int]:
        """Return the alarm codes that are active."""
        self._at(now)
        return self.life.firmware.alarms

    def alarm_records(self, now: float) -> Sequence[AlarmRecord]:
        """Return the alarm records, newest first."""
        self._at(now)
        return tuple(self.life.firmware.guard.memory.records)

    def command(self, command: Command, now: float) -> bool:
        """Carry out a command; False when it is refused."""
        return self.life.command(command, now + self._utc_at_zero)

    def values(self, now: float) -> Mapping[Channel, Value]:
        """Return every measured and set value."""
        plate = self.plate
        return values(self.life, self._at(now), maker=plate.maker, serial=plate.serial)
