"""aps2mqtt, a public client of a stock ECU, as a program of its own: its licence is the GPL, and nothing imports it."""

import json
import random
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import Command, command

PORT = 8899  # it knows no other, whatever its settings say
_PROGRAM = (sys.executable, "-m", "aps2mqtt")
_TRIES = 20


def free_address() -> str:
    """Return an address of this machine at which nobody has the port that the program asks."""
    for _ in range(_TRIES):
        address = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"
        with socket.socket() as probe:
            try:
                probe.bind((address, PORT))
            except OSError:
                continue
            return address
    raise AssertionError(f"no loopback address has port {PORT} free")


@contextmanager
def aps2mqtt(folder: Path, ecu: str, broker_port: int) -> Iterator[Command]:
    """Let it read the ECU at an address and tell a broker of this machine."""
    settings = {
        "mqtt": {"MQTT_BROKER_HOST": "127.0.0.1", "MQTT_BROKER_PORT": broker_port},
        "ecu": {"APS_ECU_IP": ecu, "APS_ECU_TIMEZONE": "UTC", "APS_ECU_STOP_AT_NIGHT": False},
    }
    file = folder / "aps2mqtt.yaml"
    file.write_text(json.dumps(settings))  # JSON is YAML
    with command(folder / "aps2mqtt.log", "-c", str(file), program=_PROGRAM) as running:
        yield running
