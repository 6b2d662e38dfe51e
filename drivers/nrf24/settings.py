"""What the driver needs to know about an nRF24L01+ on SPI."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Nrf24Settings:
    """A radio on a Raspberry Pi."""

    url: str  # of the SPI device; any other URL is that of a bridge in its place
    ce_pin: int = 22  # GPIO number
    spi_hz: int = 1_000_000
    power: Literal["min", "low", "high", "max"] = "high"
