"""Everything that the bridge says, as messages: topic, payload, retained or not, quality of service. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from config.alarms import AlarmDef
from drivers.mqtt.session import Message
from gateway.alarms.engine import Standing
from gateway.alarms.rows import Entry
from gateway.alarms.service import Summary
from gateway.mqtt import alarms, payloads
from gateway.mqtt.discovery import Discovery
from gateway.mqtt.flat import flat
from gateway.mqtt.payloads import About, Json, Known
from gateway.mqtt.topics import Address, Branch, Bridge, Flat, Gateway, Input, Inverter, SiteWide, Tree, target
from gateway.snapshot import CommState, Identity, InverterView, SiteTotals
from gateway.telemetry.outbox import SiteEvent
from protocols.commands import WMaxLimPct

LEAVES = ("state", "availability", "info", "link", "alarms")


class Messages:
    """Puts the site into messages; `discovery` None and `mirror` False leave those topics alone."""

    def __init__(self, tree: Tree, about: About, discovery: Discovery | None, *, mirror: bool) -> None:
        self._tree = tree
        self._about = about
        self._discovery = discovery
        self._mirror = mirror

    def bridge(self, views: Mapping[str, InverterView]) -> Iterator[Message]:
        """Yield what the gateway says of itself when it comes."""
        yield self._retained(Bridge("state"), payloads.online(), qos=1)
        yield self._retained(Bridge("info"), payloads.bridge_info(self._about), qos=1)
        yield self.devices(views)

    def devices(self, views: Mapping[str, InverterView]) -> Message:
        """Return the inventory."""
        return self._retained(Bridge("devices"), payloads.devices(views, self._about), qos=1)

    def gone(self) -> Message:
        """Return the last word, said at a clean stop; the will is the same."""
        return self._retained(Bridge("state"), payloads.offline(), qos=1)

    def descriptions(self, views: Mapping[str, InverterView]) -> Iterator[Message]:
        """Yield discovery for all devices."""
        if self._discovery is not None:
            units = [view.identity for view in views.values()]
            rated_w = sum([unit.rated_w for unit in units if WMaxLimPct in unit.commands])
            yield _config(self._discovery.topic("bridge"), self._discovery.bridge())
            yield _config(self._discovery.topic("site"), self._discovery.site(rated_w))
        for view in views.values():
            yield from self.description(view)

    def description(self, view: InverterView) -> Iterator[Message]:
        """Yield discovery for one slot."""
        if self._discovery is not None:
            yield _config(self._discovery.topic(view.identity.slot), self._discovery.inverter(view.identity))

    def availability(self, view: InverterView) -> Iterator[Message]:
        """Yield whether a slot can be reached, once there is a verdict."""
        word = payloads.availability(view)
        if word is not None:
            yield self._retained(Inverter(view.identity.slot, "availability"), word, qos=1)

    def info(self, view: InverterView) -> Iterator[Message]:
        """Yield who stands in a slot, once it has answered."""
        if payloads.answered(view):
            info = payloads.inverter_info(view.identity, self._about)
            yield self._retained(Inverter(view.identity.slot, "info"), info)

    def link(self, view: InverterView) -> Iterator[Message]:
        """Yield how talking to a slot goes, once it has answered; or that it cannot, since nobody has paired it."""
        if payloads.answered(view) or view.comm is CommState.UNPAIRED:
            yield self._retained(Inverter(view.identity.slot, "link"), payloads.link(view))

    def state(self, view: InverterView) -> Iterator[Message]:
        """Yield the values of a slot and of its inputs."""
        slot = view.identity.slot
        if payloads.has_state(view):
            yield from self._values(Inverter(slot, "state"), 0, payloads.inverter_state(view))
        for number in range(1, view.identity.ports + 1):
            if payloads.has_state(view, number):
                yield from self._values(Input(slot, number), number, payloads.input_state(view, number))

    def site(self, totals: SiteTotals, summary: Summary, utc: float) -> Message:
        """Return the sums, and the site's status."""
        words = {"status": summary.status.value, "alarms": summary.shown, "alarm": summary.worst}
        return self._retained(SiteWide("state"), {**payloads.site_state(totals, utc), **words})

    def alarms(self, subject: str, standing: Sequence[Standing]) -> Message:
        """Return the list of a subject's alarms."""
        return self._retained(target(subject, "alarms"), alarms.alarms(standing), qos=1)

    def alarm_event(self, entry: Entry, row: AlarmDef | None) -> Message:
        """Return what happened to an alarm."""
        return Message(
            self._tree.topic(target(entry.subject, "event")), payloads.encode(alarms.event(entry, row)), qos=1
        )

    def health(self, health: Json) -> Message:
        """Return the gateway's own condition."""
        return self._retained(Bridge("health"), health, qos=1)

    def event(self, event: SiteEvent) -> Message:
        """Return a happening."""
        return Message(self._tree.topic(Bridge("event")), payloads.encode(payloads.site_event(event)), qos=1)

    def log(self, record: Json) -> Message:
        """Return a warning or an error of the log."""
        return Message(self._tree.topic(Bridge("logging")), payloads.encode(record))

    def departed(self, known: Sequence[Known], views: Mapping[str, InverterView]) -> Iterator[Message]:
        """Yield what clears the slots, inputs, branches and gateways of an earlier inventory that are there no more."""
        groups = {address for view in views.values() for address in _groups(view.identity)}
        for address in dict.fromkeys(address for old in known for address in _groups(old)):
            if address not in groups:
                yield Message(self._tree.topic(address), b"", qos=1, retain=True)
        for old in known:
            view = views.get(old.id)
            if view is None:
                yield from self._cleared_slot(old.id)
            inputs = range(view.identity.ports + 1 if view else 1, old.channels + 1)
            for number in inputs:
                yield from self._cleared(Input(old.id, number), number, payloads.INPUT_KEYS)
            if view and inputs:
                yield from self._fewer_inputs(view, inputs)

    def _cleared_slot(self, slot: str) -> Iterator[Message]:
        if self._discovery is not None:
            yield Message(self._discovery.topic(slot), b"", qos=1, retain=True)
        for leaf in LEAVES:
            yield from self._cleared(Inverter(slot, leaf), 0, payloads.STATE_KEYS if leaf == "state" else ())

    def _cleared(self, address: Inverter | Input, port: int, keys: Sequence[str]) -> Iterator[Message]:
        yield Message(self._tree.topic(address), b"", qos=1, retain=True)
        if self._mirror:
            for key in keys:
                yield Message(self._tree.topic(Flat(address.slot, port, key)), b"", retain=True)

    def _fewer_inputs(self, view: InverterView, inputs: range) -> Iterator[Message]:
        if self._discovery is not None:
            topic = self._discovery.topic(view.identity.slot)
            yield _config(topic, self._discovery.inverter_without(view.identity, inputs))
            yield _config(topic, self._discovery.inverter(view.identity))

    def _values(self, address: Inverter | Input, port: int, state: Json) -> Iterator[Message]:
        yield self._retained(address, state)
        if self._mirror:
            yield from flat(self._tree, address.slot, port, state)

    def _retained(self, address: Address, payload: Json | Sequence[Json], qos: int = 0) -> Message:
        return Message(self._tree.topic(address), payloads.encode(payload), qos=qos, retain=True)


def _groups(member: Identity | Known) -> Iterator[Address]:
    """Yield where the alarms of the groups that a slot belongs to are listed."""
    if member.branch is not None:
        yield Branch(member.branch, "alarms")
    if member.gateway is not None:
        yield Gateway(member.gateway, "alarms")


def _config(topic: str, payload: Json) -> Message:
    return Message(topic, payloads.encode(payload), qos=1, retain=True)
