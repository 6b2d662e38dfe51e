"""The M-Gateway face as its clients see it: the blocks that they read and the registers that they write."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from struct import pack, unpack
from typing import Any

import pytest

from tests.support.daemon import RATED_W
from tests.support.modbus_client import ModbusClient, Refused, adu, connected
from tests.support.served import ROOT, Served, serving

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

FACE: dict[str, Any] = {"kind": "m_gateway", "gateway": "east", "unknown": "strict"}
BLOCKS = ((60000, 33), (60066, 13), (60089, 7), (60096, 3), (60160, 30), (60301, 5), (60310, 18))
EAST = {"a": 400.0, "b": 400.0, "c": 500.0}  # W, of the units of this gateway
SILENT_S = 0.5  # without an answer


async def number(client: ModbusClient, start: int, fmt: str = "I") -> int:
    words = await client.read(1, start, {"H": 1, "I": 2, "Q": 4}[fmt])
    assert isinstance(words, list)
    found: int = unpack(f">{fmt}", pack(f">{len(words)}H", *words))[0]
    return found


def test_what_a_client_reads_is_what_mqtt_says(tmp_path: Path) -> None:
    def told(plant: Served) -> bool:
        states = [plant.ear.last(f"{ROOT}/inverter/{slot}/state") for slot in RATED_W]
        return all(state is not None and state["quality"] == "good" for state in states)

    async def act(plant: Served) -> None:
        await plant.ear.until(lambda: told(plant))
        carried = [asdict(south.link.counters) for south in plant.daemon.app.souths]
        async with connected(plant.ports[0]) as client:
            for start, count in BLOCKS:
                words = await client.read(1, start, count)
                assert isinstance(words, list)
                assert len(words) == count
            states = [plant.said(f"inverter/{slot}/state") for slot in EAST]
            assert abs(await number(client, 60069) - sum(state["p_ac_w"] for state in states)) <= 1
            assert await number(client, 60160, "Q") == sum(state["e_total_wh"] for state in states) // 10
            assert await number(client, 60027) == sum(EAST.values())
            assert await client.read(1, 60070, 1) == Refused(2)
        assert [asdict(south.link.counters) for south in plant.daemon.app.souths] == carried  # reads reach no medium

    serving(tmp_path, act, FACE, poll_s=600.0)


def test_a_largest_power_is_obeyed_read_back_and_names_its_author(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as client:
            assert await client.write(1, 60322, [0, 650]) == Refused(3)  # under local control
            assert await client.write_one(1, 60301, 1) is None
            assert await client.write(1, 60322, [0, 650]) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == {"a": 50.0, "b": 50.0, "c": 50.0, "d": 100.0})
            assert await number(client, 60322) == 650
            for _ in range(3):  # again and again, as managers do: nothing of it is an order
                assert await client.write(1, 60322, [0, 650]) is None
            assert await client.write_one(1, 60304, 300) is None
            await plant.daemon.until(lambda: plant.daemon.limits()["a"] == 30.0)
            assert await client.write_one(1, 60301, 0) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == dict.fromkeys(RATED_W, 100.0))
        await plant.ear.until(lambda: len([e for e in plant.ear.of("/bridge/event") if e["kind"] == "command"]) >= 3)
        details = [event["detail"] for event in await plant.told("gateway/east", "command")]
        assert [(each["by"], each["value"]) for each in details] == [
            ("m_gateway 127.0.0.1", 650.0),
            ("m_gateway 127.0.0.1", 30.0),
            ("m_gateway 127.0.0.1", 100.0),
        ]

    serving(tmp_path, act, FACE | {"writes": True})


def test_writes_are_refused_until_switched_on(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as client:
            assert await client.write_one(1, 60301, 1) == Refused(1)
            assert await client.write(1, 60322, [0, 0]) == Refused(1)
        assert plant.daemon.app.control.limits == {}
        assert plant.daemon.app.faces["faces[0]"].condition()["refused"] == 2

    serving(tmp_path, act, FACE)


def test_as_built_it_is_silent_where_it_has_nothing_and_answers_what_comes_next(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as client:
            client.writer.write(adu(1, pack(">BHH", 3, 60500, 2), 1))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SILENT_S):
                    await client.reader.readexactly(1)
            client.writer.write(adu(1, pack(">BHH", 3, 60027, 2), 2))
            assert (await client.heard())[0] == 2

    serving(tmp_path, act, {"kind": "m_gateway", "gateway": "east"})
