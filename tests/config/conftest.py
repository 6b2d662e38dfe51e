from collections.abc import Callable
from pathlib import Path

import pytest

from config.findings import SiteRefusedError
from config.loader import LoadedSite, load_site
from tests.support.fixed_clock import FixedClock


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], LoadedSite]:
    """Load a text as site.yaml of the working folder, so that error texts are the same everywhere."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes) -> LoadedSite:
        path = Path("site.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_site(path, FixedClock())

    return load_text


@pytest.fixture
def refusal(load: Callable[[str | bytes], LoadedSite]) -> Callable[[str | bytes], list[str]]:
    """Load a text that must be refused and return the lines of the refusal."""

    def lines(text: str | bytes) -> list[str]:
        with pytest.raises(SiteRefusedError, match="site") as refused:
            load(text)
        return str(refused.value).split("\n")

    return lines
