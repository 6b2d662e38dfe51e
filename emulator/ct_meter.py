"""The meter of a combiner: current clamps where the house meets the grid, and what it says about them by MQTT."""

import asyncio
import json
from collections.abc import Callable

from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from emulator.combiner import Combiner
from protocols.errors import LinkDownError

SAYS_EVERY_S = 5.0
NO_BROKER_S = 5.0  # before it tries a broker again that was not there


class CtMeter:
    """Measures what the house takes less what all units feed, and says it to a topic.

    `fed_w` lives up to a loop time and returns that as UTC, and the power of all units.
    """

    def __init__(
        self,
        options: Options,
        topic: str,
        combiner: Combiner,
        load_w: float,
        fed_w: Callable[[float], tuple[float, float]],
    ) -> None:
        self._options = options
        self._topic = topic
        self._combiner = combiner
        self._load_w = load_w
        self._fed_w = fed_w

    def says(self, now: float) -> bytes | None:
        """Return what it says; None while its clamps are off, or without mains, from which it lives."""
        t, fed_w = self._fed_w(now)
        if not self._combiner.clamps.closed(t) or not self._combiner.grid.alive(t):
            return None
        volt = self._combiner.grid.volt.at(t)
        return json.dumps({"power_w": round(self._load_w - fed_w, 1), "voltage_v": round(volt, 1)}).encode()

    async def live(self) -> None:
        """Speak with the broker until cancelled."""
        while True:
            try:
                await self._speak()
            except LinkDownError:
                await asyncio.sleep(NO_BROKER_S)

    async def _speak(self) -> None:
        now = asyncio.get_running_loop().time
        async with connect(self._options) as session:
            while True:
                said = self.says(now())
                if said is not None:
                    await session.publish(Message(self._topic, said))
                await asyncio.sleep(SAYS_EVERY_S)
