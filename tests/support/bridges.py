"""A bridge under test, and where it speaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from config.site import Mqtt
from gateway.log import LogTap
from gateway.meter import Meters
from gateway.mqtt.alarms import Alarms
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.commands import Orders
from gateway.mqtt.options import mqtt_options
from gateway.mqtt.payloads import About
from gateway.mqtt.site import Site
from tests.support.alarms import ScriptedAlarms
from tests.support.brokers import Broker
from tests.support.listener import Listener
from tests.support.orders import ScriptedOrders

ROOT = "opencombiner/home"
STATE = f"{ROOT}/bridge/state"
ONLINE, OFFLINE = b'{"state":"online"}', b'{"state":"offline"}'
ABOUT = About(version="0.1.0", config_schema="1", site="home", name="Home", drivers={"east": "plc"})


def bridge(
    broker: Broker,
    site: Site,
    tap: LogTap | None = None,
    *,
    orders: Orders | None = None,
    alarms: Alarms | None = None,
    meters: Meters | None = None,
    jitter: Callable[[float, float], float] = lambda _low, _high: 0.01,
    **settings: Any,
) -> Bridge:
    """Return a bridge between a site and a broker that tries again at once; `settings` are those of the broker."""
    mqtt = Mqtt(url=broker.url, **settings)
    return Bridge(
        site,
        ABOUT,
        mqtt,
        mqtt_options(mqtt, "home"),
        lambda: {"process": {"rss_mib": 40.0}},
        tap or LogTap(),
        orders=orders or ScriptedOrders(),
        alarms=alarms or ScriptedAlarms(),
        meters=meters or Meters({}),
        jitter=jitter,
    )


@asynccontextmanager
async def running_bridge(subject: Bridge) -> AsyncIterator[asyncio.Task[None]]:
    """Run a bridge, and stop it as the daemon does."""
    task = asyncio.create_task(subject.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def greeted(listener: Listener, times: int = 1) -> None:
    """Return once the bridge has said all that it says when it comes; the sums are the last of it."""
    await listener.until(lambda: listener.topics().count(f"{ROOT}/site/state") >= times)


def config(device: str) -> str:
    """Return where a device is described."""
    return f"homeassistant/device/opencombiner_home_{device}/config"


def inverter(slot: str, leaf: str) -> str:
    """Return a topic of a slot."""
    return f"{ROOT}/inverter/{slot}/{leaf}"
