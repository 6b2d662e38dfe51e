import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alarms.derive import SiteStatus
from gateway.alarms.engine import Standing
from gateway.alarms.record import Record
from gateway.alarms.service import Summary
from gateway.alarms.states import AlarmState
from gateway.mqtt import payloads
from gateway.mqtt.alarms import alarm
from gateway.mqtt.discovery import Discovery
from gateway.mqtt.messages import Messages
from gateway.mqtt.payloads import About
from gateway.mqtt.topics import Tree
from gateway.snapshot import CommState
from protocols.commands import Command, Conn, Restart, WMaxLimPct
from tests.support.alarms import CATALOGUE
from tests.support.discovery_rules import breaches
from tests.support.mqtt_site import NOON, OVER_TEMP, StillSite, identity, running, silent

ABOUT = About(version="0.1.0", config_schema="1", site="home", name="Home", drivers={"east": "plc"})
DISCOVERY = Discovery(Tree("opencombiner", "home"), ABOUT, "homeassistant", CATALOGUE)

BRIDGE = {"topic": "opencombiner/home/bridge/state", "value_template": "{{ value_json.state }}"}
ROOF = {
    "topic": "opencombiner/home/inverter/roof-1/availability",
    "value_template": "{{ 'offline' if value_json.state == 'offline' else 'online' }}",
}


STANDING = Standing(CATALOGUE.by_code()[9], Record("roof-1", 9, AlarmState.UNACK, raised_ts=NOON), uncertain=False)
SITE = Messages(Tree("opencombiner", "home"), ABOUT, None, mirror=False).site(
    StillSite(running()).totals(), Summary(SiteStatus.FAULTY, 1, STANDING.row.name), NOON
)
WORDS = re.compile(r"value_json\.(\w+)|selectattr\('(\w+)'\)|attribute='(\w+)'")  # what a template looks up


def every_device() -> Iterator[tuple[str, dict[str, Any]]]:
    yield DISCOVERY.topic("bridge"), DISCOVERY.bridge()
    yield DISCOVERY.topic("site"), DISCOVERY.site(1750.0)
    for ports in (1, 2, 4):
        yield DISCOVERY.topic("roof-1"), DISCOVERY.inverter(identity(ports=ports))
    yield DISCOVERY.topic("roof-1"), DISCOVERY.inverter(identity(firmware=None))


@pytest.mark.parametrize(("topic", "payload"), list(every_device()))
def test_every_device_keeps_the_rules(topic: str, payload: dict[str, Any]) -> None:
    assert breaches(topic, payload) == []


ids = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)


@given(site=ids, slot=ids, ports=st.integers(1, 8), name=st.text(min_size=1, max_size=20))
def test_whatever_the_names_the_rules_are_kept(site: str, slot: str, ports: int, name: str) -> None:
    about = About(version="1", config_schema="1", site=site, name=name, drivers={})
    discovery = Discovery(Tree("base", site), about, "ha/main", CATALOGUE)
    who = identity(slot, ports)
    assert breaches(discovery.topic(slot), discovery.inverter(who), "ha/main") == []


def unset(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(payload: dict[str, Any]) -> None:
        for key in path[:-1]:
            payload = payload[key]
        del payload[path[-1]]

    return change


def put(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(payload: dict[str, Any]) -> None:
        for key in path[:-1]:
            payload = payload[key]
        payload[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        (unset("origin", "name"), "origin lacks name"),
        (unset("device", "name"), "device lacks name"),
        (put([], "device", "identifiers"), "device lacks identifiers"),
        (put(None, "device", "sw"), "device has unknown ['sw']"),
        (unset("components", "p_ac_w", "platform"), "p_ac_w: lacks platform"),
        (unset("components", "p_ac_w", "unique_id"), "p_ac_w: lacks unique_id"),
        (put("config", "components", "p_ac_w", "entity_category"), "p_ac_w: a sensor must not be of category config"),
        (put("kW", "components", "p_ac_w", "unit_of_measurement"), "p_ac_w: unit kW does not go with power"),
        (put("total", "components", "e_day_wh", "state_class"), "e_day_wh: state class total does not go with energy"),
        (put("latest", "components", "v_ac_v", "availability_mode"), "v_ac_v: several availabilities without mode all"),
        (put([BRIDGE], "components", "e_day_wh", "availability"), "e_day_wh: energy depends on more than the bridge"),
        (put([], "components", "state", "options"), "state: an enum lacks its options"),
        (put(["a", "a"], "components", "alarm", "options"), "alarm: an option stands twice"),
        (put(["a" * 256], "components", "alarm", "options"), "alarm: an option is no state"),
        (put("{{ value_json }}", "components", "problem", "value_template"), "problem: a binary sensor is neither"),
        (put("power", "components", "v_ac_v", "device_class"), "v_ac_v: is named like voltage and says power"),
        (put(60, "components", "p_ac_w", "expire_after"), "p_ac_w: component has unknown ['expire_after']"),
        (put("home_roof-1_x", "components", "p_ac_w", "unique_id"), "p_ac_w: unique id home_roof-1_x does not follow"),
        (put("diagnostic", "components", "limit_w", "entity_category"), "limit_w: what can be set is no diagnosis"),
        (put("VA", "components", "limit_w", "unit_of_measurement"), "limit_w: unit VA does not go with power"),
        (unset("components", "limit_pct", "step"), "limit_pct: lacks step"),
        (put(0, "components", "limit_pct", "max"), "limit_pct: min, max and step leave nothing to choose"),
        (put("a/inverter/b/state", "components", "enabled", "command_topic"), "enabled: command topic is no set/<key>"),
        (put(True, "components", "restart", "retain"), "restart: a command must not be retained"),
        (put("x", "components", "restart", "device_class"), "restart: unknown device class x"),
        (unset("components", "restart", "command_topic"), "restart: lacks command_topic"),
        (put("valve", "components", "restart", "platform"), "restart: is of no known platform"),
        (put([BRIDGE, ROOF], "availability"), "root availability is not the bridge alone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_rules_catch_a_planted_breach(change: Callable[[dict[str, Any]], None], breach: str) -> None:
    payload = copy.deepcopy(DISCOVERY.inverter(identity()))
    change(payload)
    assert any(found.startswith(breach) for found in breaches(DISCOVERY.topic("roof-1"), payload))


def test_a_topic_with_forbidden_characters_is_caught() -> None:
    assert breaches("homeassistant/device/a.b/config", DISCOVERY.site(1750.0)) != []
    assert breaches("homeassistant/sensor/a/config", DISCOVERY.site(1750.0)) != []


def test_a_manufacturer_is_written_as_it_writes_itself() -> None:
    assert DISCOVERY.inverter(identity(vendor="apsystems"))["device"]["manufacturer"] == "APsystems"


def test_an_inverter_as_home_assistant_gets_it() -> None:
    payload = DISCOVERY.inverter(identity())
    assert DISCOVERY.topic("roof-1") == "homeassistant/device/opencombiner_home_roof-1/config"
    assert payload["device"] == {
        "identifiers": ["home_roof-1"],
        "name": "MI-450 roof-1",
        "manufacturer": "Atmoce",
        "model": "MI-450",
        "serial_number": "A4500123",
        "sw_version": "1.4.2",
        "via_device": "home_bridge",
    }
    assert payload["origin"] == {"name": "OpenCombiner", "sw_version": "0.1.0"}
    assert payload["availability"] == [BRIDGE]
    assert payload["state_topic"] == "opencombiner/home/inverter/roof-1/state"
    assert payload["components"]["p_ac_w"] == {
        "platform": "sensor",
        "unique_id": "home_roof-1_p_ac_w",
        "default_entity_id": "sensor.home_roof_1_p_ac_w",
        "name": "AC power",
        "value_template": "{{ value_json.p_ac_w }}",
        "device_class": "power",
        "unit_of_measurement": "W",
        "state_class": "measurement",
        "availability": [BRIDGE, ROOF],
        "availability_mode": "all",
    }
    assert payload["components"]["ch2_e_total_wh"] == {
        "platform": "sensor",
        "unique_id": "home_roof-1_ch2_e_total_wh",
        "default_entity_id": "sensor.home_roof_1_ch2_e_total_wh",
        "name": "Input 2 Energy total",
        "value_template": "{{ value_json.e_total_wh }}",
        "device_class": "energy",
        "unit_of_measurement": "Wh",
        "state_class": "total_increasing",
        "state_topic": "opencombiner/home/inverter/roof-1/ch/2/state",
    }


def test_what_can_be_set_as_home_assistant_gets_it() -> None:
    components = DISCOVERY.inverter(identity())["components"]
    live = {"availability": [BRIDGE, ROOF], "availability_mode": "all"}
    assert components["limit_w"] == {
        "platform": "number",
        "unique_id": "home_roof-1_limit_w",
        "default_entity_id": "number.home_roof_1_limit_w",
        "name": "Power limit in watts",
        "value_template": "{{ value_json.limit_w }}",
        "min": 0,
        "max": 450.0,
        "step": 1,
        "mode": "box",
        "unit_of_measurement": "W",
        "device_class": "power",
        "entity_category": "config",
        "qos": 1,
        "command_topic": "opencombiner/home/inverter/roof-1/set/limit_w",
        **live,
    }
    assert components["enabled"] == {
        "platform": "switch",
        "unique_id": "home_roof-1_enabled",
        "default_entity_id": "switch.home_roof_1_enabled",
        "name": "Enabled",
        "value_template": "{{ value_json.enabled }}",
        "payload_on": "true",
        "payload_off": "false",
        "state_on": "True",  # as the template renders what JSON calls true
        "state_off": "False",
        "qos": 1,
        "command_topic": "opencombiner/home/inverter/roof-1/set/enabled",
        **live,
    }
    assert components["restart"] == {
        "platform": "button",
        "unique_id": "home_roof-1_restart",
        "default_entity_id": "button.home_roof_1_restart",
        "name": "Restart",
        "device_class": "restart",
        "entity_category": "config",
        "qos": 1,
        "command_topic": "opencombiner/home/inverter/roof-1/set/restart",
        **live,
    }
    site = DISCOVERY.site(1750.0)["components"]
    assert (site["limit_w"]["max"], site["limit_pct"]["max"]) == (1750.0, 100)
    assert site["limit_pct"]["command_topic"] == "opencombiner/home/site/set/limit_pct"


@pytest.mark.parametrize(
    ("commands", "shown"),
    [
        pytest.param(frozenset(), set(), id="a unit that takes no commands has no controls"),
        pytest.param(frozenset({WMaxLimPct}), {"limit_pct", "limit_w"}, id="one that can be limited has its limits"),
        pytest.param(frozenset({Conn, Restart}), {"enabled", "restart"}, id="one that can be switched has its switch"),
    ],
)
def test_only_what_a_unit_carries_out_can_be_set(commands: frozenset[type[Command]], shown: set[str]) -> None:
    unit = replace(identity(), commands=commands)
    components = DISCOVERY.inverter(unit)["components"]
    assert {key for key, each in components.items() if "command_topic" in each} == shown
    views = {"roof-1": replace(running(), identity=unit)}
    sent = Messages(Tree("opencombiner", "home"), ABOUT, DISCOVERY, mirror=False).descriptions(views)
    [plant] = [json.loads(each.payload) for each in sent if each.topic == DISCOVERY.topic("site")]
    assert ("limit_w" in plant["components"]) is ("limit_w" in shown)


def test_devices_hang_below_the_bridge_and_ids_are_unique_across_them() -> None:
    every = [
        DISCOVERY.bridge(),
        DISCOVERY.site(1750.0),
        DISCOVERY.inverter(identity()),
        DISCOVERY.inverter(identity("b")),
    ]
    assert [payload["device"].get("via_device") for payload in every] == [None, *["home_bridge"] * 3]
    unique = [component["unique_id"] for payload in every for component in payload["components"].values()]
    assert len(set(unique)) == len(unique)


def test_whether_the_bridge_is_connected_shows_when_it_is_not() -> None:
    connected = DISCOVERY.bridge()["components"]["connected"]
    assert connected["availability"] == []
    assert "state_topic" not in connected  # the bridge's own state, from the root


@pytest.mark.parametrize("view", [running(), running(comm=CommState.ASLEEP), silent()], ids=["awake", "asleep", "new"])
def test_every_template_finds_its_key_and_its_words(view: Any) -> None:
    spoken = {
        "opencombiner/home/inverter/roof-1/state": payloads.inverter_state(view),
        "opencombiner/home/inverter/roof-1/ch/1/state": payloads.input_state(view, 1),
        "opencombiner/home/inverter/roof-1/ch/2/state": payloads.input_state(view, 2),
        "opencombiner/home/inverter/roof-1/link": payloads.link(view),
        "opencombiner/home/inverter/roof-1/availability": {"state": "online"},
        "opencombiner/home/site/state": json.loads(SITE.payload),
        "opencombiner/home/inverter/roof-1/alarms": alarm(STANDING),
    }
    for payload in (DISCOVERY.inverter(view.identity), DISCOVERY.site(1750.0)):
        for key, component in payload["components"].items():
            if component["platform"] == "button":
                continue
            said = spoken[component.get("state_topic", payload["state_topic"])]
            used = [next(filter(None, found)) for found in WORDS.findall(component["value_template"])]
            assert used, key
            assert set(used) <= set(said), key
            if "options" in component:
                assert said[used[-1]] in {None, *component["options"]}


def test_a_state_stays_below_what_home_assistant_takes() -> None:
    state = payloads.inverter_state(running(events=frozenset({OVER_TEMP})))
    assert all(len(json.dumps(value)) < 255 for value in state.values())


def test_an_input_that_is_gone_is_sent_with_its_platform_alone() -> None:
    one = identity(ports=1)
    dying = DISCOVERY.inverter_without(one, range(2, 3))["components"]
    gone = {key: component for key, component in dying.items() if key.startswith("ch2_")}
    assert set(gone) == {"ch2_p_dc_w", "ch2_v_dc_v", "ch2_i_dc_a", "ch2_e_total_wh", "ch2_e_day_wh"}
    assert all(component == {"platform": "sensor"} for component in gone.values())
    assert not any(key.startswith("ch2_") for key in DISCOVERY.inverter(one)["components"])
