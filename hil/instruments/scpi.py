"""The backend `scpi`: acts as command strings, measurements as queries, over a socket or a serial port.

A template holds formulas over the act's arguments and the grid profile: `VOLT ${pu * nominal.v_ln}`. One that ends in ?
waits for its answer. An act whose value is taken back is looked up as NAME_release.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from config.bench import ACTS
from config.formula import AbsentError, FormulaError, fill
from config.instruments import Kind, Told
from drivers.lines import Lines
from hil.instruments import InstrumentError
from protocols.errors import LinkDownError

ANSWER_S = 10.0  # a source that settles before it answers *OPC? takes a few seconds
_NO_ERROR = ("0,", "+0,", "0", "+0")


class Scpi:
    """A device. `check`, as SYST:ERR?, is asked after each act; an answer that is no zero ends the run."""

    def __init__(
        self,
        lines: Lines,
        scope: Mapping[str, Any],
        *,
        commands: Mapping[str, Sequence[str]],
        queries: Mapping[str, str],
        check: str | None = None,
    ) -> None:
        self._lines = lines
        self._scope = scope
        self._commands = commands
        self._queries = queries
        self._check = check
        self._turn = asyncio.Lock()

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:  # noqa: ARG002 - a device knows no events
        """Send the commands of an act."""
        key = f"{name}_release" if None in args.values() else name
        if key not in self._commands:
            raise InstrumentError(f"scpi: no command is set for {key}")
        scope = {**self._scope, **_defaults(name), **{key: value for key, value in args.items() if value is not None}}
        async with self._turn:
            for template in self._commands[key]:
                await self._say(_filled(template, scope))
            if self._check is not None and not (said := await self._say(self._check)).startswith(_NO_ERROR):
                raise InstrumentError(f"scpi: {name}: {said}")

    async def read(self) -> Mapping[str, float]:
        """Ask every query."""
        async with self._turn:
            return {name: _number(name, await self._say(query)) for name, query in self._queries.items()}

    async def _say(self, command: str) -> str:
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._lines.write(command)
                return await self._lines.read() if command.rstrip().endswith("?") else ""
        except (LinkDownError, TimeoutError) as error:
            raise InstrumentError(f"scpi: {command}: {str(error) or 'no answer'}") from error


def _defaults(act: str) -> dict[str, float]:
    """Return 0 for each number that an act may leave out, as a ramp."""
    return {name: 0.0 for name, argument in ACTS[act].items() if argument.kind is Kind.NUMBER and not argument.needed}


def _filled(template: str, scope: Mapping[str, Any]) -> str:
    try:
        return fill(template, scope)
    except (FormulaError, AbsentError) as error:
        raise InstrumentError(f"scpi: {template}: {error}") from error


def _number(name: str, text: str) -> float:
    try:
        return float(text.partition(",")[0])
    except ValueError:
        raise InstrumentError(f"scpi: {name}: {text[:60]!r} is no number") from None
