"""The backend `emulator` in the same process: acts on the emulated plant, measures it."""

import asyncio
from collections.abc import Mapping

from config.instruments import Told
from emulator.instruments import Instruments
from emulator.readings import readings
from emulator.server import Plant
from hil.instruments import InstrumentError
from protocols.errors import ConfigError


class EmulatedPlant:
    """Grid, modules, breakers and devices of an emulated plant; `names` are the slots by serial."""

    def __init__(self, plant: Plant, names: Mapping[str, str]) -> None:
        self._plant = plant
        self._names = names
        self._door = Instruments(plant)

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:  # noqa: ARG002 - nothing is answered
        """Carry out an act."""
        try:
            getattr(self._door, name)(**args)
        except ConfigError as error:
            raise InstrumentError(f"{name}: {error}") from error

    async def read(self) -> Mapping[str, float]:
        """Measure."""
        return readings(self._plant, self._names, asyncio.get_running_loop().time())
