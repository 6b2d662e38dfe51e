"""What clients of a framed server can do, and what they cannot. A frame here is a length and so many bytes."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from gateway.faces.tcp_server import MOST_WAIT_S, Bounds, Pace, TcpServer
from protocols.errors import ConfigError, RemoteProtocolError
from tests.support.mosquitto import free_port

HASTY = Bounds(clients=3, frame_bytes=32, idle_s=0.3, frame_s=0.2, send_s=0.2)
PATIENT = Bounds(clients=3, frame_bytes=32)


@dataclass
class Echo:
    """Answers with the frame; `big` with so many bytes; 0xFF begins no frame; `!` is a bug of ours."""

    big: int = 0
    heard: list[bytes] = field(default_factory=list)

    def length(self, head: bytes) -> int | None:
        if head[:1] == b"\xff":
            raise RemoteProtocolError("no frame")
        return 1 + head[0] if head else None

    def answer(self, frame: bytes, peer: str) -> bytes | None:
        assert peer == "127.0.0.1"
        self.heard.append(frame)
        if frame == b"\x01!":
            raise KeyError("ours")
        return None if frame == b"\0" else b"x" * self.big or frame


Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def served(
    face: Echo, bounds: Bounds, act: Callable[[TcpServer, Callable[[], Awaitable[Talk]]], Awaitable[None]]
) -> None:
    async def main() -> None:
        port = free_port()
        server = TcpServer(face, address="127.0.0.1", port=port, setting="faces[0]", bounds=bounds)
        task = asyncio.create_task(server.run())
        writers: list[asyncio.StreamWriter] = []

        async def connect() -> Talk:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)
            return reader, writer

        async with asyncio.timeout(20):
            await server.ready.wait()
            await act(server, connect)
        for writer in writers:
            writer.transport.abort()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


async def is_dropped(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def answers(talk: Talk) -> bool:
    talk[1].write(b"\x02hi")
    return await talk[0].readexactly(3) == b"\x02hi"


@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("sent", "counter"),
    [
        pytest.param([], "idle", id="says nothing"),
        pytest.param([b"\x05he"], "slow", id="does not end its frame"),
        pytest.param([b"\xff"], "malformed", id="begins no frame"),
        pytest.param([b"\x40" + b"x" * 64], "malformed", id="sends a frame that is too long"),
        pytest.param([b"\x01!"], "failures", id="meets a bug of ours"),
    ],
)
def test_is_dropped_who(sent: list[bytes], counter: str) -> None:
    async def act(server: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        reader, writer = await connect()
        for chunk in sent:
            writer.write(chunk)
        assert await is_dropped(reader)
        assert server.condition()[counter] == 1
        assert await answers(await connect())

    served(Echo(), HASTY, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_frame_that_drips_in_byte_by_byte_has_no_more_time_than_another() -> None:
    async def act(server: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        reader, writer = await connect()
        dropped = asyncio.ensure_future(is_dropped(reader))
        writer.write(b"\x1f")
        while not dropped.done():
            writer.write(b"x")
            await asyncio.sleep(0.05)
        assert server.condition()["slow"] == 1

    served(Echo(), HASTY, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_who_takes_no_answers_is_dropped() -> None:
    async def act(server: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        _, writer = await connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's transports have it
        while not server.condition()["slow"]:
            writer.write(b"\x01a")
            await asyncio.sleep(0.001)
        assert server.condition()["clients"] == 0

    served(Echo(big=1 << 20), HASTY, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_frames_that_come_together_or_in_pieces_are_all_answered_in_order() -> None:
    async def act(_: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        reader, writer = await connect()
        whole = b"\x01a\x02bc\0\x03def" * 20
        writer.write(whole)
        expected = b"\x01a\x02bc\x03def" * 20
        assert await reader.readexactly(len(expected)) == expected
        for byte in b"\x03xyz":
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.005)
        assert await reader.readexactly(4) == b"\x03xyz"

    served(Echo(), PATIENT, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_the_answer_to_who_has_closed_his_side_still_comes() -> None:
    async def act(_: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        reader, writer = await connect()
        writer.write(b"\x02hi\x05he")
        writer.write_eof()
        assert await reader.read() == b"\x02hi"

    served(Echo(), PATIENT, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_newcomer_gets_the_place_of_the_longest_silent() -> None:
    async def act(server: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        first, second, third = await connect(), await connect(), await connect()
        for talk in (first, second, third, first):
            assert await answers(talk)
        assert await answers(await connect())
        assert await is_dropped(second[0])
        assert await answers(first)
        assert await answers(third)
        assert (server.condition()["evicted"], server.condition()["clients"]) == (1, 3)

    served(Echo(), PATIENT, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_who_asks_too_fast_waits() -> None:
    bounds = Bounds(clients=3, frame_bytes=32, per_s=200.0, burst=10)

    async def act(server: TcpServer, connect: Callable[[], Awaitable[Talk]]) -> None:
        reader, writer = await connect()
        writer.write(b"\x01a" * 50)
        await reader.readexactly(100)
        assert server.condition()["requests"] == 50
        assert server.condition()["delayed"] >= 30

    served(Echo(), bounds, act)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_port_that_is_taken_names_its_setting() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            server = TcpServer(Echo(), address="127.0.0.1", port=port, setting="faces[2]", bounds=PATIENT)
            with pytest.raises(
                ConfigError, match=rf"faces\[2\].port: cannot listen at 127.0.0.1:{port}; another program"
            ):
                await server.run()

    asyncio.run(main())


def test_a_burst_passes_and_what_follows_is_spread() -> None:
    pace = Pace(per_s=10.0, burst=3)
    assert [round(pace.wait_s(100.0), 3) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    assert pace.wait_s(200.0) == 0.0


def test_those_who_do_not_wait_for_their_turn_do_not_make_it_endless() -> None:
    pace = Pace(per_s=10.0, burst=3)
    assert max(pace.wait_s(100.0) for _ in range(1000)) == MOST_WAIT_S


def test_a_refused_request_uses_up_nothing() -> None:
    pace = Pace(per_s=1.0, burst=2)
    assert [pace.admits(100.0) for _ in range(5)] == [True, True, False, False, False]
    assert pace.admits(101.1)
