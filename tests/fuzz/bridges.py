"""Targets behind a radio: what a bridge hands to the driver, and what a host hands to an emulated bridge."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Literal

from config.links import SerialBridgeLink
from config.site import Impairments
from drivers.link import Urgency
from drivers.serial_bridge.line import FRAMES
from drivers.serial_bridge.requests import cutter
from drivers.serial_bridge.settings import BridgeSettings
from emulator.host import BUFFER
from emulator.media.serial_bridge import bridge
from emulator.media.serial_bridge.air import Air
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import OWN_MODULE, RadioFrame, Region, channel_change, module_query
from tests.fuzz.corpus import EMPTY, vectors
from tests.fuzz.found import MOST_HELD
from tests.fuzz.target import Target
from tests.support.bridge_peer import BridgePeer, Heard, plugged
from tests.support.held import held
from tests.support.virtual_time import run

_REQUEST = RadioFrame(0x15, 0xA01121AE, 0x80112345, 0x80)
_ANSWERS = tuple(RadioFrame(0x95, 0xA01121AE, 0x80112345, index, bytes(16)).encode() for index in (1, 2, 0x83))
_HOST = (module_query(), channel_change(0, 0, Region.EU, 20, index=OWN_MODULE), channel_change(7, 8, Region.EU, 20))
_SETTINGS = {
    stuffed: BridgeSettings(url="mem://fuzzed", radio="cmt2300a", stuffed=stuffed) for stuffed in (True, False)
}


def targets() -> Iterator[Target]:
    """Yield the targets."""
    for stuffed, form in ((True, "stuffed"), (False, "bare")):
        framed = [radio_bridge.encode(frame, stuffed=stuffed) for frame in (*_ANSWERS, *_HOST, _REQUEST.encode())]
        seeds = (*framed, b"".join(framed), *vectors("hoymiles"), EMPTY)
        covers = ("drivers.serial_bridge.requests:_Bridge.feed",)
        yield Target(f"bridge, {form}", partial(_ask, stuffed=stuffed), seeds, covers, cost=4)
        for radio in ("nrf24", "cmt2300a"):
            host = partial(_host, radio, stuffed=stuffed)
            taken = ("emulator.media.serial_bridge.bridge:Bridge.taken",)
            yield Target(f"emulated {radio} bridge, {form}", host, seeds, taken, cost=4)


def _ask(data: bytes, *, stuffed: bool) -> None:
    """Ask twice over a bridge that hands up the input: at once, then in pieces; the link lives on."""

    def script(_: RadioFrame) -> list[Heard]:
        asked.append(1)
        return [Heard(data, 0.001)] if data and len(asked) == 1 else _pieces(data)

    asked: list[int] = []

    async def main() -> None:
        async with plugged(_SETTINGS[stuffed], BridgePeer(script, stuffed=stuffed)) as link:
            for _ in range(2):
                async with link.claim(_REQUEST.inverter, Urgency.POLL) as port:
                    await port.send(_REQUEST.encode(), reply_bytes=75, within_s=0.05, replies=3)
                    for _frame in range(FRAMES * 40):
                        if await port.receive() is None:
                            break
                    else:
                        raise AssertionError("the window does not close")
            assert link.up
            assert held(link) <= MOST_HELD

    run(main())
    cutter(_SETTINGS[stuffed])().feed(data)


def _pieces(data: bytes) -> list[Heard]:
    return [Heard(data[at : at + 9], 0.0002 * at) for at in range(0, min(len(data), 900), 9)]


def _host(radio: Literal["nrf24", "cmt2300a"], data: bytes, *, stuffed: bool) -> None:
    """Let a host say the input to an emulated bridge."""

    async def main() -> None:
        link = SerialBridgeLink(url="mem://fuzzed", radio=radio, stuffed=stuffed)
        board = bridge(link, Air(Impairments(), "1"))
        board.port.attach()
        for size in (4096, 5):
            for at in range(0, len(data), size):
                board.taken(data[at : at + size])
            await asyncio.sleep(60.0)
        assert held(board.port) <= BUFFER

    run(main())
