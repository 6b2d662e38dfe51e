"""The entities of Home Assistant, one dictionary each: what a component of a discovery payload must carry. Pure."""

from collections.abc import Sequence
from typing import Any

from gateway.mqtt.fields import ENERGY, Field

Component = dict[str, Any]
Components = dict[str, Component]

STATE = "{{ value_json.state }}"
NO_NAME = "none"  # what a sensor of names shows when there is none
_CONFIG = {"entity_category": "config", "qos": 1}


def sensor(uid: str, key: str, name: str, path: str | None = None, **facts: Any) -> Components:
    """Return a sensor of the device `uid`; its value stands at `path` of the JSON state, else at `key`."""
    return _component("sensor", uid, key, name, f"{{{{ value_json.{path or key} }}}}", facts)


def diagnostic(uid: str, key: str, name: str, path: str | None = None, **facts: Any) -> Components:
    """Return a sensor that Home Assistant keeps apart from the others."""
    return sensor(uid, key, name, path, entity_category="diagnostic", **facts)


def named(uid: str, key: str, name: str, names: str, options: Sequence[str], **facts: Any) -> Components:
    """Return a sensor that shows the first of a template's list of names, or NO_NAME."""
    template = f"{{{{ ({names} + ['{NO_NAME}']) | select | first }}}}"
    facts = {"device_class": "enum", "options": [NO_NAME, *options], "entity_category": "diagnostic"} | facts
    return _component("sensor", uid, key, name, template, facts)


def binary(uid: str, key: str, name: str, device_class: str, on_when: str, **facts: Any) -> Components:
    """Return a binary sensor that is on when a template's condition holds."""
    facts = {"device_class": device_class, "entity_category": "diagnostic"} | facts
    return _component("binary_sensor", uid, key, name, f"{{{{ 'ON' if {on_when} else 'OFF' }}}}", facts)


def measured(uid: str, field: Field, number: int = 0, **facts: Any) -> Components:
    """Return the sensor of a measured value; `number` is the PV input it belongs to, 0 for none."""
    facts |= {"device_class": field.device_class, "unit_of_measurement": field.unit, "state_class": "measurement"}
    if field.diagnostic:
        facts["entity_category"] = "diagnostic"
    if field.hidden:
        facts["enabled_by_default"] = False
    return sensor(uid, _key(field.key, number), _name(field.name, number), field.key, **facts)


def energy(uid: str, number: int = 0, **facts: Any) -> Components:
    """Return the counters of the ledger; they never fall but for a new day."""
    facts |= {"device_class": "energy", "unit_of_measurement": "Wh", "state_class": "total_increasing"}
    counters: Components = {}
    for key, name in ENERGY.items():
        counters |= sensor(uid, _key(key, number), _name(name, number), key, **facts)
    return counters


def setpoint(uid: str, key: str, name: str, most: float, step: float, unit: str, **facts: Any) -> Components:
    """Return a number of 0 … `most` that can be set; what holds stands in the JSON state under the same key."""
    span = {"min": 0, "max": most, "step": step, "mode": "box", "unit_of_measurement": unit}
    return _component("number", uid, key, name, f"{{{{ value_json.{key} }}}}", span | _CONFIG | facts)


def switch(uid: str, key: str, name: str, **facts: Any) -> Components:
    """Return a switch; a state of `None` shows as unknown."""
    words = {"payload_on": "true", "payload_off": "false", "state_on": "True", "state_off": "False"}
    return _component("switch", uid, key, name, f"{{{{ value_json.{key} }}}}", words | {"qos": 1} | facts)


def button(uid: str, key: str, name: str, device_class: str, **facts: Any) -> Components:
    """Return a button; it has no state."""
    return _component("button", uid, key, name, None, {"device_class": device_class} | _CONFIG | facts)


def _component(platform: str, uid: str, key: str, name: str, template: str | None, facts: Component) -> Components:
    unique_id = f"{uid}_{key}"
    component = {
        "platform": platform,
        "unique_id": unique_id,
        "default_entity_id": f"{platform}.{unique_id.lower().replace('-', '_')}",
        "name": name,
    }
    facts = {"value_template": template} | facts
    return {key: component | {fact: value for fact, value in facts.items() if value is not None}}


def _key(key: str, number: int) -> str:
    return f"ch{number}_{key}" if number else key


def _name(name: str, number: int) -> str:
    return f"Input {number} {name}" if number else name
