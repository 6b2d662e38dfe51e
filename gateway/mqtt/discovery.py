"""Home Assistant's device-based discovery: one retained payload describes a whole device. Pure.

Availability: every entity needs the bridge; instantaneous values need their inverter, too, and a sleeping one counts
as there, because its zero power is true. Energy counters need the bridge only: night does not make them unknown.
"""

from collections.abc import Callable, Mapping
from typing import Any

from config.alarms import Catalogue, Level
from gateway.alarms.derive import SiteStatus
from gateway.mqtt.components import (
    STATE,
    Component,
    Components,
    binary,
    button,
    diagnostic,
    energy,
    measured,
    named,
    sensor,
    setpoint,
    switch,
)
from gateway.mqtt.fields import AC_FIELDS, DC_FIELDS
from gateway.mqtt.payloads import About
from gateway.mqtt.topics import Address, Bridge, Input, Inverter, SiteWide, SiteWrite, Tree, Write
from gateway.snapshot import Identity
from protocols.commands import Conn, Restart, WMaxLimPct
from protocols.registry import vendor
from protocols.states import InvSt

ORIGIN = "OpenCombiner"
FULL_PCT = 100
LIMIT_STEP_PCT, LIMIT_STEP_W = 0.1, 1  # a tenth of a percent is what the wire resolves
STATES = [state.name.lower() for state in InvSt]
STATUSES = [status.value for status in SiteStatus]
QUALITIES = ["good", "stale", "night"]
SITE_SUMS = [field for field in AC_FIELDS if field.key in {"p_ac_w", "q_ac_var"}]

_SHOWN = "value_json | selectattr('shown')"
_REACHABLE = "{{ 'offline' if value_json.state == 'offline' else 'online' }}"


class Discovery:
    """Describes the devices of one site; `prefix` is Home Assistant's, `catalogue` says which alarms there are."""

    def __init__(self, tree: Tree, about: About, prefix: str, catalogue: Catalogue) -> None:
        self._tree = tree
        self._about = about
        self._prefix = prefix
        self._names = [row.name for row in catalogue.alarms]
        self._unit_names = [row.name for row in catalogue.alarms if row.level is Level.UNIT]
        self._bridge_up = [{"topic": tree.topic(Bridge("state")), "value_template": STATE}]

    def topic(self, device: str) -> str:
        """Return where a device is described: a slot, or `site` or `bridge`."""
        return f"{self._prefix}/device/opencombiner_{self._uid(device)}/config"

    def inverter(self, identity: Identity) -> Component:
        """Describe a slot with what stands in it now."""
        slot = identity.slot
        uid = self._uid(slot)
        there = {"topic": self._tree.topic(Inverter(slot, "availability")), "value_template": _REACHABLE}
        live: Component = {"availability": [*self._bridge_up, there], "availability_mode": "all"}
        components: Components = {}
        for field in AC_FIELDS:
            if not field.setting:
                components |= measured(uid, field, **live)
        for number in range(1, identity.ports + 1):
            here = {"state_topic": self._tree.topic(Input(slot, number))}
            for field in DC_FIELDS:
                components |= measured(uid, field, number, **here, **live)
            components |= energy(uid, number, **here)
        components |= energy(uid)
        components |= sensor(uid, "state", "State", device_class="enum", options=STATES, **live)
        components |= self._supervision(uid, slot)
        components |= self._controls(uid, identity, **live)
        device = {
            "name": f"{identity.model} {slot}",
            "manufacturer": vendor(identity.vendor).maker,
            "model": identity.model,
            "serial_number": identity.serial,
            "sw_version": identity.firmware,
            "via_device": self._uid("bridge"),
        }
        return self._config(slot, device, Inverter(slot, "state"), components)

    def inverter_without(self, identity: Identity, inputs: range) -> Component:
        """Describe a slot that has lost inputs: a component goes when it is sent with its platform alone."""
        config = self.inverter(identity)
        dying = [key for number in inputs for field in DC_FIELDS for key in measured("", field, number)]
        dying += [key for number in inputs for key in energy("", number)]
        return config | {"components": config["components"] | {key: {"platform": "sensor"} for key in dying}}

    def site(self, rated_w: float) -> Component:
        """Describe the plant as a whole; `rated_w` is the rating of all its units that can be limited."""
        uid = self._uid("site")
        components = energy(uid)
        for field in SITE_SUMS:
            components |= measured(uid, field)
        for key, name in (("expected", "Expected"), ("reporting", "Reporting"), ("asleep", "Asleep")):
            components |= diagnostic(uid, key, name, state_class="measurement")
        components |= binary(uid, "problem", "Problem", "problem", "value_json.status != 'normal'")
        components |= sensor(uid, "status", "Status", device_class="enum", options=STATUSES)
        components |= named(uid, "alarm", "Alarm", "[value_json.alarm]", self._names)
        components |= binary(uid, "incomplete", "Inverters missing", "problem", "not value_json.complete")
        if rated_w:
            components |= self._limits(uid, SiteWrite, rated_w)
        device = {"name": self._about.name, "model": "Plant", "via_device": self._uid("bridge")}
        return self._config("site", device, SiteWide("state"), components)

    def bridge(self) -> Component:
        """Describe the gateway itself; whether it is connected must show when it is gone, too."""
        uid = self._uid("bridge")
        health: Component = {"state_topic": self._tree.topic(Bridge("health")), "state_class": "measurement"}
        memory = health | {"device_class": "data_size", "unit_of_measurement": "MiB"}
        lag = health | {"device_class": "duration", "unit_of_measurement": "ms"}
        components = (
            binary(uid, "connected", "Connected", "connectivity", "value_json.state == 'online'", availability=[])
            | diagnostic(uid, "rss_mib", "Memory", "process.rss_mib", **memory)
            | diagnostic(uid, "loop_lag_ms", "Loop lag", "process.loop_lag_ms", **lag)
        )
        device = {"name": f"{self._about.name} gateway", "model": ORIGIN, "sw_version": self._about.version}
        return self._config("bridge", device, Bridge("state"), components)

    def _controls(self, uid: str, identity: Identity, **facts: Any) -> Components:
        """Return what can be set at a unit: what its kind carries out."""
        slot = identity.slot
        components: Components = {}
        if WMaxLimPct in identity.commands:
            components |= self._limits(uid, lambda key: Write(slot, key), identity.rated_w, **facts)
        if Conn in identity.commands:
            components |= switch(uid, "enabled", "Enabled", **self._at(Write(slot, "enabled")), **facts)
        if Restart in identity.commands:
            components |= button(uid, "restart", "Restart", "restart", **self._at(Write(slot, "restart")), **facts)
        return components

    def _limits(self, uid: str, write: Callable[[str], Address], rated_w: float, **facts: Any) -> Components:
        """Return the power limit, in percent and in watts."""
        watts: Component = {"device_class": "power", **self._at(write("limit_w"))}
        return setpoint(
            uid, "limit_pct", "Power limit", FULL_PCT, LIMIT_STEP_PCT, "%", **self._at(write("limit_pct")), **facts
        ) | setpoint(uid, "limit_w", "Power limit in watts", rated_w, LIMIT_STEP_W, "W", **watts, **facts)

    def _at(self, write: Address) -> Component:
        return {"command_topic": self._tree.topic(write)}

    def _supervision(self, uid: str, slot: str) -> Components:
        """Return what is worth seeing most when the inverter is away: it needs the bridge only."""
        link: Component = {"state_topic": self._tree.topic(Inverter(slot, "link")), "enabled_by_default": False}
        percent = link | {"unit_of_measurement": "%", "state_class": "measurement"}
        seconds = link | {"device_class": "duration", "unit_of_measurement": "s", "state_class": "measurement"}
        reach = {"state_topic": self._tree.topic(Inverter(slot, "availability"))}
        alarms = {"state_topic": self._tree.topic(Inverter(slot, "alarms"))}
        return (
            binary(uid, "problem", "Problem", "problem", f"{_SHOWN} | list", **alarms)
            | named(uid, "alarm", "Alarm", f"({_SHOWN} | map(attribute='name') | list)", self._unit_names, **alarms)
            | binary(uid, "reachable", "Reachable", "connectivity", "value_json.state != 'offline'", **reach)
            | diagnostic(uid, "ts", "Last seen", device_class="timestamp")
            | diagnostic(uid, "quality", "Data quality", device_class="enum", options=QUALITIES)
            | diagnostic(uid, "success_pct", "Polls answered", **percent)
            | diagnostic(uid, "latency_s", "Latency", **seconds)
        )

    def _config(self, name: str, device: Mapping[str, str | None], state: Address, components: Components) -> Component:
        known = {key: value for key, value in device.items() if value is not None}
        return {
            "device": {"identifiers": [self._uid(name)], **known},
            "origin": {"name": ORIGIN, "sw_version": self._about.version},
            "availability": self._bridge_up,
            "state_topic": self._tree.topic(state),
            "components": components,
        }

    def _uid(self, device: str) -> str:
        return f"{self._about.site}_{device}"
