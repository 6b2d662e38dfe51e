"""The settings of the broker, made ready: secrets read from where they are kept."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from config.broker import Broker
from config.site import Mqtt
from drivers.mqtt.session import Message, Options, Tls
from gateway.mqtt import payloads
from gateway.mqtt.topics import Bridge, Tree
from protocols.errors import ConfigError

MAX_SECRET = 4096  # bytes of a password file: anything longer is another file


def mqtt_options(settings: Mqtt, site: str, environ: Mapping[str, str] = os.environ) -> Options:
    """Return how to greet the broker. Raises ConfigError with the setting at fault."""
    will = Message(
        Tree(settings.base, site).topic(Bridge("state")), payloads.encode(payloads.offline()), 1, retain=True
    )
    return replace(broker_options(settings, "mqtt", f"opencombiner-{site}", environ), will=will)


def broker_options(settings: Broker, section: str, client_id: str, environ: Mapping[str, str] = os.environ) -> Options:
    """Return how to greet the broker that a section of the site file names. Raises ConfigError."""
    if settings.tls and not settings.url.startswith("mqtts://"):
        raise ConfigError(f"{section}.tls: set for a connection without TLS; write mqtts:// in {section}.url")
    return Options(
        url=settings.url,
        client_id=client_id,
        user=settings.user,
        password=_password(settings, section, environ),
        tls=_tls(settings, section),
    )


def _password(settings: Broker, section: str, environ: Mapping[str, str]) -> str | None:
    if settings.password_file and settings.password_env:
        raise ConfigError(f"{section}.password_file: there is {section}.password_env too; keep one of them")
    if settings.user is None and (settings.password_file or settings.password_env):
        raise ConfigError(f"{section}.user: missing, and a password needs it")
    if settings.password_env:
        if settings.password_env not in environ:
            raise ConfigError(f"{section}.password_env: no variable {settings.password_env} in the environment; set it")
        return environ[settings.password_env]
    return _secret(settings.password_file, section) if settings.password_file else None


def _secret(path: Path, section: str) -> str:
    """Read a secret; the newline that an editor leaves at its end is not part of it."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SECRET + 1)
        text = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{section}.password_file: cannot read {path}: {error}") from None
    if len(raw) > MAX_SECRET:
        raise ConfigError(
            f"{section}.password_file: {path} is longer than {MAX_SECRET} bytes; it must hold the password alone"
        )
    return text.rstrip("\r\n")


def _tls(settings: Broker, section: str) -> Tls | None:
    if settings.tls is None:
        return None
    files = settings.tls.model_dump()
    for name, path in files.items():
        if path is not None and not path.is_file():
            raise ConfigError(f"{section}.tls.{name}: no file {path}")
    if settings.tls.key_file and not settings.tls.cert_file:
        raise ConfigError(f"{section}.tls.key_file: a key without {section}.tls.cert_file; give both")
    return Tls(**files)
