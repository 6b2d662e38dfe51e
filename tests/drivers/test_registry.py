import subprocess
import sys

import pytest

from drivers.plc.link import PlcLink
from drivers.plc.settings import PlcSettings
from drivers.registry import open_link
from protocols.errors import ConfigError
from tests.support.virtual_time import run


def test_a_medium_is_driven_by_its_driver() -> None:
    async def main() -> None:
        link = open_link("plc", "roof", PlcSettings(url="mem://roof"))
        assert isinstance(link, PlcLink)
        assert not link.up

    run(main())


def test_an_unknown_medium_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match="link roof: no driver for the medium 'smoke', there are plc"):
        open_link("smoke", "roof", None)


def test_a_driver_is_imported_when_it_is_used() -> None:
    code = "import sys, drivers.registry; sys.exit(any('serial' in name or '.plc' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own line
