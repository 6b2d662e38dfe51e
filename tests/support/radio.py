"""A program at an emulated radio bridge, and units on its air."""

import asyncio
from dataclasses import dataclass

from config.links import SerialBridgeLink
from config.site import Impairments
from drivers.stream import pipe
from emulator.inverter import Inverter
from emulator.media.serial_bridge import RadioMedium
from emulator.media.serial_bridge.bridge import Bridge
from emulator.media.serial_bridge.unit import Unit
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import RadioFrame, decode
from protocols.vendors.hoymiles.requests import DataType, information
from protocols.vendors.hoymiles.responder import Habits, InverterSide
from protocols.vendors.hoymiles.serials import inverter_address
from tests.support.emulated import NOON, unit

DTU = 0x80102680
HM, HMS = "114172220143", "114483761097"  # an HM-600 and an HMS-1000-2T


def medium(radio: str, *, seed: str = "1/gw", stuffed: bool = True, **impairments: float) -> RadioMedium:
    link = SerialBridgeLink.model_validate({"url": "mem://bridge", "radio": radio, "stuffed": stuffed})
    return RadioMedium(link, Impairments.model_validate(impairments), seed)


def hung(air: RadioMedium, serial: str, inverter: Inverter | None = None, habits: Habits | None = None) -> Unit:
    """Put a unit on the air, at noon unless it is given."""
    inverter = inverter or unit(serial=serial, ports=2, rated_w=600.0)
    return air.attach(inverter, InverterSide(inverter, habits), inverter_address(serial))


def asked(serial: str, kind: DataType = DataType.REALTIME, at: float = NOON, dtu: int = DTU) -> bytes:
    return information(inverter_address(serial), dtu, kind, at).encode()


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame and when it was read, by the loop."""

    at: float
    frame: RadioFrame


class Host:
    """The program at a bridge's serial port."""

    def __init__(self, bridge: object, *, stuffed: bool = True) -> None:
        assert isinstance(bridge, Bridge)
        self._stuffed = stuffed
        self._stream, theirs = pipe()
        self._deframer = radio_bridge.Deframer(stuffed=stuffed)
        self._served = asyncio.create_task(bridge.serve(theirs))

    async def send(self, *frames: bytes) -> None:
        for frame in frames:
            await self._stream.write(radio_bridge.encode(frame, stuffed=self._stuffed))
        await asyncio.sleep(0)

    async def read(self, within_s: float = 1.0) -> list[Heard]:
        """Return all frames that come within a time."""
        found: list[Heard] = []
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(within_s):
                while True:
                    frames = self._deframer.feed(await self._stream.read())
                    found += [Heard(now(), decode(frame)) for frame in frames]
        except TimeoutError:
            return found

    async def ask(self, *frames: bytes, within_s: float = 1.0) -> list[Heard]:
        """Send, and return what comes within a time; `at` counts from the sending."""
        began = asyncio.get_running_loop().time()
        await self.send(*frames)
        return [Heard(heard.at - began, heard.frame) for heard in await self.read(within_s)]

    async def leave(self) -> None:
        self._stream.close()
        await self._served
