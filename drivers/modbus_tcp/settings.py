"""What the driver needs to know about an address."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusTcpSettings:
    """An address and how far it is."""

    url: str
    latency_s: float = 0.05  # that a request and its answer usually take together
