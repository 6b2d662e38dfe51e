"""A session with a real broker. Only this file imports the MQTT library."""

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.mqtt.line import Line
from drivers.mqtt.session import AccessRefusedError, ClosedError, Message, Options, Session, TakenOverError, Tls
from protocols.errors import LinkDownError

KNOCK_WITHIN_S = 5.0  # for name, TCP and TLS
OBJECTION_WITHIN_S = 0.3  # for a TLS server that does not like our certificate: a round trip
CONNACK_WITHIN_S = 3.0  # for the broker's greeting
LEAVE_WITHIN_S = 0.5  # for our goodbye; a broker that hangs gets no more of a clean stop's 2 s
MAX_PACKET = 1024 * 1024  # bytes that a broker may send in one packet: what we read is far smaller

_VERSION_REFUSED = {1, 132}  # CONNACK: 3.1.1 return code, MQTT 5 reason code
_ACCESS_REFUSED = {4, 5, 134, 135, 138, 140}  # bad user or password, not authorised, banned, bad authentication
_UNSAID = {7, 128}  # the library's "connection lost", MQTT 5's "unspecified error"
_TAKEN_OVER = 142  # MQTT 5
_NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # small packets now, not after the peer's delayed ACK


@dataclass(frozen=True, slots=True)
class _Door:
    """Where to knock."""

    host: str
    port: int
    tls: ssl.SSLContext | None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _Session:
    """An open connection of the library's, seen through our contract."""

    def __init__(self, client: aiomqtt.Client, line: Line, *, mqtt5: bool) -> None:
        self._client = client
        self._line = line
        self._mqtt5 = mqtt5

    @property
    def dropped(self) -> int:
        return self._line.dropped

    async def publish(self, message: Message) -> None:
        properties = _publish_properties(message) if self._mqtt5 else None
        async with self._line.answer():
            try:
                await self._client.publish(
                    message.topic,
                    message.payload,
                    qos=message.qos,
                    retain=message.retain,
                    properties=properties,
                    timeout=float("inf"),  # the line's own limit holds, and it hears of a loss at once
                )
            except aiomqtt.MqttError as error:
                raise LinkDownError(str(error)) from error

    async def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        async with self._line.answer():
            try:
                granted = await self._client.subscribe(topic_filter, qos=qos, timeout=float("inf"))
            except aiomqtt.MqttError as error:
                raise LinkDownError(str(error)) from error
        if any(_number(code) >= 128 for code in granted):
            raise AccessRefusedError(f"the broker denies the subscription to {topic_filter}")

    def messages(self) -> AsyncIterator[Message]:
        return self._line.messages()

    async def watch(self) -> None:
        """Wait for the end of the connection and pass it on; the messages themselves go straight to the line."""
        try:
            await anext(self._client.messages)
        except (aiomqtt.MqttError, OSError) as error:
            self._line.lose(_loss(error))


def _inbox(line: Line) -> type[asyncio.Queue[aiomqtt.Message]]:
    """Return the queue class that the library fills: one that hands everything to the line, which bounds and counts."""

    class Inbox(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            line.deliver(_received(item))

    return Inbox


@asynccontextmanager
async def session(host: str, port: int, options: Options, *, secure: bool) -> AsyncIterator[Session]:
    """Connect to a real broker; see `connect`. MQTT 5 first, then 3.1.1 for a broker that does not know it."""
    door = _Door(host, port, _tls_context(options.tls or Tls()) if secure else None)
    await _knock(door)
    line = Line()
    try:
        client = await _enter(door, options, line, aiomqtt.ProtocolVersion.V5)
        mqtt5 = True
    except _VersionRefusedError:
        client = await _enter(door, options, line, aiomqtt.ProtocolVersion.V311)
        mqtt5 = False
    opened = _Session(client, line, mqtt5=mqtt5)
    watch = asyncio.create_task(opened.watch())
    try:
        yield opened
    finally:
        watch.cancel()
        await _leave(client)


async def _knock(door: _Door) -> None:
    """Open a connection and close it again.

    The library connects in a thread, which no cancellation reaches: it may only try where a door was found open.
    """
    try:
        async with asyncio.timeout(KNOCK_WITHIN_S):
            reader, writer = await asyncio.open_connection(door.host, door.port, ssl=door.tls)
            if door.tls:
                await _objection(reader)
    except TimeoutError:
        raise LinkDownError(f"{door}: no connection within {KNOCK_WITHIN_S:g} s") from None
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be one
        raise LinkDownError(f"{door}: {_spoken(error)}") from error
    writer.transport.abort()


def _spoken(error: Exception) -> str:
    """Return the system's own words: asyncio tells the call that failed and not why."""
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError):
        return str(error)
    code = error.errno or 0
    return os.strerror(code) if code > 0 else error.strerror or str(error)


def _loss(error: BaseException) -> LinkDownError:
    """Return why a connection ended; the library calls an end without a goodbye an unspecified error."""
    while error.__cause__ is not None:
        error = error.__cause__
    code = _number(error.rc) if isinstance(error, aiomqtt.MqttCodeError) else None
    if code == _TAKEN_OVER:
        return TakenOverError("another client came to the broker under our name")
    if code in _UNSAID:
        return ClosedError("connection lost: closed by the broker, or by a second gateway with this site's id")
    return LinkDownError(f"connection lost: {error}")


async def _objection(reader: asyncio.StreamReader) -> None:
    """Raise the server's objection to our certificate: in TLS 1.3 it comes after the handshake."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(OBJECTION_WITHIN_S):
            await reader.read(1)


class _VersionRefusedError(Exception):
    """The broker does not speak this version of MQTT."""


async def _enter(door: _Door, options: Options, line: Line, version: aiomqtt.ProtocolVersion) -> aiomqtt.Client:
    client = _client(door, options, line, version)
    try:
        await _entered(client)
    except aiomqtt.MqttCodeError as error:
        raise _refusal(door, version, error) from error
    except aiomqtt.MqttError as error:
        await _leave(client)
        if version is aiomqtt.ProtocolVersion.V5:  # some brokers of 3.1.1 choke on it in silence
            raise _VersionRefusedError from error
        raise LinkDownError(f"{door}: no greeting from the broker: {error}") from error
    return client


async def _entered(client: aiomqtt.Client) -> None:
    """Enter in a task of its own: before Python 3.12 the library can lose a cancellation that comes with the answer."""
    entering = asyncio.create_task(client.__aenter__())
    try:
        await asyncio.wait([entering])
    except asyncio.CancelledError:
        entering.cancel()
        await asyncio.gather(entering, return_exceptions=True)
        await _leave(client)
        raise
    await entering


def _client(door: _Door, options: Options, line: Line, version: aiomqtt.ProtocolVersion) -> aiomqtt.Client:
    will = options.will
    mqtt5 = version is aiomqtt.ProtocolVersion.V5
    return aiomqtt.Client(
        door.host,
        door.port,
        identifier=options.client_id,
        username=options.user,
        password=options.password,
        protocol=version,
        keepalive=options.keepalive_s,
        timeout=CONNACK_WITHIN_S,
        will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
        tls_context=door.tls,
        queue_type=_inbox(line),
        socket_options=[_NO_DELAY],
        properties=_properties(PacketTypes.CONNECT, MaximumPacketSize=MAX_PACKET) if mqtt5 else None,
    )


def _refusal(door: _Door, version: aiomqtt.ProtocolVersion, error: aiomqtt.MqttCodeError) -> Exception:
    code = _number(error.rc)
    if code in _VERSION_REFUSED and version is aiomqtt.ProtocolVersion.V5:
        return _VersionRefusedError()
    if code in _ACCESS_REFUSED:
        return AccessRefusedError(f"{door}: the broker denies access: {error.rc}")
    return LinkDownError(f"{door}: the broker refuses the connection: {error.rc}")


async def _leave(client: aiomqtt.Client) -> None:
    """Say goodbye, if anybody listens."""
    with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
        async with asyncio.timeout(LEAVE_WITHIN_S):
            await client.__aexit__(None, None, None)


def _tls_context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file)
    except OSError as error:  # a missing file as well as a bad certificate
        raise LinkDownError(f"certificates: {error}") from error
    return context


def _properties(packet: int, **values: object) -> Properties:
    """Return MQTT 5 properties; those that are None are left out."""
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # the library's lapse
    for name, value in values.items():
        if value is not None:
            setattr(properties, name, value)
    return properties


def _publish_properties(message: Message) -> Properties | None:
    if message.response_topic is None and message.correlation is None:
        return None
    return _properties(PacketTypes.PUBLISH, ResponseTopic=message.response_topic, CorrelationData=message.correlation)


def _received(message: aiomqtt.Message) -> Message:
    return Message(
        str(message.topic),
        message.payload,
        message.qos,
        message.retain,
        getattr(message.properties, "ResponseTopic", None),
        getattr(message.properties, "CorrelationData", None),
    )


def _number(code: object) -> int:
    """Return a reason code as its number, whichever way the library gives it."""
    return code.value if isinstance(code, ReasonCode) else code if isinstance(code, int) else 0
