"""Units with Wi-Fi that dial a broker by themselves, as real ones do that were led to another than their maker's."""

import asyncio
from random import Random

from config.plant import profile_of
from config.site import Gateway, Impairments
from drivers.mqtt.session import Options
from emulator.host import Modem
from emulator.inverter import Inverter
from emulator.media.wifi.unit import Unit
from protocols.errors import ConfigError, LocalProtocolError
from protocols.exchange import Responder
from protocols.profile import Push

STAGGER_S = 10.0  # within which the units of a plant first dial


class Air:
    """The units of one gateway; each has a connection of its own, and its serial for a client id.

    TCP lies below: frames that a radio loses are late and not lost, so there are no impairments here.
    """

    modem: Modem | None = None

    def __init__(self, url: str, push: Push, seed: str) -> None:
        self._url = url
        self._push = push
        self._seed = seed
        self._arrived: list[Unit] = []
        self._changed = asyncio.Event()

    def attach(self, inverter: Inverter, responder: Responder, node: int) -> Unit:  # noqa: ARG002 - nobody asks it
        """Let a unit dial in."""
        push = self._push
        options = Options(url=self._url, client_id=inverter.serial, user=push.user, password=push.password)
        unit = Unit(options, push, inverter, Random(f"{self._seed}/{inverter.serial}").uniform(0, STAGGER_S))
        self._arrived.append(unit)
        self._changed.set()
        return unit

    def detach(self, node: Unit) -> None:
        """Take a unit away."""
        node.leave()

    async def live(self) -> None:
        """Let the units dial until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                for unit in self._arrived:
                    unit.task = tasks.create_task(unit.live())
                self._arrived.clear()
                await self._changed.wait()


def build(gateway: Gateway, impairments: Impairments, seed: str) -> Air:  # noqa: ARG001 - TCP knows no impairments
    """Return the air around a gateway. Raises ConfigError where its units cannot reach the broker."""
    push = profile_of(gateway).push
    if push is None:
        raise LocalProtocolError(f"gateway {gateway.id}: its units do not report by themselves")
    if gateway.link.url.startswith("mqtts://"):
        raise ConfigError(f"gateways.{gateway.id}.link.url: these units speak MQTT without TLS; emulate over mqtt://")
    return Air(gateway.link.url, push, seed)
