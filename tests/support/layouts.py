"""Every layout that the vendors and SunSpec declare."""

import pkgutil
from importlib import import_module
from types import ModuleType

import protocols.sunspec
import protocols.vendors
from protocols.layout import Layout
from protocols.sunspec.der import capacity, measure_ac, measure_dc
from protocols.sunspec.models import inverter, mppt, nameplate, settings


def every_layout() -> dict[str, Layout]:
    """Return all layouts by name; those that functions make are made with one input, 103 with three lines."""
    found = [mppt(1), inverter(3), nameplate(), settings(), measure_ac(), capacity(), measure_dc(1)]
    for package in (protocols.sunspec, protocols.vendors):
        for module in _modules(package):
            found += [value for value in vars(module).values() if isinstance(value, Layout)]
    return {layout.name: layout for layout in found}


def _modules(package: ModuleType) -> list[ModuleType]:
    return [import_module(name) for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
