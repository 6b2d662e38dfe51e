from types import SimpleNamespace

import pytest

from protocols import registry
from protocols.errors import ConfigError, LocalProtocolError


def test_vendors_are_found_by_folder() -> None:
    assert "atmoce" in registry.vendor_names()
    assert registry.vendor("atmoce").name == "atmoce"


@pytest.mark.parametrize("name", registry.vendor_names())
def test_a_folder_is_named_like_its_vendor(name: str) -> None:
    assert registry.vendor(name).name == name


def test_an_unknown_vendor_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown vendor 'acme'; known: .*atmoce"):
        registry.vendor("acme")


def test_a_folder_without_a_profile_is_our_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "import_module", lambda _: SimpleNamespace(PROFILE="none"))
    registry.vendor.cache_clear()
    with pytest.raises(LocalProtocolError, match="vendor folder atmoce: PROFILE is no VendorProfile"):
        registry.vendor("atmoce")
