"""The backend `emulator` of `hil`: broker, clock, gateway and operator of a run inside this process."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from config.instruments import Told
from drivers.clock import Trust
from drivers.mqtt.memory import MemoryBroker
from drivers.mqtt.session import Message
from hil.virtual_time import VirtualClock

ASKED = frozenset({"alarm", "command", "publish"})  # acts of an operator, by MQTT


class Daemon(Protocol):
    """A gateway that can be stopped."""

    def start(self) -> None:
        """Start it."""
        ...

    async def stop(self) -> None:
        """Stop it in order."""
        ...

    async def kill(self) -> None:
        """End it at this instant, without a word."""
        ...


class Surroundings:
    """Acts on what is around the plant; `root` is what our topics begin with."""

    def __init__(self, broker: MemoryBroker, clock: VirtualClock, daemon: Daemon, root: str) -> None:
        self._broker = broker
        self._clock = clock
        self._daemon = daemon
        self._root = root
        self._acts: Mapping[str, Callable[..., object]] = {
            "mark": lambda: None,
            "broker_down": broker.stop,
            "broker_up": broker.start,
            "broker_hang": broker.hang,
            "broker_resume": broker.resume,
            "broker_slow": broker.slow,
            "clock_step": clock.step,
            "clock_trust": self._trust,
            "gateway_stop": daemon.stop,
            "gateway_kill": daemon.kill,
            "gateway_start": daemon.start,
        }

    async def act(self, event: str, name: str, args: Mapping[str, Told]) -> None:
        """Carry out an act; a request to the gateway bears the event's id as its transaction."""
        if name in ASKED:
            self._broker.accept(request(self._root, event, name, args))
            return
        done = self._acts[name](**args)
        if isinstance(done, Awaitable):
            await done

    def _trust(self, trust: str) -> None:
        self._clock.trusted = Trust(trust)


def request(root: str, event: str, verb: str, args: Mapping[str, Told]) -> Message:
    """Return what an operator asks of the gateway, or writes to one of its topics."""
    if verb == "publish":
        return Message(f"{root}/{args['topic']}", str(args["payload"]).encode(), qos=1)
    asked: dict[str, Any] = {**args, "transaction": event, "by": "hil"}
    if verb == "alarm":
        asked["code"] = int(float(str(args["code"])))
    return Message(f"{root}/bridge/request/{verb}", json.dumps(asked).encode(), qos=1)
