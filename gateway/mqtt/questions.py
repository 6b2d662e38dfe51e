"""Answers to `bridge/request/<verb>`. Pure: a message in, a message out."""

from collections.abc import Callable, Mapping, Sequence

from drivers.mqtt.session import Message
from gateway.mqtt import payloads
from gateway.mqtt.payloads import About, Json, Query, Refusal
from gateway.mqtt.site import Site
from gateway.mqtt.topics import Request, Tree


class Questions:
    """Knows the verbs and what each of them tells."""

    def __init__(self, tree: Tree, site: Site, about: About, health: Callable[[], Json]) -> None:
        self._tree = tree
        self._site = site
        self._about = about
        self._health = health
        self._verbs: Mapping[str, Callable[[], Json | Sequence[Json]]] = {
            "health": health,
            "devices": self._devices,
            "diagnostics": self._diagnostics,
        }

    def answer(self, message: Message) -> Message | None:
        """Return the response to a request; None for a topic that is no request."""
        address = self._tree.parse(message.topic)
        if not isinstance(address, Request):
            return None
        query = payloads.parse_query(message.payload, Query)
        transaction = None if isinstance(query, Refusal) else query.transaction
        if message.retain:  # a broker replays it at every subscribe: it would act again and again
            answer: Json | Sequence[Json] | Refusal = Refusal("retained", "requests must not be retained")
        elif isinstance(query, Refusal):
            answer = query
        elif address.verb in self._verbs:
            answer = self._verbs[address.verb]()
        else:
            answer = Refusal("not_supported", f"no verb {address.verb}; there are {', '.join(self._verbs)}")
        payload = payloads.encode(payloads.response(answer, transaction))
        topic = self._tree.answer_to(address.verb, message.response_topic)
        return Message(topic, payload, qos=1, correlation=message.correlation)

    def _devices(self) -> Sequence[Json]:
        return payloads.devices(self._site.views, self._about)

    def _diagnostics(self) -> Json:
        return {
            "info": payloads.bridge_info(self._about),
            "health": self._health(),
            "devices": self._devices(),
            "links": {slot: payloads.link(view) for slot, view in self._site.views.items()},
        }
