"""The chain of models from register 40000 on: mark, models, end model."""

from collections.abc import Iterable

from protocols.layout import Layout
from protocols.sunspec import der
from protocols.sunspec.models import COMMON, CONTROLS, INVERTER, STATUS, inverter, mppt, nameplate, settings

BASE = 40000
MARK = b"SunS"
END = bytes.fromhex("ffff0000")

Chain = tuple[tuple[int, Layout], ...]

_NAMEPLATE, _SETTINGS = nameplate(), settings()


def chain(ports: int) -> Chain:
    """Return the models of a single-phase inverter with `ports` inputs and the registers where they begin."""
    return placed((COMMON, INVERTER, _NAMEPLATE, _SETTINGS, STATUS, CONTROLS, mppt(ports)))


def inverter_chain(ports: int, phases: int, w_sf: int, a_sf: int) -> Chain:
    """Return the models 1, 101 or 103, 120-123 and 160 of anything that may be larger than one inverter."""
    rating_sf = w_sf + 1  # models 120 and 121 have no sign, and need no tenths
    ratings = nameplate(rating_sf, a_sf), settings(rating_sf)
    return placed((COMMON, inverter(phases, w_sf, a_sf, 0), *ratings, STATUS, CONTROLS, mppt(ports)))


def der_chain(ports: int, w_sf: int, a_sf: int) -> Chain:
    """Return the models 1, 701-704, 714 and 715."""
    measured, capacity = der.measure_ac(w_sf, a_sf), der.capacity(w_sf, a_sf)
    return placed(
        (COMMON, measured, capacity, der.ENTER_SERVICE, der.CONTROL_AC, der.measure_dc(ports, w_sf), der.CONTROL)
    )


def placed(layouts: Iterable[Layout]) -> Chain:
    """Return models with the registers where they begin."""
    at, found = BASE + len(MARK) // 2, []
    for layout in layouts:
        found.append((at, layout))
        at += layout.size // 2
    return tuple(found)
