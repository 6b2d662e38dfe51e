"""Targets that read files: what a user writes, and what `capture` wrote."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from config.alarms import load_catalogue
from config.bench_file import load_bench
from config.checks import admit
from config.grid_profiles import grid_profile, on_wire
from config.instruments import told
from config.loader import load_site
from config.scenarios import MAX_CASES, load_cases
from config.site import Mqtt
from drivers import pcapng
from drivers.mqtt.connect import connect
from drivers.pcapng import PcapngError
from drivers.plc.requests import cutter
from drivers.plc.settings import PlcSettings
from drivers.recording import Reading, Recording
from drivers.replay import Replay
from gateway.mqtt.options import MAX_SECRET, mqtt_options
from opencombiner.decoding import MAX_HEX, DecodeError, decode
from protocols.errors import ConfigError, LinkDownError
from protocols.registry import vendor_names
from tests.fuzz.corpus import DEEP, captures, scenario_files, shipped, vectors
from tests.fuzz.folder import from_file
from tests.fuzz.target import Target
from tests.support.fixed_clock import FixedClock
from tests.support.virtual_time import run

_SITES = shipped("demo.yaml", "example.yaml")
_PROFILE = "grid_profiles/de_vde_ar_n_4105_2018_11.yaml"
_SCRIPT = (
    b"location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}\nemulation:\n  script:\n"
    b"    - {at_s: 1, name: grid_voltage, args: {pu: 1.2, target: site, ramp_s: 0.1}}\n"
    b"    - {at_s: 2, name: module_swap, args: {serial: TEST0001, kind: in_series}}\n"
    b"    - {at_s: 3, name: insulation, args: {serial: TEST0001, ohm: }}\n"
    b"gateways:\n  - id: roof\n    role: m-combiner\n    link: {url: 'pty:/tmp/modem'}\n"
    b"    branches: [{id: south, inverters: [{serial: TEST0001, model: MI-400}]}]\n"
)
_BENCH = (
    b"site: site.yaml\nmqtt: {url: 'mqtt://localhost:1883'}\ninstruments:\n"
    b"  gridsim: {backend: manual}\n  das: {backend: csv, file: measured.csv}\n"
)
_LAUGHS = b"a0: &a0 [x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 8)) for n in range(1, 9)
)
_YAML = (DEEP, _LAUGHS, b"a: &a [*a]\n", b"a:\n\tb: 1\n", b"a: !!python/object:os.system {}\n", b"")


def targets() -> Iterator[Target]:
    """Yield the targets."""
    refused = (ConfigError,)
    yield Target("site file", from_file(_site, "site.yaml"), (*_SITES, _SCRIPT, *_YAML), _SITE, refused, cost=8)
    yield Target("grid profile", from_file(_profile, "p.yaml"), (*shipped(_PROFILE), *_YAML), _GRID, refused, cost=6)
    catalogue = (*shipped("alarms.yaml"), *_YAML)
    yield Target("alarm catalogue", from_file(load_catalogue, "a.yaml"), catalogue, _ALARMS, refused, cost=30)
    scenarios = (*scenario_files(), *_YAML)
    yield Target("scenario", from_file(_scenario, "s.yaml"), scenarios, _SCENARIO, refused, cost=60)
    yield Target("bench", from_file(_bench, "b.yaml"), (_BENCH, *_YAML), ("config.bench_file:load_bench",), refused)
    yield Target("capture", _capture, (*captures(), b""), ("drivers.pcapng:items",), (PcapngError,))
    yield Target("replay", from_file(_replay, "x.pcapng"), captures(), _RECORDING, (ConfigError, LinkDownError), cost=6)
    hexes = (*tuple(raw.hex().encode() for raw in vectors()[:60]), b"0" * (MAX_HEX + 2), b"xyz", b"")
    yield Target("decode on the command line", _decode, hexes, ("opencombiner.decoding:decode",), (DecodeError,))
    secrets = (b"secret\n", b"x" * (MAX_SECRET + 1), b"\xff")
    yield Target("password file", from_file(_secret, "password"), secrets, (), refused)
    urls = (b"mqtt://host:1883", b"mqtts://[::1]:8883", b"mqtt://[", b"mqtt://h:99999", b"mem://x")
    yield Target("broker address", _broker, urls, (), (ConfigError, LinkDownError))


_MODEMS: tuple[Literal["transparent", "st7580"], ...] = ("transparent", "st7580")
_SITE = ("config.loader:load_site", "config.document:read", "config.document:parse")
_GRID = ("config.grid_profiles:grid_profile",)
_ALARMS = ("config.alarms:load_catalogue",)
_SCENARIO = ("config.scenarios:load_cases",)
_RECORDING = ("drivers.recording:Opening.take",)


def _site(path: Path) -> None:
    loaded = load_site(path, FixedClock())
    admit(loaded)
    for act in loaded.site.emulation.script:
        told(act)


def _scenario(path: Path) -> None:
    assert len(load_cases(path)) <= MAX_CASES


def _bench(path: Path) -> None:
    load_bench(path)


def _profile(path: Path) -> None:
    on_wire(grid_profile(str(path)))


def _capture(data: bytes) -> None:
    packets = [item for item in pcapng.items(data) if isinstance(item, pcapng.Packet)]
    assert sum(len(packet.data) for packet in packets) <= len(data)


def _replay(path: Path) -> None:
    """Cut requests out of a recording for each modem, and ask the first link what it was asked then."""
    recording = Recording(path)

    async def main() -> None:
        for modem in _MODEMS:
            replay = Replay(recording)
            reading = Reading(cutter(PlcSettings(url="replay://x", modem=modem)))
            for name, packets in list(recording.links.items())[:4]:
                stream = await replay.opener(name, reading)(f"replay://{name}", baud=9600)
                for packet in packets[:50]:
                    await stream.write(packet.data)
                stream.close()

    run(main())


def _decode(data: bytes) -> None:
    """Decode as each vendor's; refused only where none can."""
    text = data.decode("utf-8", "replace")
    refusals = []
    for name in vendor_names():
        try:
            json.dumps(decode(name, [text], None, None, None), allow_nan=False)
        except DecodeError as error:
            refusals.append(error)
    if len(refusals) == len(vendor_names()):
        raise refusals[0]


def _secret(path: Path) -> None:
    password = mqtt_options(Mqtt(user="me", password_file=path), "home").password
    assert password is not None
    assert len(password) <= MAX_SECRET


def _broker(data: bytes) -> None:
    settings = Mqtt.model_construct(url=data.decode("utf-8", "replace"))
    connect(mqtt_options(settings, "home"))
