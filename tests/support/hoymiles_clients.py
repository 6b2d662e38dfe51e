"""The public clients of a real DTU, at a port of this machine; they are other people's code and run in tests only."""

from typing import Any

from hoymiles_modbus.client import HoymilesModbusTCP
from hoymiles_modbus.datatypes import PlantData
from hoymiles_wifi.dtu import DTU


class WifiClient(DTU):  # type: ignore[misc]  # the library has no types
    """hoymiles-wifi knows one port only, and rests for two seconds between questions."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1")
        self._port = port

    async def async_send_request(self, *args: Any, **more: Any) -> Any:
        """Send a question to our port at once."""
        self.__dict__.update(last_request_time=0)
        return await super().async_send_request(*args, dtu_port=self._port, **more)


def plant_data(port: int) -> PlantData:
    """Return what hoymiles-modbus reads; it blocks."""
    return HoymilesModbusTCP("127.0.0.1", port).plant_data
