"""The poller of `emulated_units_realtime`: drives every link of a site and asks each unit in its turn.

    python -m benchmarks.units_asker SITE SECONDS      prints what it heard as JSON

An answer counts when the driver took it within the window of the first try. Links begin one after the other, as
gateways that know nothing of one another would.
"""

import asyncio
import json
import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from config.loader import load_site
from config.plant import nodes, profile_of, transaction_s
from config.site import Gateway, Site
from drivers.clock import SystemClock
from drivers.link import Link, Urgency
from drivers.registry import open_link, settings_of
from gateway.fleet import pump
from gateway.log import configure
from protocols.exchange import Done
from protocols.profile import Station, VendorProfile

PERIOD_S = 5.0
UTC = 0.0  # these units do not ask for the time


@dataclass
class Heard:
    """What all links heard together."""

    asked: int = 0
    in_window: int = 0
    lost_units: set[str] = field(default_factory=set)
    worst_s: float = -math.inf  # by which an answer came later than on paper


async def _ask(gateway: Gateway, link: Link, heard: Heard, first_s: float, rounds: int) -> None:
    """Join the units of a link, then ask each of them once a period."""
    profile, now = profile_of(gateway), asyncio.get_running_loop().time
    stations = [Station(serial, node) for serial, node in nodes(gateway).items() if node is not None]
    model = profile.models[gateway.branches[0].inverters[0].model]
    paper_s = transaction_s(gateway.link, profile.poll_size(model))
    await link.wait_up()
    for station in stations:
        async with link.claim(station.node, Urgency.POLL) as port:
            if not isinstance((await pump.run(port, profile.join(station, UTC))).result, Done):
                heard.lost_units.add(station.serial)
    for turn in range(rounds):
        for place, station in enumerate(stations):
            await asyncio.sleep(first_s + (turn + place / len(stations)) * PERIOD_S - now())
            await _poll(link, profile, station, heard, paper_s)


async def _poll(link: Link, profile: VendorProfile, station: Station, heard: Heard, paper_s: float) -> None:
    async with link.claim(station.node, Urgency.POLL) as port:
        outcome = await pump.run(port, profile.poll(station, profile.poll_plan[0], UTC))
    heard.asked += 1
    if isinstance(outcome.result, Done) and outcome.sends == 1:
        heard.in_window += 1
        heard.worst_s = max(heard.worst_s, outcome.took_s - paper_s)
    else:
        heard.lost_units.add(station.serial)


async def _ask_all(site: Site, seconds: float) -> Heard:
    heard, loop = Heard(), asyncio.get_running_loop()
    links = [(gateway, _link(gateway)) for gateway in site.gateways]
    running = [asyncio.create_task(link.run()) for _, link in links]
    begin_s = loop.time() + 2 * PERIOD_S  # all have joined by then
    spread_s = PERIOD_S / len(nodes(site.gateways[0])) / len(links)
    rounds = int(seconds / PERIOD_S)
    await asyncio.gather(
        *(_ask(*link, heard, begin_s + number * spread_s, rounds) for number, link in enumerate(links))
    )
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return heard


def _link(gateway: Gateway) -> Link:
    medium = gateway.link.medium
    return open_link(medium, gateway.id, settings_of(medium, gateway.link))


def main() -> None:
    """Ask and print."""
    configure("error", "json")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    site = load_site(Path(sys.argv[1]), SystemClock()).site
    heard = asyncio.run(_ask_all(site, float(sys.argv[2])))
    lost = sorted(heard.lost_units)
    sys.stdout.write(
        json.dumps({"asked": heard.asked, "in_window": heard.in_window, "lost": lost, "worst_s": heard.worst_s})
    )


if __name__ == "__main__":
    main()
