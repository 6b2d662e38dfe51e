import asyncio
import socket
import subprocess
import sys

import pytest

from opencombiner.broker import HOST, USUAL_PORT, BrokerMissingError, embedded_broker, free_port

MEETING = """
import asyncio
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from opencombiner.broker import HOST, embedded_broker

async def main():
    async with embedded_broker() as port, connect(Options(url=f"mqtt://{HOST}:{port}", client_id="test")) as session:
        await session.subscribe("a/#")
        await session.publish(Message("a/b", b"hello", qos=1))
        message = await anext(session.messages())
        print(message.topic, message.payload.decode())

asyncio.run(main())
"""  # in a process of its own, as in the demo: amqtt leaves a refused client's socket to the interpreter's end


@pytest.mark.integration
def test_clients_meet_at_the_embedded_broker() -> None:
    meeting = [sys.executable, "-c", MEETING]
    done = subprocess.run(meeting, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - ours
    assert done.stdout == "a/b hello\n"


@pytest.mark.integration
@pytest.mark.enable_socket
def test_another_port_is_taken_where_the_usual_one_is_not_free() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind((HOST, USUAL_PORT))
            other.listen()
        except OSError:
            pass  # somebody has it already: as good
        port = free_port()
    assert port != USUAL_PORT
    assert port > 1024


def test_a_missing_broker_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)  # what Python notes of a module that is not there

    async def main() -> None:
        async with embedded_broker():
            pass

    with pytest.raises(BrokerMissingError, match=r"pip install 'opencombiner\[demo\]', or make demo"):
        asyncio.run(main())
