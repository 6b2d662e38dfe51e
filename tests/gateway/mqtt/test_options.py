from pathlib import Path
from typing import Any

import pytest

from config.broker import Broker
from config.broker import Tls as TlsSettings
from config.site import Mqtt
from drivers.mqtt.session import Message, Options, Tls
from gateway.mqtt.options import MAX_SECRET, broker_options, mqtt_options
from protocols.errors import ConfigError

WILL = Message("opencombiner/home/bridge/state", b'{"state":"offline"}', 1, retain=True)


def test_the_simplest_settings() -> None:
    assert mqtt_options(Mqtt(), "home", {}) == Options(
        url="mqtt://localhost:1883", client_id="opencombiner-home", will=WILL
    )


def test_a_password_from_a_file_has_no_newline(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("with a space and ü \n")
    options = mqtt_options(Mqtt(user="me", password_file=secret), "home", {})
    assert (options.user, options.password) == ("me", "with a space and ü ")


def test_a_password_from_the_environment() -> None:
    options = mqtt_options(Mqtt(user="me", password_env="MQTT_PASSWORD"), "home", {"MQTT_PASSWORD": "word"})  # noqa: S106 - a name
    assert options.password == "word"  # noqa: S105 - of this test


def test_certificates(tmp_path: Path) -> None:
    for name in ("ca.crt", "me.crt", "me.key"):
        (tmp_path / name).touch()
    files = {"ca_file": tmp_path / "ca.crt", "cert_file": tmp_path / "me.crt", "key_file": tmp_path / "me.key"}
    options = mqtt_options(Mqtt(url="mqtts://host", tls=TlsSettings(**files)), "home", {})
    assert options.tls == Tls(**files)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"user": "me", "password_file": "missing"}, "mqtt.password_file: cannot read .*missing"),
        ({"user": "me", "password_file": "binary"}, "mqtt.password_file: cannot read"),
        ({"user": "me", "password_file": "long"}, f"mqtt.password_file: .*longer than {MAX_SECRET}"),
        ({"user": "me", "password_env": "NOWHERE"}, "mqtt.password_env: no variable NOWHERE"),
        ({"user": "me", "password_env": "A", "password_file": "good"}, "keep one of them"),
        ({"password_file": "good"}, "mqtt.user: missing"),
        ({"tls": {"ca_file": "good"}}, "mqtt.tls: .*mqtts://"),
        ({"url": "mqtts://host", "tls": {"ca_file": "missing"}}, "mqtt.tls.ca_file: no file"),
        ({"url": "mqtts://host", "tls": {"key_file": "good"}}, "mqtt.tls.key_file: .*cert_file"),
    ],
    ids=[
        "a missing file",
        "a file that is no text",
        "a file that is too long",
        "a missing variable",
        "two sources",
        "a password for nobody",
        "certificates without TLS",
        "a missing authority",
        "a key alone",
    ],
)
def test_a_wrong_setting_is_named(
    settings: dict[str, Any], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good").write_text("word")
    Path("binary").write_bytes(b"\xff\xfe")
    Path("long").write_text("x" * (MAX_SECRET + 1))
    with pytest.raises(ConfigError, match=complaint):
        mqtt_options(Mqtt.model_validate(settings), "home", {})


def test_another_broker_is_named_by_its_own_section() -> None:
    plain = broker_options(Broker(url="mqtt://host"), "gateways[0].link", "hub", {})
    assert plain == Options(url="mqtt://host", client_id="hub")
    with pytest.raises(ConfigError, match=r"gateways\[0\]\.link\.user: missing"):
        broker_options(Broker(url="mqtt://host", password_env="A"), "gateways[0].link", "hub", {})  # noqa: S106 - a name
