"""What only a real connection has: refusals, certificates, protocol versions, a process that is killed."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.mqtt.client import CONNACK_WITHIN_S
from drivers.mqtt.connect import connect
from drivers.mqtt.session import AccessRefusedError, Message, Options, Tls
from protocols.errors import ConfigError, LinkDownError
from tests.support.certificates import certificates
from tests.support.listener import listening
from tests.support.mosquitto import Mosquitto, executable, free_port

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PASSWORD = "s3cret-word"  # noqa: S105 - of a broker that lives for this test


async def visit(options: Options) -> Message:
    """Connect, ask for a message, say it, hear it, leave."""
    async with connect(options) as session:
        await session.subscribe("visit")
        await session.publish(Message("visit", b"x", qos=1))
        return await anext(session.messages())


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that wants a password."""
    passwords = tmp_path / "passwords"
    passwords.write_text(f"plant:{PASSWORD}\n")
    subprocess.run([_mosquitto_passwd(), "-U", str(passwords)], check=True)  # noqa: S603 - our own arguments
    broker = Mosquitto(tmp_path, f"password_file {passwords}", "user root", anonymous=False)
    broker.start()
    yield broker
    broker.stop()


def test_a_connection_that_ends_without_a_word_names_the_likely_reasons(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    options = Options(url=broker.url, client_id="opencombiner-home")

    async def main() -> None:
        async with connect(options) as first, connect(options):
            await anext(first.messages())

    with pytest.raises(LinkDownError, match="closed by the broker, or by a second gateway with this site's id"):
        asyncio.run(main())
    broker.stop()


def _mosquitto_passwd() -> str:
    """Return the tool that comes with the broker."""
    beside = Path(executable()).parent.parent / "bin" / "mosquitto_passwd"
    return str(beside) if beside.exists() else "mosquitto_passwd"


def test_the_right_password_opens(guarded: Mosquitto) -> None:
    heard = asyncio.run(visit(Options(url=guarded.url, client_id="a", user="plant", password=PASSWORD)))
    assert heard.payload == b"x"


@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), ("plant", "wrong"), ("nobody", PASSWORD)],
    ids=["none", "wrong", "unknown user"],
)
def test_a_refusal_is_told_apart_and_names_no_secret(
    guarded: Mosquitto, user: str | None, password: str | None
) -> None:
    with pytest.raises(AccessRefusedError, match="denies access: Not authorized") as caught:
        asyncio.run(visit(Options(url=guarded.url, client_id="a", user=user, password=password)))
    assert PASSWORD not in str(caught.value)


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that wants a certificate from its clients."""
    certificates(tmp_path)
    files = (f"cafile {tmp_path}/ca.crt", f"certfile {tmp_path}/broker.crt", f"keyfile {tmp_path}/broker.key")
    broker = Mosquitto(tmp_path, *files, "require_certificate true", "user root", scheme="mqtts")
    broker.start()
    yield broker
    broker.stop()


def test_certificates_of_both_sides_open(encrypted: Mosquitto, tmp_path: Path) -> None:
    tls = Tls(ca_file=tmp_path / "ca.crt", cert_file=tmp_path / "client.crt", key_file=tmp_path / "client.key")
    assert asyncio.run(visit(Options(url=encrypted.url, client_id="a", tls=tls))).payload == b"x"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "CERTIFICATE_VERIFY_FAILED"),
        ({"ca_file": "ca.crt"}, "CERTIFICATE_REQUIRED"),
        ({"ca_file": "missing.crt"}, "certificates: .*No such file"),
        ({"ca_file": "ca.crt", "cert_file": "client.key"}, "certificates: "),
    ],
    ids=["an authority that nobody knows", "no certificate of ours", "a missing file", "a file that is none"],
)
def test_a_wrong_certificate_is_a_reason(
    encrypted: Mosquitto, tmp_path: Path, files: dict[str, str], reason: str
) -> None:
    tls = Tls(**{name: tmp_path / file for name, file in files.items()})
    with pytest.raises(LinkDownError, match=reason):
        asyncio.run(visit(Options(url=encrypted.url, client_id="a", tls=tls)))


def test_packets_are_sent_without_delay(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()

    async def main() -> list[int]:
        async with connect(Options(url=broker.url, client_id="a")):
            ours = [socket.socket(fileno=os.dup(fd)) for fd in _sockets_to(broker.port)]
            options = [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in ours]
            for each in ours:
                each.close()
            return options

    try:
        assert asyncio.run(main()) == [1]
    finally:
        broker.stop()


def _sockets_to(port: int) -> Iterator[int]:
    """Yield our file descriptors that are connected to a port."""
    for entry in Path("/proc/self/fd").iterdir():
        try:
            with socket.socket(fileno=os.dup(int(entry.name))) as candidate:
                if candidate.getpeername()[1] == port:
                    yield int(entry.name)
        except (OSError, TypeError, IndexError):
            continue


def test_the_will_speaks_for_a_process_that_is_killed(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    child = (
        "import asyncio, sys\n"
        "from drivers.mqtt.connect import connect\n"
        "from drivers.mqtt.session import Message, Options\n"
        "async def main():\n"
        "    will = Message('plant/state', b'offline', 1, True)\n"
        "    async with connect(Options(url=sys.argv[1], client_id='plant', will=will)) as session:\n"
        "        await session.publish(Message('plant/state', b'online', 1, True))\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )

    async def main() -> list[bytes]:
        async with listening(broker.url) as listener:
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", child, broker.url)
            await listener.until_said("plant/state", b"online")
            process.kill()
            await process.wait()
            await listener.until_said("plant/state", b"offline")
            return [message.payload for message in listener.live]

    try:
        assert asyncio.run(main()) == [b"online", b"offline"]
    finally:
        broker.stop()


class OldBroker:
    """Knows MQTT 3.1.1 alone: answers CONNECT and PUBLISH with qos 1, and a newer CONNECT as it was told to."""

    def __init__(self, to_mqtt5: bytes | None) -> None:
        self._to_mqtt5 = to_mqtt5
        self.versions: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while packet := await _packet(reader):
            await self._answer(packet, writer)

    async def _answer(self, packet: tuple[int, bytes], writer: asyncio.StreamWriter) -> None:
        kind, body = packet
        if kind >> 4 == 1:
            self.versions.append(body[6])
            connack = b"\x20\x02\x00\x00" if body[6] == 4 else self._to_mqtt5
            if connack is not None:
                writer.write(connack)
        elif kind >> 4 == 3:
            topic_bytes = int.from_bytes(body[:2], "big")
            writer.write(b"\x40\x02" + body[2 + topic_bytes : 4 + topic_bytes])
        await writer.drain()


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes] | None:
    head = await reader.read(1)
    if not head:
        return None
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return head[0], await reader.readexactly(length)


async def mute(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Read everything and say nothing."""
    while await reader.read(100):
        pass


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """Yield the URL of a server; its connections end with it."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        try:
            yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            for writer in writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "to_mqtt5",
    [b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00", None],
    ids=["refused in the old form", "refused in the new form", "silence"],
)
def test_a_broker_of_the_old_version_is_spoken_to_in_the_old_version(to_mqtt5: bytes | None) -> None:
    broker = OldBroker(to_mqtt5)

    async def main() -> None:
        async with serving(broker.serve) as url:
            will = Message("plant/state", b"offline", 1, retain=True)
            options = Options(url=url, client_id="a", will=will, user="u", password=PASSWORD)
            async with connect(options) as session:
                await session.publish(Message("t", b"x", qos=1, response_topic="r", correlation=b"c"))

    asyncio.run(main())
    assert broker.versions == [5, 4]


def test_a_broker_that_accepts_and_says_nothing_is_a_lost_link() -> None:
    async def main() -> None:
        async with serving(mute) as url:
            await visit(Options(url=url, client_id="a"))

    with pytest.raises(LinkDownError, match="no greeting from the broker"):
        asyncio.run(main())


def test_a_stop_does_not_wait_for_the_greeting_of_a_mute_broker() -> None:
    async def main() -> float:
        async with serving(mute) as url:
            task = asyncio.create_task(visit(Options(url=url, client_id="a")))
            await asyncio.sleep(0.2)
            started = asyncio.get_running_loop().time()
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            return asyncio.get_running_loop().time() - started

    assert asyncio.run(main()) < CONNACK_WITHIN_S


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mqtt://127.0.0.1:{port}", r"127.0.0.1:\d+: Connection refused$"),
        ("mqtt://no-such-host.invalid", r"no-such-host.invalid:1883: [A-Z]"),
    ],
    ids=["a closed port", "a name that nobody has"],
)
def test_a_broker_that_cannot_be_reached_is_a_lost_link(url: str, reason: str) -> None:
    with pytest.raises(LinkDownError, match=reason):
        asyncio.run(visit(Options(url=url.format(port=free_port()), client_id="a")))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://host", "expected mqtt://"),
        ("mqtt://", "expected mqtt://"),
        ("mem://", "expected mqtt://"),
        ("mem://a/b", "expected mqtt://"),
        ("mqtt://host:99999", "Port out of range"),
        ("mqtt://me:secret@host", "do not belong"),
    ],
)
def test_a_url_that_names_no_broker_is_a_wrong_setting(url: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        connect(replace(Options(url="mem://a", client_id="a"), url=url))
    assert "secret" not in str(caught.value)
