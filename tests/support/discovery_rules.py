"""The rules of Home Assistant's device-based discovery, written from its documentation, not from our code."""

import re
from collections.abc import Iterator
from typing import Any

OBJECT_ID = re.compile(r"[a-zA-Z0-9_-]+")
ENTITY_ID = re.compile(r"(sensor|binary_sensor|number|switch|button)\.[a-z0-9_]+")
WRITE = re.compile(r".+/(inverter/[^/]+|site)/set/[a-z_]+")
SWITCHED = re.compile(r"\{\{ 'ON' if .+ else 'OFF' \}\}")  # the default words of a binary sensor
MAX_STATE = 255  # characters
TEMPLATE = re.compile(r"\{\{ .+ \}\}")

# device class → units and state classes that a sensor of it may have
SENSORS: dict[str | None, tuple[set[str | None], set[str | None]]] = {
    "power": ({"W"}, {"measurement"}),
    "energy": ({"Wh", "kWh"}, {"total_increasing"}),
    "voltage": ({"V"}, {"measurement"}),
    "current": ({"A"}, {"measurement"}),
    "frequency": ({"Hz"}, {"measurement"}),
    "reactive_power": ({"var"}, {"measurement"}),
    "apparent_power": ({"VA"}, {"measurement"}),
    "power_factor": ({"%", None}, {"measurement"}),
    "temperature": ({"°C"}, {"measurement"}),
    "signal_strength": ({"dBm", "dB"}, {"measurement"}),
    "duration": ({"s", "ms"}, {"measurement"}),
    "data_size": ({"MiB"}, {"measurement"}),
    "enum": ({None}, {None}),
    "timestamp": ({None}, {None}),
    None: ({"%", "Ω", None}, {"measurement"}),
}
BINARY_SENSORS = {"problem", "connectivity"}
NUMBERS: dict[str | None, set[str | None]] = {"power": {"W"}, None: {"%"}}  # device class → units
BUTTONS = {"restart"}
# what a platform needs beside what every component needs, and what only it and its like may have
NEEDED = {
    "sensor": {"value_template"},
    "binary_sensor": {"value_template"},
    "number": {"value_template", "command_topic", "max", "step", "unit_of_measurement"},
    "switch": {"value_template", "command_topic", "payload_on", "payload_off", "state_on", "state_off"},
    "button": {"command_topic"},
}
SETTABLE = {"number", "switch", "button"}
OWN_KEYS = {"number": {"min", "max", "step", "mode"}, "switch": {"payload_on", "payload_off", "state_on", "state_off"}}
# what a sensor of a key must be, whatever it is about; the quantity stands in the key with its unit
KEYS = {
    "_w": "power",
    "_wh": "energy",
    "_v": "voltage",
    "_a": "current",
    "_hz": "frequency",
    "_var": "reactive_power",
    "_c": "temperature",
}
COMPONENT_KEYS = {
    "platform",
    "unique_id",
    "default_entity_id",
    "name",
    "value_template",
    "state_topic",
    "availability",
    "availability_mode",
    "device_class",
    "unit_of_measurement",
    "state_class",
    "options",
    "entity_category",
    "enabled_by_default",
}
DEVICE_KEYS = {
    "identifiers",
    "name",
    "manufacturer",
    "model",
    "model_id",
    "serial_number",
    "sw_version",
    "hw_version",
    "configuration_url",
    "suggested_area",
    "via_device",
}


def breaches(topic: str, payload: dict[str, Any], prefix: str = "homeassistant") -> list[str]:
    """Return every rule that one device's discovery breaks."""
    return [*_topic(topic, prefix), *_root(payload), *_components(payload)]


def _topic(topic: str, prefix: str) -> Iterator[str]:
    levels = topic.removeprefix(f"{prefix}/").split("/")
    if not topic.startswith(f"{prefix}/") or len(levels) != 3 or (levels[0], levels[2]) != ("device", "config"):
        yield f"topic {topic} is not {prefix}/device/<object_id>/config"
    elif not OBJECT_ID.fullmatch(levels[1]):
        yield f"object id {levels[1]} has characters that are not allowed"


def _root(payload: dict[str, Any]) -> Iterator[str]:
    device = payload.get("device", {})
    yield from (f"root lacks {key}" for key in ("device", "origin", "components") if not payload.get(key))
    yield from _unknown("root", set(payload) - {"device", "origin", "components", "availability", "state_topic"})
    yield from _unknown("device", set(device) - DEVICE_KEYS)
    yield from (f"device lacks {key}" for key in ("identifiers", "name") if not device.get(key))
    if not payload.get("origin", {}).get("name"):
        yield "origin lacks name"
    if len(payload.get("availability", [])) != 1:
        yield "root availability is not the bridge alone"


def _unknown(where: str, extra: set[str]) -> Iterator[str]:
    if extra:
        yield f"{where} has unknown {sorted(extra)}"


def _components(payload: dict[str, Any]) -> Iterator[str]:
    components = payload.get("components", {})
    ids = [component.get("unique_id") for component in components.values()]
    if len(set(ids)) != len(ids):
        yield "unique ids are not unique"
    for key, component in components.items():
        yield from (f"{key}: {breach}" for breach in _component(key, component, payload))


def _component(key: str, component: dict[str, Any], payload: dict[str, Any]) -> Iterator[str]:
    platform = component.get("platform", "")
    needed = {"platform", "unique_id", "default_entity_id", "name"} | NEEDED.get(platform, set())
    yield from (f"lacks {option}" for option in sorted(needed) if not component.get(option))
    settable = {"command_topic", "qos"} if platform in SETTABLE else set()
    yield from _unknown("component", set(component) - COMPONENT_KEYS - settable - OWN_KEYS.get(platform, set()))
    if None in component.values():
        yield "has an option without a value"
    yield from _identity(key, component, payload)
    if platform != "button" and not TEMPLATE.fullmatch(component.get("value_template", "")):
        yield "value template is none"
    if platform != "button" and not (component.get("state_topic") or payload.get("state_topic")):
        yield "has no state topic"
    yield from _availability(component)
    match platform:
        case "sensor":
            yield from _sensor(key, component)
        case "number" | "switch" | "button":
            yield from _settable(component)
        case "binary_sensor" if component.get("device_class") in BINARY_SENSORS:
            if not SWITCHED.fullmatch(component.get("value_template", "")):
                yield "a binary sensor is neither ON nor OFF"
        case _:
            yield "is of no known platform, or no binary sensor of a known class"


def _settable(component: dict[str, Any]) -> Iterator[str]:
    platform, device_class = component["platform"], component.get("device_class")
    if not WRITE.fullmatch(component.get("command_topic", "")):
        yield "command topic is no set/<key>"
    if component.get("retain"):
        yield "a command must not be retained"
    if component.get("entity_category") not in {None, "config"}:
        yield "what can be set is no diagnosis"
    if platform == "number":
        if not 0 < component.get("step", 0) <= component.get("max", 0) - component.get("min", 1):
            yield "min, max and step leave nothing to choose"
        if component.get("unit_of_measurement") not in NUMBERS.get(device_class, set()):
            yield f"unit {component.get('unit_of_measurement')} does not go with {device_class}"
    if platform == "button" and device_class not in BUTTONS:
        yield f"unknown device class {device_class}"


def _identity(key: str, component: dict[str, Any], payload: dict[str, Any]) -> Iterator[str]:
    identifiers = payload.get("device", {}).get("identifiers") or [""]
    if component.get("unique_id") != f"{identifiers[0]}_{key}":
        yield f"unique id {component.get('unique_id')} does not follow from the device and the key"
    if not ENTITY_ID.fullmatch(component.get("default_entity_id", "")):
        yield "default entity id is none"


def _availability(component: dict[str, Any]) -> Iterator[str]:
    listed = component.get("availability", [])
    if len(listed) > 1 and component.get("availability_mode") != "all":
        yield "several availabilities without mode all"
    for entry in listed:
        if not entry.get("topic") or not TEMPLATE.fullmatch(entry.get("value_template", "")):
            yield "availability lacks topic or template"
    if component.get("device_class") == "energy" and listed:
        yield "energy depends on more than the bridge"


def _options(options: list[Any]) -> Iterator[str]:
    if not options:
        yield "an enum lacks its options"
    if len(set(options)) != len(options):
        yield "an option stands twice"
    if not all(isinstance(option, str) and 0 < len(option) <= MAX_STATE for option in options):
        yield "an option is no state"


def _sensor(key: str, component: dict[str, Any]) -> Iterator[str]:
    device_class = component.get("device_class")
    if device_class not in SENSORS:
        yield f"unknown device class {device_class}"
        return
    units, state_classes = SENSORS[device_class]
    if component.get("unit_of_measurement") not in units:
        yield f"unit {component.get('unit_of_measurement')} does not go with {device_class}"
    if component.get("state_class") not in state_classes:
        yield f"state class {component.get('state_class')} does not go with {device_class}"
    if component.get("entity_category") not in {None, "diagnostic"}:
        yield "a sensor must not be of category config"
    if device_class == "enum":
        yield from _options(component.get("options", []))
    for ending, wanted in KEYS.items():
        if key.endswith(ending) and device_class != wanted:
            yield f"is named like {wanted} and says {device_class}"
