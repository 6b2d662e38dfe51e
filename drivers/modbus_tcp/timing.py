"""How long a conversation takes: the bytes' own time is nothing beside the way and the unit's thinking."""

from collections.abc import Sequence

from drivers.modbus_tcp.settings import ModbusTcpSettings


def transaction_s(settings: ModbusTcpSettings, _: int, answers: Sequence[int]) -> float:
    """Return the paper time of a request for each of the answers."""
    return settings.latency_s * len(answers)
