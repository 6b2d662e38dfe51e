"""Fixtures for pytest: an emulated plant and its gateway on virtual time; see docs/hil.md.

Found by pytest wherever the package is installed, so it loads nothing before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hil.handles import Clock, Gateway, Grid, Medium, Plant
    from hil.live import Live

MARKER = "opencombiner"
_ABOUT = (
    f"{MARKER}(**settings): the plant of a test: branches, role, model, poll_s, link, location, emulation, or site; "
    "and grid_profile, start, clock, seed"
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _ABOUT)


@pytest.fixture
def _live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    from hil.live import Live, case_of  # noqa: PLC0415 - pytest loads this module in every run of anybody

    settings: dict[str, object] = {}
    for marker in reversed(list(request.node.iter_markers(MARKER))):  # the nearest has the last word
        settings.update(marker.kwargs)
    live = Live(case_of(tmp_path_factory.mktemp("case"), **settings), tmp_path_factory.mktemp("hil"))
    yield live
    live.close()


@pytest.fixture
def plant(_live: Live) -> Plant:
    """Return the emulated units."""
    from hil.handles import Plant  # noqa: PLC0415 - see _live

    return Plant(_live)


@pytest.fixture
def grid(_live: Live) -> Grid:
    """Return the mains."""
    from hil.handles import Grid  # noqa: PLC0415 - see _live

    return Grid(_live)


@pytest.fixture
def medium(_live: Live) -> Medium:
    """Return the way between gateway and units."""
    from hil.handles import Medium  # noqa: PLC0415 - see _live

    return Medium(_live)


@pytest.fixture
def gateway(_live: Live) -> Gateway:
    """Return the gateway, seen from MQTT."""
    from hil.handles import Gateway  # noqa: PLC0415 - see _live

    return Gateway(_live)


@pytest.fixture
def clock(_live: Live) -> Clock:
    """Return time."""
    from hil.handles import Clock  # noqa: PLC0415 - see _live

    return Clock(_live)
