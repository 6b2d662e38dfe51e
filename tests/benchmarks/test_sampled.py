import sys

import pytest

from benchmarks.sampled import place, section


@pytest.mark.parametrize(
    ("module", "owner"),
    [
        ("drivers.mqtt.client", "mqtt"),
        ("drivers.plc.line", "link"),
        ("gateway.mqtt.payloads", "encode"),
        ("gateway.telemetry.energy", "ledger"),
        ("protocols.modbus.rtu", "decode"),
        ("gateway.health", None),
        ("asyncio.events", None),
    ],
)
def test_a_module_belongs_to_the_section_of_its_nearest_package(module: str, owner: str | None) -> None:
    assert section(module) == owner


@pytest.mark.parametrize(
    ("modules", "where"),
    [
        pytest.param(("drivers.plc.line", "asyncio.events"), "link", id="what a driver calls is the driver's"),
        pytest.param(("gateway.mqtt.bridge", "drivers.mqtt.line"), "mqtt", id="the innermost section wins"),
        pytest.param(("asyncio.base_events", "selectors"), "idle", id="waiting is idle"),
        pytest.param(("asyncio.base_events",), "loop", id="what nobody owns is the loop's"),
    ],
)
def test_a_place_in_the_code(modules: tuple[str, ...], where: str) -> None:
    assert _called_through(modules) == where


def _called_through(modules: tuple[str, ...]) -> str:
    """Return the place as seen from a function of the last module, called by one of each module before it."""
    scope: dict[str, object] = {"place": place, "frame": sys._getframe}  # noqa: SLF001 - what a signal handler is given
    code = "def inner(): return place(frame(0))\n"
    for depth, module in enumerate(reversed(modules)):
        scope = {**scope, "__name__": module, "called": scope.get("inner")}
        exec(code if not depth else "def inner(): return called()", scope)  # noqa: S102 - frames of invented modules
    call = scope["inner"]
    assert callable(call)
    return str(call())
