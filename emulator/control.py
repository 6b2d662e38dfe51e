"""The control interface: acts and readings by JSON lines, so that whoever tests may sit on another machine.

    {"id": 1, "act": "grid_voltage", "args": {"pu": 1.2}}      {"id": 1, "ok": true}
    {"id": 2, "read": true}                                    {"id": 2, "ok": true, "values": {"grid.v": 276.0, …}}
    {"id": 3, "act": "restart", "args": {"serial": "AT1"}}     {"id": 3, "ok": false, "error": "there is no …"}

Acts are those of `config.instruments`, by the same names and arguments as in a site file's script; a left-out value is
null. Requests are answered in order; one client at a time, the newest takes the place of the one before. There is no
password: the address belongs on loopback or on a network of the bench's own.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import structlog

from config.instruments import Told, judged
from drivers.lines import Lines
from drivers.stream import Listener
from emulator.instruments import Instruments
from emulator.readings import readings
from emulator.server import Plant
from protocols.errors import ConfigError, LinkDownError

_log = structlog.get_logger()


class Control:
    """Serves one plant; `names` are the slots by serial, which readings bear."""

    def __init__(self, plant: Plant, names: Mapping[str, str]) -> None:
        self._plant = plant
        self._names = names
        self._door = Instruments(plant)

    async def serve(self, listener: Listener) -> None:
        """Serve client after client until cancelled."""
        while True:
            stream = await listener.accept()
            _log.info("control connected")
            lines = Lines(stream)
            try:
                while True:
                    await lines.write(self.answer(await lines.read()))
            except LinkDownError as error:
                _log.info("control gone", reason=str(error))
            finally:
                lines.close()

    def answer(self, line: str) -> str:
        """Return the answer to one request."""
        mark: object = None
        try:
            asked = json.loads(line)
            if not isinstance(asked, dict):
                raise ConfigError("a request is a JSON object")  # noqa: TRY301 - answered like any other refusal
            mark = asked.get("id")
            said = self._done(asked)
        except (ConfigError, ValueError, RecursionError) as error:
            return json.dumps({"id": mark, "ok": False, "error": str(error)})
        return json.dumps({"id": mark, "ok": True, **said})

    def _done(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        match asked:
            case {"act": str(name)}:
                self._act(name, asked.get("args", {}))
                return {}
            case {"read": True}:
                return {"values": readings(self._plant, self._names, asyncio.get_running_loop().time())}
            case _:
                raise ConfigError('a request has an "act" and its "args", or "read": true')

    def _act(self, name: str, args: object) -> None:
        if not isinstance(args, dict):
            raise ConfigError("args is a JSON object")
        told: dict[str, Told] = judged(name, args)
        getattr(self._door, name)(**told)
        _log.info("act", act=name, **told)
