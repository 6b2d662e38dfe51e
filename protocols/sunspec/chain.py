"""The chain of models from register 40000 on: mark, models, end model."""

from protocols.layout import Layout
from protocols.sunspec.models import COMMON, CONTROLS, INVERTER, NAMEPLATE, SETTINGS, STATUS, mppt

BASE = 40000
MARK = b"SunS"
END = bytes.fromhex("ffff0000")


def chain(ports: int) -> tuple[tuple[int, Layout], ...]:
    """Return the models of an inverter with `ports` inputs and the registers where they begin."""
    at, placed = BASE + len(MARK) // 2, []
    for layout in (COMMON, INVERTER, NAMEPLATE, SETTINGS, STATUS, CONTROLS, mppt(ports)):
        placed.append((at, layout))
        at += layout.size // 2
    return tuple(placed)
