"""The backend `manual`: an operator does it, and says when it is done."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from config.instruments import Told
from hil.instruments import InstrumentError

Ask: TypeAlias = Callable[[str], Awaitable[str]]
_REFUSALS = frozenset({"n", "no"})


class Manual:
    """Asks by `ask`, which returns what the operator typed."""

    def __init__(self, word: str, ask: Ask) -> None:
        self._word = word
        self._ask = ask

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:
        """Ask for an act and wait; an operator who says no ends the run."""
        how = ", ".join(f"{key} = {_shown(value)}" for key, value in args.items())
        what = f"{self._word}: {name.replace('_', ' ')}{f' ({how})' if how else ''} [{event}]"
        if (await self._ask(f"{what}; Enter when done, n if impossible: ")).strip().lower() in _REFUSALS:
            raise InstrumentError(f"{self._word}: the operator cannot do {name}")


def _shown(value: Told) -> str:
    if value is None:
        return "as it was"
    return f"{value:g}" if isinstance(value, float) else value
