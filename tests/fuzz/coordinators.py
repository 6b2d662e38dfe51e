"""Targets behind a ZigBee coordinator: what it hands to the driver, and what a host hands to an emulated one."""

import asyncio
from collections.abc import Iterator

from config.links import ZigbeeLink
from config.site import Impairments
from drivers.link import Urgency
from drivers.zigbee.coordinator import DATAGRAMS
from drivers.zigbee.requests import cutter
from drivers.zigbee.settings import ZigbeeSettings
from emulator.host import BUFFER
from emulator.media.zigbee import Zigbee
from protocols.errors import LinkDownError, RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.frame import decode_all, encode
from protocols.modems.znp.network import network
from tests.fuzz.corpus import EMPTY, vectors
from tests.fuzz.found import MOST_HELD
from tests.fuzz.target import Target
from tests.support.held import held
from tests.support.virtual_time import run
from tests.support.znp_peer import ANSWER, NODE, Peer, plugged, question

_HEARD = (
    encode(c.incoming(ANSWER)),
    encode(c.confirm(0, 2)),
    encode(c.answer(c.data_request(ANSWER, 2))),
    encode(c.reset_indication()),
    encode(c.source_route(NODE, (0x2002,))),
)
_SAID = (encode(c.data_request(ANSWER, 7)), encode(c.start()), encode(c.reset()), encode(c.device_info()))
_DRIVER = ("drivers.zigbee.requests:_Frames.feed",)
_CHIP = "emulator.media.zigbee.coordinator:Coordinator"


def targets() -> Iterator[Target]:
    """Yield the targets."""
    captured = vectors("apsystems")
    yield Target("ZNP coordinator", _ask, (*_HEARD, b"".join(_HEARD), *captured, EMPTY), _DRIVER, cost=4)
    covers = (f"{_CHIP}.taken", f"{_CHIP}.hear")
    yield Target("emulated ZNP coordinator", _host, (*_SAID, b"".join(_SAID), *captured, EMPTY), covers, cost=4)


def _ask(data: bytes) -> None:
    """Ask twice over a coordinator that says the input as well; the link lives on, or comes back."""

    async def main() -> None:
        peer = Peer()
        async with plugged(peer) as (link, _):
            for size in (4096, 9):
                await link.wait_up()
                try:
                    async with link.claim(NODE, Urgency.POLL) as port:
                        await port.send(question(), reply_bytes=100, within_s=0.05)
                        for at in range(0, min(len(data), 900), size):
                            peer.coordinator.port.put(data[at : at + size])
                        for _frame in range(DATAGRAMS * 40):
                            if await port.receive() is None:
                                break
                        else:
                            raise AssertionError("the window does not close")
                except LinkDownError:  # a coordinator that says that it restarted
                    pass
            await link.wait_up()
            assert held(link) <= MOST_HELD

    run(main())
    cutter(ZigbeeSettings(url="mem://fuzzed"))().feed(data)


def _host(data: bytes) -> None:
    """Let a host say the input to an emulated coordinator, and let units say what they hear of it."""

    async def main() -> None:
        medium = Zigbee(ZigbeeLink(url="mem://fuzzed"), network(""), Impairments(), "1")
        living = asyncio.create_task(medium.live())
        chip = medium.coordinator
        chip.port.attach()
        for size in (4096, 5):
            for at in range(0, len(data), size):
                chip.taken(data[at : at + size])
            await asyncio.sleep(60.0)
        try:
            for frame in decode_all(data):
                chip.hear(c.incoming_of(frame), ())
        except RemoteProtocolError:
            pass
        assert held(chip.port) <= BUFFER
        living.cancel()

    run(main())
