import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from types import SimpleNamespace

import pytest

from drivers.nrf24.settings import Nrf24Settings
from drivers.plc.link import PlcLink
from drivers.plc.settings import PlcSettings
from drivers.recording import Request
from drivers.registry import MEDIA, cutter_of, open_link, opener_of, settings_of, transaction_s
from drivers.stream import listen, open_stream
from protocols.errors import ConfigError, OpenCombinerError
from protocols.modbus import rtu
from tests.support.virtual_time import run


def test_a_medium_is_driven_by_its_driver() -> None:
    async def main() -> None:
        link = open_link("plc", "roof", PlcSettings(url="mem://roof"))
        assert isinstance(link, PlcLink)
        assert not link.up

    run(main())


def test_an_unknown_medium_is_a_wrong_setting() -> None:
    with pytest.raises(
        ConfigError, match="no driver for the medium 'smoke', there are modbus_tcp, nrf24, plc, serial_bridge, zigbee"
    ):
        open_link("smoke", "roof", None)


def test_a_driver_is_imported_when_it_is_used() -> None:
    code = "import sys, drivers.registry; sys.exit(any('serial' in name or '.plc' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own line


def test_settings_are_taken_by_their_names() -> None:
    section = SimpleNamespace(**(asdict(PlcSettings(url="mem://roof")) | {"overhead_bytes": 20, "probe_share": 0.1}))
    assert settings_of("plc", section) == PlcSettings(url="mem://roof", overhead_bytes=20)


@pytest.mark.parametrize("medium", MEDIA)
def test_every_medium_is_complete(medium: str) -> None:
    entry = MEDIA[medium]
    for place in (entry.link, entry.settings, entry.transaction_s, entry.cutter):
        module, _, name = place.partition(":")
        assert callable(getattr(import_module(module), name)), place
    assert entry.last_node >= 1


def test_a_transaction_takes_its_paper_time() -> None:
    settings = PlcSettings(url="mem://roof", bit_rate=4800, overhead_bytes=20, turnaround_s=0.06)
    assert transaction_s("plc", settings, 8, (45,)) == pytest.approx((8 + 45 + 40) * 8 / 4800 + 0.12)


def test_requests_are_cut_as_the_modem_frames_them() -> None:
    frame = rtu.encode(7, b"\x03\x00\x01\x00\x02")
    found = cutter_of("plc", PlcSettings(url="mem://roof"))().feed(frame)
    assert found == [Request(7, b"\x03\x00\x01\x00\x02")]


def test_a_far_end_is_opened_as_a_stream_unless_the_medium_has_its_own_way() -> None:
    assert opener_of("plc", PlcSettings(url="mem://roof")) is open_stream

    async def main() -> None:
        radio = opener_of("nrf24", Nrf24Settings(url="/dev/spidev9.9"))
        assert radio is not open_stream
        with pytest.raises(OpenCombinerError, match=r"spidev9\.9|nrf24"):  # without radio, or without its library
            await radio("/dev/spidev9.9", baud=1)
        listener = await listen("mem://roof")
        (await radio("mem://roof", baud=1)).close()
        listener.close()

    run(main())
