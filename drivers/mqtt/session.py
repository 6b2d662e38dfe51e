"""What a connection to an MQTT broker offers, whichever broker it is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from protocols.errors import LinkDownError


class AccessRefusedError(LinkDownError):
    """The broker denies us: user, password, certificate or rights are wrong; a retry will not help by itself."""

    retry_s: float = 60.0  # a person must put it right first


class ClosedError(LinkDownError):
    """The broker has ended the session, and did not say why: it stopped, or another client came under our name."""


class TakenOverError(ClosedError):
    """Another client has come to the broker under our name, and the broker let us go."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, either way. `retain` on a received message: the broker replayed it after a subscribe."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    response_topic: str | None = None  # MQTT 5
    correlation: bytes | None = None  # MQTT 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Transport security; without `ca_file` the system's certificates are used."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where the broker is and how to greet it.

    `url` is mqtt://host[:port], mqtts://host[:port] or mem://name (an in-process broker of that name).
    """

    url: str
    client_id: str
    user: str | None = None
    password: str | None = None
    tls: Tls | None = None
    keepalive_s: int = 30
    will: Message | None = None


class Session(Protocol):
    """An open connection. Every method raises LinkDownError when the connection is lost."""

    @property
    def dropped(self) -> int:
        """Return how many received messages found the inbox full."""
        ...

    async def publish(self, message: Message) -> None:
        """Hand a message to the broker; with qos 1 return only after its acknowledgement."""
        ...

    async def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for messages that match a filter. Raises AccessRefusedError when the broker denies it."""
        ...

    def messages(self) -> AsyncIterator[Message]:
        """Yield received messages; at most 1000 wait, beyond that the newest is dropped and counted."""
        ...
