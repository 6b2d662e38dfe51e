"""Targets behind a link: what a modem hands to the driver, and what a host hands to an emulated modem."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Literal

from drivers.link import Urgency
from drivers.plc.line import FRAMES
from drivers.plc.settings import PlcSettings
from emulator.host import BUFFER
from emulator.inverter import Inverter
from emulator.media.modbus_tcp import Hub
from emulator.media.plc.modem import St7580Modem, TransparentModem
from emulator.media.plc.unit import Unit
from protocols.errors import LinkDownError
from protocols.modbus import mbap
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, Frame
from protocols.registry import vendor
from tests.fuzz.corpus import EMPTY, vectors
from tests.fuzz.found import MOST_HELD
from tests.fuzz.target import Target
from tests.support import emulated
from tests.support.held import held
from tests.support.plc_peer import Say, St7580Peer, TransparentPeer, configured, plugged, read_answer, read_request
from tests.support.virtual_time import run

_SETTINGS = PlcSettings(url="mem://fuzzed", bit_rate=96000, turnaround_s=0.001)
_ANSWERS = (read_answer(7), read_answer(8), read_request(7), read_answer(7)[:-1], EMPTY)
_INDICATIONS = tuple(st7580.encode(st7580.indication(raw)) for raw in _ANSWERS[:4])
_HOST = (
    st7580.encode(st7580.mib_write(st7580.Mib.MODEM_CONFIGURATION, bytes((st7580.DL_SERVICE,))))
    + st7580.encode(st7580.data_request(read_request(7), 0)),
    st7580.encode(Frame(st7580.Command.RESET_REQ)),
)


def targets() -> Iterator[Target]:
    """Yield the targets."""
    heard = (*_ANSWERS, *vectors("modbus", "atmoce"))
    name = "drivers.plc.modems:{}.take"
    yield Target("transparent modem", partial(_ask, "transparent"), heard, (name.format("Transparent"),), cost=4)
    framed = (*_INDICATIONS, *vectors("st7580"), EMPTY)
    yield Target("ST7580 modem", partial(_ask, "st7580"), framed, (name.format("St7580"),), cost=4)
    yield Target(
        "emulated transparent modem", partial(_host, "transparent"), heard, _covered("TransparentModem"), cost=4
    )
    yield Target("emulated ST7580", partial(_host, "st7580"), (*_HOST, *framed), _covered("St7580Modem"), cost=4)
    asked = (*(mbap.encode(7, raw[1:-2]) for raw in heard), b"GET / HTTP/1.1", EMPTY)
    yield Target("emulated address", _address, asked, ("emulator.media.modbus_tcp.__init__:Hub.taken",), cost=4)
    yield Target("emulated unit", _unit, heard, ("emulator.media.plc.unit:Unit.hear",), cost=4)


def _covered(modem: str) -> tuple[str, ...]:
    return f"emulator.media.plc.modem:{modem}.taken", f"emulator.media.plc.modem:{modem}.hear"


def _ask(modem: Literal["transparent", "st7580"], data: bytes) -> None:
    """Ask twice over a modem that hands up the input: at once, then in pieces; the link lives on."""

    def transparent(_: bytes) -> list[Say]:
        return [Say(data[at : at + 9], 0.001 * at) for at in range(0, len(data), 9)] if asked else [Say(data)]

    def framed(frame: Frame) -> list[Say]:
        return configured(frame) or [Say(st7580.encode(ACK)), *transparent(b"")]

    asked: list[int] = []

    async def main() -> None:
        peer = TransparentPeer(transparent) if modem == "transparent" else St7580Peer(framed)
        async with plugged(replace(_SETTINGS, modem=modem), peer) as link:
            for _ in range(2):
                await link.wait_up()
                try:
                    async with link.claim(7, Urgency.POLL) as port:
                        await port.send(read_request(7), reply_bytes=45, within_s=0.05)
                        for _frame in range(FRAMES * 40):
                            if await port.receive() is None:
                                break
                        else:
                            raise AssertionError("the window does not close")
                except LinkDownError:  # a modem that says that it restarted, or acknowledges nothing
                    pass
                asked.append(1)
            assert held(link) <= MOST_HELD

    run(main())


def _host(kind: str, data: bytes) -> None:
    """Let a host say the input to an emulated modem, and let the line say it to the host."""

    async def main() -> None:
        line = emulated.line()
        modem = TransparentModem(line, echo=True) if kind == "transparent" else St7580Modem(line)
        modem.port.attach()
        for size in (4096, 5):
            for at in range(0, len(data), size):
                modem.taken(data[at : at + size])
            modem.hear(data[:250])
            await asyncio.sleep(60.0)
        assert held(modem.port) <= BUFFER
        assert held(getattr(modem, "_mib", {})) <= 256 * 256

    run(main())


def _address(data: bytes) -> None:
    """Let a client say the input to an address with a unit."""

    async def main() -> None:
        hub, profile = Hub(0.01), vendor("rockcore").over["modbus_tcp"]
        hub.port.attach()
        hub.attach(_inverter(), profile.responder(_inverter()), 7)
        for size in (4096, 5):
            for at in range(0, len(data), size):
                hub.taken(data[at : at + size])
            await asyncio.sleep(1.0)
        assert held(hub.port) <= BUFFER
        assert held(hub._deframer) <= MOST_HELD  # noqa: SLF001 - what it keeps is the question

    run(main())


class _Speaker:
    """Somebody on the line who speaks and hears nothing."""

    early, linked = False, True

    def hear(self, data: bytes) -> None:
        """Hear it."""

    def ignores(self, data: bytes) -> bool:
        """Ignore everything."""
        return bool(data) or True


def _unit(data: bytes) -> None:
    async def main() -> None:
        line = emulated.line()
        unit = Unit(line, _inverter(), vendor("atmoce").responder(_inverter()), framed=False)
        speaker = _Speaker()
        line.join(speaker)
        for at in range(0, len(data), 64):
            line.send(speaker, data[at : at + 64])
            await asyncio.sleep(5.0)
        assert held(unit._deframer) <= MOST_HELD  # noqa: SLF001 - what it keeps is the question

    run(main())


def _inverter() -> Inverter:
    return emulated.unit()
