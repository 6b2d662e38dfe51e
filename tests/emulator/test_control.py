"""The emulator's control interface, and its client, over an in-process pipe."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from drivers.stream import listen
from emulator.control import Control
from emulator.server import Plant
from hil.instruments import InstrumentError
from hil.instruments.remote import RemoteEmulator
from tests.support.emulated import NOON
from tests.support.plant import site
from tests.support.virtual_time import FakeClock, run

T = TypeVar("T")


def _with_plant(folder: Path, act: Callable[[Plant, Control], Awaitable[T]]) -> T:
    async def main() -> T:
        plan = site(folder, units=1, emulation={"clouds": "clear", "grid": "still"})
        plant = Plant(plan, plan.location, FakeClock(NOON), 0.0)
        return await act(plant, Control(plant, {"AT000001": "roof"}))

    return run(main())


def _answer(folder: Path, line: str) -> Any:
    async def act(_: Plant, control: Control) -> str:
        return control.answer(line)

    return json.loads(_with_plant(folder, act))


@pytest.mark.parametrize(
    ("line", "error"),
    [
        pytest.param("{", "Expecting property name", id="no JSON"),
        pytest.param("[" * 100_000, "recursion", id="deeper than any request"),
        pytest.param("7", "a JSON object", id="no object"),
        pytest.param("{}", 'a request has an "act"', id="nothing asked"),
        pytest.param('{"act": "boom"}', "there is no act 'boom'", id="an unknown act"),
        pytest.param('{"act": "_unit", "args": {"serial": "x"}}', "there is no act", id="what is no act but a method"),
        pytest.param('{"act": "restart"}', "'serial' is unknown or missing", id="a missing argument"),
        pytest.param(
            '{"act": "restart", "args": {"serial": "X", "y": 1}}', "'y' is unknown", id="an argument too many"
        ),
        pytest.param('{"act": "restart", "args": {"serial": "X"}}', "there is no unit 'X'", id="a stranger"),
        pytest.param('{"act": "restart", "args": {"serial": 1}}', "'1' is not the serial", id="a number for a text"),
        pytest.param('{"act": "grid_voltage", "args": {"pu": "1"}}', "is not a number", id="a text for a number"),
        pytest.param('{"act": "grid_voltage", "args": {"pu": NaN}}', "is not a number", id="no number at all"),
        pytest.param('{"act": "grid_voltage", "args": []}', "args is a JSON object", id="arguments in a list"),
        pytest.param(
            '{"act": "clouds", "args": {"kind": "pink"}}', "one of clear", id="a word that the act does not know"
        ),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_reason(tmp_path: Path, line: str, error: str) -> None:
    answer = _answer(tmp_path, line)
    assert answer["ok"] is False
    assert error in answer["error"]


def test_an_act_is_done_and_seen_in_the_readings(tmp_path: Path) -> None:
    async def act(_: Plant, control: Control) -> list[Any]:
        asked = [
            {"id": "a", "act": "grid_voltage", "args": {"pu": 1.05}},
            {"id": "b", "read": True},
            {"id": "c", "act": "grid_voltage", "args": {"pu": None}},
        ]
        return [json.loads(control.answer(json.dumps(each))) for each in asked]

    done, read, undone = _with_plant(tmp_path, act)
    assert (done, undone) == ({"id": "a", "ok": True}, {"id": "c", "ok": True})
    assert read["values"]["grid.v"] == pytest.approx(241.5)
    assert read["values"]["roof.w"] == pytest.approx(read["values"]["site.w"], abs=1)


def test_the_client_acts_reads_and_hears_refusals(tmp_path: Path) -> None:
    async def act(_: Plant, control: Control) -> tuple[float, str]:
        listener = await listen("mem://control")
        serving = asyncio.ensure_future(control.serve(listener))
        client = await RemoteEmulator.open("mem://control")
        await client.act("e", "grid_frequency", {"hz": 50.1})
        read = (await client.read())["grid.hz"]
        with pytest.raises(InstrumentError, match="there is no branch 'x'") as refused:
            await client.act("e", "grid_outage", {"target": "x"})
        serving.cancel()
        return read, str(refused.value)

    read, refused = _with_plant(tmp_path, act)
    assert read == pytest.approx(50.1)
    assert refused.startswith("emulator: ")


def test_a_client_whose_emulator_is_gone_says_so(tmp_path: Path) -> None:
    async def act(_: Plant, control: Control) -> None:
        listener = await listen("mem://control")
        serving = asyncio.ensure_future(control.serve(listener))
        client = await RemoteEmulator.open("mem://control")
        await client.read()
        serving.cancel()
        listener.close()
        await client.read()

    with pytest.raises(InstrumentError, match="emulator: "):
        _with_plant(tmp_path, act)


def test_nobody_serves() -> None:
    with pytest.raises(InstrumentError, match="nobody serves it"):
        run(RemoteEmulator.open("mem://nowhere"))
