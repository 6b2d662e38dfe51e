"""Vendors are found by folder: each subpackage of `protocols.vendors` with a `profile` module offers PROFILE."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from protocols import vendors
from protocols.errors import ConfigError, LocalProtocolError
from protocols.profile import VendorProfile


@cache
def vendor_names() -> tuple[str, ...]:
    """Return the names of the vendor folders, sorted."""
    return tuple(sorted(module.name for module in iter_modules(vendors.__path__) if module.ispkg))


@cache
def vendor(name: str) -> VendorProfile:
    """Return the profile of a vendor; raises ConfigError when there is no such folder."""
    if name not in vendor_names():
        raise ConfigError(f"unknown vendor {name!r}; known: {', '.join(vendor_names())}")
    profile = import_module(f"{vendors.__name__}.{name}.profile").PROFILE
    if not isinstance(profile, VendorProfile):
        raise LocalProtocolError(f"vendor folder {name}: PROFILE is no VendorProfile")
    return profile
