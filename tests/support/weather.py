"""Weather on demand."""

from emulator.clouds import Regime
from emulator.module import Module
from emulator.sky import Sky
from emulator.source import Source
from tests.support.emulated import UTRECHT


def hot_noon(warmer_k: float = 25.0) -> Source:
    """Return a clear June day on which the air reaches 46 °C at noon (21 °C is usual), 55 °C behind a module."""
    return Source(Sky(UTRECHT, 1, Regime.CLEAR, warmer_k=warmer_k), Module(550.0), 35.0, 180.0, 1)
