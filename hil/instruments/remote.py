"""The backend `emulator` on another machine: acts and readings over the emulator's control interface."""

import asyncio
import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from config.instruments import Told
from drivers.lines import Lines
from drivers.stream import open_stream
from hil.instruments import InstrumentError
from protocols.errors import LinkDownError

ANSWER_S = 10.0  # an emulator answers within a poll of its busiest plant


class RemoteEmulator:
    """The client of `emulate --control`; one request at a time."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._marks = count(1)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, address: str) -> "RemoteEmulator":
        """Connect to HOST:PORT, or to a stream's URL. Raises InstrumentError."""
        url = address if "://" in address else f"socket://{address}"
        try:
            return cls(Lines(await open_stream(url)))
        except LinkDownError as error:
            raise InstrumentError(f"emulator: {error}") from error

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:  # noqa: ARG002 - the emulator needs none
        """Carry out an act."""
        await self._ask({"act": name, "args": dict(args)})

    async def read(self) -> Mapping[str, float]:
        """Measure."""
        values = (await self._ask({"read": True})).get("values")
        if not isinstance(values, dict):
            raise InstrumentError("emulator: no values in its answer")
        return {str(name): float(value) for name, value in values.items()}

    async def _ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        async with self._turn:
            mark = next(self._marks)
            try:
                async with asyncio.timeout(ANSWER_S):
                    await self._lines.write(json.dumps({"id": mark, **request}))
                    answer = json.loads(await self._lines.read())
            except (LinkDownError, TimeoutError, ValueError) as error:
                raise InstrumentError(f"emulator: {str(error) or 'no answer'}") from error
        if not isinstance(answer, dict) or answer.get("id") != mark or answer.get("ok") is not True:
            raise InstrumentError(f"emulator: {answer.get('error') if isinstance(answer, dict) else answer}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._lines.close()
