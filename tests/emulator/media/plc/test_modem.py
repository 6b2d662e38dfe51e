import asyncio
import json
from pathlib import Path

import pytest

from drivers.stream import pipe
from emulator.host import BUFFER, HostPort
from emulator.media.plc.line import Line
from emulator.media.plc.modem import TRANSPARENT_BUFFER, St7580Modem, TransparentModem
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, NAK, Command, Frame, Mib, Status
from tests.support.emulated import line, link
from tests.support.virtual_time import run

VECTORS = {row["name"]: bytes.fromhex(row["hex"]) for row in json.loads(Path("tests/vectors/st7580.json").read_text())}
BYTE_S = 8 / 2400


class Far:
    """The far end of the line: notes frames, can send."""

    early = False
    linked = True

    def ignores(self, data: bytes) -> bool:
        return not data

    def __init__(self, on: Line) -> None:
        self.heard: list[bytes] = []
        on.join(self)

    def hear(self, data: bytes) -> None:
        self.heard.append(data)


class Host:
    """A program at the modem's serial port."""

    def __init__(self, modem: TransparentModem | St7580Modem) -> None:
        self._stream, theirs = pipe()
        self._task = asyncio.create_task(modem.serve(theirs))

    async def write(self, data: bytes) -> None:
        await self._stream.write(data)
        await asyncio.sleep(0)

    async def read(self, within_s: float = 5.0) -> bytes:
        """Return all bytes that come within a time."""
        heard = b""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    heard += await self._stream.read()
        except TimeoutError:
            return heard

    async def leave(self) -> None:
        self._stream.close()
        await self._task


def test_transparent_bytes_go_out_and_come_in() -> None:
    async def talk() -> None:
        wire = line()
        modem, far = TransparentModem(wire, echo=False), Far(wire)
        host = Host(modem)
        await host.write(b"ping")
        assert await host.read() == b""
        assert far.heard == [b"ping"]
        wire.send(far, b"pong")
        assert await host.read() == b"pong"
        await host.leave()

    run(talk())


def test_chunks_that_follow_while_it_sends_join_the_frame_and_later_ones_do_not() -> None:
    async def talk() -> list[bytes]:
        wire = line(link(bit_rate=2400.0))
        host, far = Host(TransparentModem(wire, echo=False)), Far(wire)
        await host.write(b"01234")
        await asyncio.sleep(4 * BYTE_S)
        await host.write(b"56789")
        await asyncio.sleep(6.5 * BYTE_S)
        await host.write(b"next")
        await asyncio.sleep(1)
        await host.leave()
        return far.heard

    assert run(talk()) == [b"0123456789", b"next"]


def test_what_passes_the_buffer_is_lost_and_counted() -> None:
    async def talk() -> tuple[int, int]:
        wire = line(link(bit_rate=2400.0))
        modem, far = TransparentModem(wire, echo=False), Far(wire)
        host = Host(modem)
        await host.write(bytes(TRANSPARENT_BUFFER + 6))
        await asyncio.sleep(10.5 * BYTE_S)
        await host.write(bytes(14))
        await asyncio.sleep(5)
        await host.leave()
        return len(far.heard[0]), modem.overrun_bytes

    assert run(talk()) == (TRANSPARENT_BUFFER + 10, 10)


def test_a_full_buffer_takes_nothing() -> None:
    async def talk() -> tuple[list[int], int]:
        wire = line(link(bit_rate=2400.0))
        modem, far = TransparentModem(wire, echo=False), Far(wire)
        host = Host(modem)
        await host.write(bytes(TRANSPARENT_BUFFER))
        await host.write(b"more")
        await asyncio.sleep(5)
        await host.leave()
        return [len(frame) for frame in far.heard], modem.overrun_bytes

    assert run(talk()) == ([TRANSPARENT_BUFFER], 4)


def test_echo_hands_back_what_the_host_wrote() -> None:
    async def talk() -> bytes:
        host = Host(TransparentModem(line(), echo=True))
        await host.write(b"hello")
        heard = await host.read()
        await host.leave()
        return heard

    assert run(talk()) == b"hello"


def test_a_host_may_leave_and_another_come() -> None:
    async def talk() -> None:
        wire = line()
        modem, far = TransparentModem(wire, echo=False), Far(wire)
        first = Host(modem)
        await first.leave()
        wire.send(far, b"nobody hears this")
        await asyncio.sleep(1)
        second = Host(modem)
        await second.write(b"here")
        assert await second.read() == b""
        assert far.heard == [b"here"]
        await second.leave()

    run(talk())


def test_a_host_that_does_not_read_loses_bytes_beyond_the_buffer() -> None:
    async def talk() -> tuple[int, bytes]:
        port, (ours, theirs) = HostPort(), pipe()
        port.put(b"nobody is there")
        port.attach()
        port.put(b"x" * (BUFFER + 3))
        task = asyncio.create_task(port.drain(theirs))
        heard = await ours.read()
        task.cancel()
        return port.lost_bytes, heard

    assert run(talk()) == (len(b"nobody is there") + 3, b"x" * BUFFER)


async def opened(host: Host) -> None:
    """Select the data-link service, as every host must."""
    await host.write(VECTORS["select_data_link_service"])
    assert await host.read() == st7580.encode(ACK) + st7580.encode(Frame(Command.MIB_WRITE_CNF))


def test_st7580_confirms_after_the_air_time_and_indicates_what_it_hears() -> None:
    async def talk() -> None:
        wire = line(link(modem="st7580", bit_rate=2400.0, overhead_bytes=20))
        host, far = Host(St7580Modem(wire)), Far(wire)
        await opened(host)
        await host.write(VECTORS["data_request"])
        assert await host.read(20.9 * BYTE_S) == st7580.encode(ACK)
        assert await host.read(0.2 * BYTE_S) == st7580.encode(st7580.confirmation())
        assert far.heard == [b"\xab"]
        wire.send(far, b"\xab")
        frames = st7580.Deframer().feed(await host.read())
        assert frames == [st7580.indication(b"\xab")]
        assert isinstance(frames[0], Frame)
        assert st7580.payload_of(frames[0]) == b"\xab"
        await host.leave()

    run(talk())


def conversation(*requests: bytes, configured: bool = True) -> bytes:
    async def talk() -> bytes:
        host = Host(St7580Modem(line(link(modem="st7580"))))
        if configured:
            await opened(host)
        for request in requests:
            await host.write(request)
        heard = await host.read()
        await host.leave()
        return heard

    return run(talk())


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (VECTORS["reset_request"], Frame(Command.RESET_CNF)),
        (st7580.encode(Frame(Command.PING_REQ, b"\x01\x02")), Frame(Command.PING_CNF, b"\x01\x02")),
        (st7580.encode(st7580.mib_read(Mib.MODEM_CONFIGURATION)), Frame(Command.MIB_READ_CNF, b"\x11")),
        (st7580.encode(st7580.mib_read(Mib.PHY_CONFIGURATION)), Frame(Command.MIB_READ_ERR)),
        (st7580.encode(Frame(Command.MIB_WRITE_REQ)), Frame(Command.MIB_WRITE_ERR)),
        (st7580.encode(Frame(Command.DL_DATA_REQ, b"\x04")), Frame(Command.DL_DATA_ERR)),
        (st7580.encode(Frame(Command.PHY_DATA_REQ, b"\x04x")), Frame(Command.SYNTAX_ERR)),
    ],
    ids=["reset", "ping", "read", "read of the unknown", "write of nothing", "data without payload", "not spoken"],
)
def test_st7580_acknowledges_and_answers(request_: bytes, answer: Frame) -> None:
    assert conversation(request_) == st7580.encode(ACK) + st7580.encode(answer)


def test_st7580_refuses_data_before_a_service_is_selected() -> None:
    heard = conversation(VECTORS["data_request"], configured=False)
    assert heard == st7580.encode(ACK) + st7580.encode(Frame(Command.DL_DATA_ERR))


def test_st7580_does_not_acknowledge_a_damaged_frame() -> None:
    damaged = VECTORS["reset_request"][:-1] + b"\x7e"
    assert conversation(damaged, VECTORS["reset_request"])[:2] == st7580.encode(NAK) + st7580.encode(ACK)


def test_st7580_repeats_what_the_host_did_not_understand_once() -> None:
    answer = Frame(Command.PING_CNF, b"\x07")
    heard = conversation(st7580.encode(Frame(Command.PING_REQ, b"\x07")), st7580.encode(NAK), st7580.encode(NAK))
    assert heard == st7580.encode(ACK) + st7580.encode(answer) + st7580.encode(answer, repeated=True)


def test_st7580_tells_that_it_is_sending_or_receiving() -> None:
    async def talk() -> None:
        wire = line(link(modem="st7580"))
        host, far = Host(St7580Modem(wire)), Far(wire)
        await opened(host)
        await host.write(VECTORS["data_request"] * 2)
        sending = Status(0x02)
        assert (await host.read())[:4] == st7580.encode(ACK) + st7580.encode(sending) + st7580.encode(NAK)
        wire.send(far, b"somebody else speaks")
        await asyncio.sleep(0.05)
        await host.write(VECTORS["data_request"])
        receiving = Status(0x04)
        assert (await host.read())[:3] == st7580.encode(receiving) + st7580.encode(NAK)
        assert sending.busy
        assert receiving.busy
        assert far.heard == [b"\xab"]
        await host.leave()

    run(talk())
