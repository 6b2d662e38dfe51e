import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from drivers.stream import BACKLOG, CHUNK, ByteStream, Listener, listen, open_stream
from protocols.errors import ConfigError, LinkDownError
from tests.support import virtual_time
from tests.support.held import held

Test = Callable[[Listener, ByteStream, ByteStream], Coroutine[Any, Any, None]]
REAL = [pytest.mark.integration, pytest.mark.enable_socket]
KINDS = pytest.mark.parametrize(
    "kind",
    ["mem", pytest.param("pty", marks=pytest.mark.integration), pytest.param("socket", marks=REAL)],
)


def url_of(kind: str, tmp_path: Path) -> str:
    return {"mem": "mem://roof", "pty": f"pty:{tmp_path / 'modem'}", "socket": "socket://127.0.0.1:0"}[kind]


def run(kind: str, main: Coroutine[Any, Any, None]) -> None:
    (virtual_time.run if kind == "mem" else asyncio.run)(main)


def connected(kind: str, tmp_path: Path, test: Test) -> None:
    """Run `test` with a listener, its stream and a client's stream."""

    async def main() -> None:
        listener = await listen(url_of(kind, tmp_path))
        client = await open_stream(listener.url)
        served = await listener.accept()
        try:
            await test(listener, served, client)
        finally:
            client.close()
            served.close()
            listener.close()
            await asyncio.sleep(0.05)  # the serial port closes on a thread

    run(kind, main())


async def collect(stream: ByteStream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = await stream.read()
        assert 1 <= len(chunk) <= CHUNK
        data += chunk
    return data


@KINDS
def test_bytes_arrive_both_ways_as_they_were_sent(kind: str, tmp_path: Path) -> None:
    async def test(_: Listener, served: ByteStream, client: ByteStream) -> None:
        every = bytes(range(256)) * 4
        await client.write(every)
        assert await collect(served, len(every)) == every
        await served.write(every)
        assert await collect(client, len(every)) == every

    connected(kind, tmp_path, test)


@KINDS
def test_a_client_that_comes_back_is_served_again(kind: str, tmp_path: Path) -> None:
    async def test(listener: Listener, served: ByteStream, client: ByteStream) -> None:
        await client.write(b"one")
        assert await collect(served, 3) == b"one"
        client.close()
        await asyncio.sleep(0.05)
        again = await open_stream(listener.url)
        stream = served if kind == "pty" else await listener.accept()
        await again.write(b"two")
        assert await collect(stream, 3) == b"two"
        await stream.write(b"three")
        assert await collect(again, 5) == b"three"
        again.close()

    connected(kind, tmp_path, test)


@KINDS
def test_a_far_end_that_is_gone_is_a_link_that_is_down(kind: str, tmp_path: Path) -> None:
    async def test(listener: Listener, served: ByteStream, client: ByteStream) -> None:
        served.close()
        listener.close()
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await client.read()
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await client.write(b"x")
        with pytest.raises(LinkDownError, match=r"nobody serves|refused|is missing"):
            await open_stream(listener.url)

    connected(kind, tmp_path, test)


@KINDS
def test_a_closed_end_reads_and_writes_nothing_more(kind: str, tmp_path: Path) -> None:
    async def test(_: Listener, served: ByteStream, client: ByteStream) -> None:
        for stream in (client, served):
            stream.close()
            stream.close()
            with pytest.raises(LinkDownError, match="the far end has closed"):
                await stream.write(b"x")
            with pytest.raises(LinkDownError, match="the far end has closed"):
                await stream.read()

    connected(kind, tmp_path, test)


@KINDS
def test_what_nobody_reads_is_lost_and_holds_nobody_up(kind: str, tmp_path: Path) -> None:
    async def test(_: Listener, served: ByteStream, client: ByteStream) -> None:
        flood = bytes(BACKLOG)
        async with asyncio.timeout(10):
            for _round in range(200):
                await served.write(flood)
            got = len(await client.read())
        assert 1 <= got <= CHUNK

    connected(kind, tmp_path, test)


async def drained(stream: ByteStream) -> int:
    """Return how many bytes a stream holds."""
    held = 0
    with contextlib.suppress(TimeoutError, LinkDownError):
        async with asyncio.timeout(0.2):
            while True:
                held += len(await stream.read())
    return held


def test_a_pipe_that_nobody_reads_holds_no_more_than_the_backlog() -> None:
    async def main() -> None:
        listener = await listen("mem://roof")
        client = await open_stream("mem://roof")
        for _round in range(3):
            await client.write(bytes(BACKLOG - 1))
        client.close()
        served = await listener.accept()
        assert await drained(served) == BACKLOG
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await served.read()
        listener.close()

    virtual_time.run(main())


@pytest.mark.integration
def test_a_pty_whose_server_does_not_read_holds_no_more_than_the_backlog(tmp_path: Path) -> None:
    async def test(_: Listener, served: ByteStream, client: ByteStream) -> None:
        async with asyncio.timeout(20):
            while held(served) < BACKLOG:
                await client.write(bytes(CHUNK))
                await asyncio.sleep(0.001)
        for _round in range(50):  # what still comes is lost, whenever the kernel hands it over
            await client.write(bytes(CHUNK))
            await asyncio.sleep(0.001)
            assert held(served) == BACKLOG

    connected("pty", tmp_path, test)


@pytest.mark.parametrize("kind", ["mem", pytest.param("socket", marks=REAL)])
def test_a_new_client_takes_the_place_of_the_one_before(kind: str, tmp_path: Path) -> None:
    async def test(listener: Listener, _: ByteStream, client: ByteStream) -> None:
        newer = await open_stream(listener.url)
        served = await listener.accept()
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await client.read()
        await served.write(b"hello")
        assert await collect(newer, 5) == b"hello"
        newer.close()

    connected(kind, tmp_path, test)


@KINDS
def test_a_closed_listener_accepts_nobody(kind: str, tmp_path: Path) -> None:
    async def test(listener: Listener, _: ByteStream, __: ByteStream) -> None:
        listener.close()
        listener.close()
        with pytest.raises(LinkDownError, match="the listener is closed"):
            await listener.accept()

    connected(kind, tmp_path, test)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("COM3", r"'COM3' is no link: expected /dev/…, pty:PATH, socket://host:port or mem://name"),
        ("mem://", "is no link"),
        ("pty:", "is no link"),
        ("tcp://host:1", "is no link"),
        ("socket://host", "needs a host and a port"),
        ("socket://host:modem", "needs a host and a port"),
        ("socket://host:70000", "needs a host and a port"),
        ("socket://:4000", "needs a host and a port"),
        ("socket://modem..lan:4000", "needs a host and a port"),
    ],
)
def test_a_url_of_another_form_is_a_wrong_setting(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        virtual_time.run(open_stream(url))
    with pytest.raises(ConfigError, match=message):
        virtual_time.run(listen(url))


def test_a_serial_device_cannot_be_served() -> None:
    with pytest.raises(ConfigError, match="a serial device cannot be served; use pty:PATH"):
        virtual_time.run(listen("/dev/ttyUSB0"))


def test_a_name_is_served_once_and_only_on_its_own_loop() -> None:
    async def main() -> None:
        listener = await listen("mem://roof")
        with pytest.raises(ConfigError, match="mem://roof is served already"):
            await listen("mem://roof")
        listener.close()
        (await listen("mem://roof")).close()

    virtual_time.run(main())
    virtual_time.run(main())


@pytest.mark.integration
def test_a_missing_device_is_a_link_that_is_down() -> None:
    with pytest.raises(LinkDownError, match=r"/dev/no-such-modem is missing: is it plugged in\?"):
        asyncio.run(open_stream("/dev/no-such-modem"))


@pytest.mark.integration
def test_a_device_that_we_may_not_open_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "modem").touch()
    monkeypatch.setattr(os, "open", refuse)  # root may open anything
    with pytest.raises(LinkDownError, match="permission denied; add the user to group dialout"):
        asyncio.run(open_stream(f"pty:{tmp_path / 'modem'}"))


@pytest.mark.integration
def test_a_device_is_opened_for_one_program_alone(tmp_path: Path) -> None:
    async def test(listener: Listener, _: ByteStream, __: ByteStream) -> None:
        with pytest.raises(LinkDownError, match="is in use by another program"):
            await open_stream(listener.url)

    connected("pty", tmp_path, test)


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_port_that_is_taken_cannot_be_served() -> None:
    async def main() -> None:
        listener = await listen("socket://127.0.0.1:0")
        assert int(listener.url.rpartition(":")[2]) > 0
        with pytest.raises(ConfigError, match="cannot be served"):
            await listen(listener.url)
        listener.close()

    asyncio.run(main())


@pytest.mark.integration
@pytest.mark.enable_socket
def test_small_frames_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    options: list[tuple[int, ...]] = []
    real = socket.socket.setsockopt

    def note(self: socket.socket, *option: int) -> None:
        options.append(option)
        real(self, *option)

    monkeypatch.setattr(socket.socket, "setsockopt", note)

    async def main() -> None:
        listener = await listen("socket://127.0.0.1:0")
        client = await open_stream(listener.url)
        (await listener.accept()).close()
        client.close()
        listener.close()

    asyncio.run(main())
    assert options.count((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)) >= 2


@pytest.mark.integration
def test_the_link_to_a_pty_comes_and_goes_with_its_listener(tmp_path: Path) -> None:
    path = tmp_path / "modem"

    async def main() -> None:
        listener = await listen(f"pty:{path}")
        assert stat.S_ISCHR(path.stat().st_mode)
        listener.close()
        assert not path.is_symlink()

    asyncio.run(main())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
def test_a_link_that_an_earlier_run_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "modem"
    path.symlink_to("/dev/pts/99999")

    async def main() -> None:
        earlier = await listen(f"pty:{path}")
        later = await listen(f"pty:{path}")
        earlier.close()
        assert stat.S_ISCHR(path.stat().st_mode)  # the later link is not the earlier one's to remove
        later.close()
        assert not path.is_symlink()

    asyncio.run(main())


@pytest.mark.integration
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("precious"), "there is a file that is no link"),
        (lambda path: path.mkdir(), "there is a file that is no link"),
        (lambda path: path.symlink_to("/dev/null"), "the link leads to /dev/null, no pseudo-terminal"),
    ],
    ids=["a file", "a folder", "a link elsewhere"],
)
def test_what_is_no_link_of_ours_is_not_replaced(make: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    path = tmp_path / "modem"
    make(path)
    before = path.lstat()
    with pytest.raises(ConfigError, match=message):
        asyncio.run(listen(f"pty:{path}"))
    assert path.lstat() == before


@pytest.mark.integration
def test_a_link_in_a_missing_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the link cannot be made: No such file or directory"):
        asyncio.run(listen(f"pty:{tmp_path / 'nowhere' / 'modem'}"))
