"""What a bench offers, in the words of the SunSpec SVP: `gridsim`, `pvsim`, `das`, `switch`, `der`, `hil`.

All but `das` act; what each can do is in `config.bench`. A backend is whatever carries the acts out: the emulator, an
operator at the terminal, a device that takes command strings.
"""

from collections.abc import Mapping
from typing import Protocol

from config.instruments import Told
from protocols.errors import OpenCombinerError


class InstrumentError(OpenCombinerError):
    """An instrument cannot do what it is asked, or is gone: nothing can be concluded from the run."""


class Instrument(Protocol):
    """Acts on the plant, the grid, or what is around them."""

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:
        """Carry out an act of `config.bench`; return when it is done. Raises InstrumentError."""
        ...


class Das(Protocol):
    """The data acquisition: what is measured independently of the gateway."""

    async def read(self) -> Mapping[str, float]:
        """Return measurements by name: grid.v, grid.hz, site.w, SLOT.w, .v, .st and .led. Raises InstrumentError."""
        ...
