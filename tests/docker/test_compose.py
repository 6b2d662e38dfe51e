"""What the files of the containers promise, as far as no engine is needed; `make test-compose` tries them."""

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from config.checks import admit
from config.loader import load_site
from drivers.clock import SystemClock
from tests.support import tree

DOCKER = tree.ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
PI: dict[str, Any] = yaml.safe_load((DOCKER / "compose.pi.yaml").read_text())["services"]
SITE = load_site(DOCKER / "site.yaml", SystemClock())


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & service.keys()


def test_the_broker_is_published_on_this_machine_alone() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "broker": ["${MQTT_ADDRESS:-127.0.0.1:1883}:1883"]
    }


def test_the_site_file_is_admitted_without_a_warning() -> None:
    assert admit(SITE) == ()


def test_the_site_file_names_services() -> None:
    urls = [SITE.site.mqtt.url, *(gateway.link.url for gateway in SITE.site.gateways)]
    assert [urlsplit(url).hostname for url in urls] == ["broker", "emulator"]


def test_the_ledger_is_on_the_named_volume() -> None:
    assert f"state:{SITE.site.state_dir}" in SERVICES["gateway"]["volumes"]
    assert "state" in COMPOSE["volumes"]


def test_the_image_is_built_from_every_package() -> None:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
    admitted = re.findall(r"^!(.+)$", (tree.ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(admitted)
    assert [name for name in admitted if not Path(tree.ROOT, name).exists()] == []


def test_on_a_pi_the_modem_takes_the_place_of_the_emulator() -> None:
    assert PI.keys() == {"emulator", "gateway"}
    assert PI["emulator"]["profiles"]
    [device] = PI["gateway"]["devices"]
    assert device.endswith(":/dev/modem")
    assert PI["gateway"]["group_add"] == ["dialout"]
    assert SERVICES["gateway"]["depends_on"]["emulator"]["required"] is False
