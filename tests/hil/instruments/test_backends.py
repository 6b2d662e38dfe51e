"""The backends of a bench: a device that takes command strings, an operator, a table."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from config.grid_profiles import grid_profile
from config.scope import scope_of
from drivers.lines import Lines
from drivers.transport.memory import MemoryStream, pipe
from hil.instruments import InstrumentError
from hil.instruments.manual import Manual
from hil.instruments.recorded import Recorded
from hil.instruments.scpi import Scpi
from protocols.errors import LinkDownError
from tests.support.virtual_time import run

SCOPE = scope_of(grid_profile("eu_en_50549_1_2019"), None)
COMMANDS = {
    "grid_voltage": ("VOLT:SLEW ${ramp_s}", "VOLT ${pu * nominal.v_ln}", "*OPC?"),
    "grid_voltage_release": ("VOLT ${nominal.v_ln}",),
    "grid_frequency": ("FREQ ${pu}",),
}


class Source:
    """An AC source that speaks SCPI: it obeys VOLT and FREQ, and queues an error for anything else."""

    def __init__(self, stream: MemoryStream) -> None:
        self.said: list[str] = []
        self._lines = Lines(stream)
        self._volt = 230.0
        self._errors: list[str] = []

    async def serve(self) -> None:
        """Obey until cut off."""
        try:
            while True:
                await self._obey(await self._lines.read())
        except LinkDownError:
            pass

    async def _obey(self, line: str) -> None:
        self.said.append(line)
        head, _, value = line.partition(" ")
        match head:
            case "VOLT":
                if float(value) > 300:
                    self._errors.append('-222,"Data out of range"')
                else:
                    self._volt = float(value)
            case "MEAS:VOLT?":
                await self._lines.write(f"{self._volt:.3f},V")
            case "*OPC?":
                await self._lines.write("1")
            case "SYST:ERR?":
                await self._lines.write(self._errors.pop(0) if self._errors else '0,"No error"')
            case "IDN?":
                await self._lines.write("a source")
            case _:
                pass  # it takes anything else, and answers nothing


def _with_source(act: Callable[[Scpi, Source], Awaitable[object]], check: str | None = "SYST:ERR?") -> Source:
    async def main() -> Source:
        ours, theirs = pipe()
        source = Source(theirs)
        serving = asyncio.ensure_future(source.serve())
        queries = {"grid.v": "MEAS:VOLT?"}
        await act(Scpi(Lines(ours), SCOPE, commands=COMMANDS, queries=queries, check=check), source)
        ours.close()
        await serving
        return source

    return run(main())


def test_acts_become_commands_with_their_values_worked_out() -> None:
    async def act(scpi: Scpi, _: Source) -> None:
        await scpi.act("e", "grid_voltage", {"pu": 1.1, "target": "site"})
        assert await scpi.read() == {"grid.v": 253.0}
        await scpi.act("e", "grid_voltage", {"pu": None})
        assert await scpi.read() == {"grid.v": 230.0}

    said = [line for line in _with_source(act).said if line not in {"SYST:ERR?", "MEAS:VOLT?"}]
    assert said == ["VOLT:SLEW 0", "VOLT 253", "*OPC?", "VOLT 230"]


@pytest.mark.parametrize(
    ("name", "args", "complaint"),
    [
        pytest.param("grid_voltage", {"pu": 1.5}, "Data out of range", id="what the device refuses"),
        pytest.param("grid_outage", {}, "no command is set for grid_outage", id="an act without a command"),
        pytest.param("grid_frequency", {"hz": 50.0}, "there is no 'pu' here", id="a template with a wrong name"),
    ],
)
def test_what_a_device_cannot_do_ends_the_run(name: str, args: dict[str, float], complaint: str) -> None:
    with pytest.raises(InstrumentError, match=complaint):
        _with_source(lambda scpi, _: scpi.act("e", name, args))


def test_a_device_that_does_not_answer_ends_the_run() -> None:
    with pytest.raises(InstrumentError, match=r"SYST:ERROR\?: no answer"):
        _with_source(lambda scpi, _: scpi.act("e", "grid_voltage", {"pu": 1.0}), check="SYST:ERROR?")


def test_an_answer_that_is_no_number_is_told() -> None:
    async def act(_: Scpi, __: Source) -> None:
        ours, theirs = pipe()
        serving = asyncio.ensure_future(Source(theirs).serve())
        try:
            await Scpi(Lines(ours), SCOPE, commands={}, queries={"grid.v": "IDN?"}).read()
        finally:
            ours.close()
            await serving

    with pytest.raises(InstrumentError, match="'a source' is no number"):
        _with_source(act)


def test_the_operator_is_asked_what_to_do() -> None:
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return ""

    run(Manual("gridsim", ask).act("over", "grid_voltage", {"pu": 1.2, "target": "east"}))
    run(Manual("gridsim", ask).act("back", "grid_voltage", {"pu": None}))
    assert [question.partition(";")[0] for question in asked] == [
        "gridsim: grid voltage (pu = 1.2, target = east) [over]",
        "gridsim: grid voltage (pu = as it was) [back]",
    ]


def test_an_operator_who_says_no_ends_the_run() -> None:
    async def ask(_: str) -> str:
        return " N "

    with pytest.raises(InstrumentError, match="the operator cannot do grid_outage"):
        run(Manual("switch", ask).act("e", "grid_outage", {}))


def _table(folder: Path, text: str) -> Path:
    path = folder / "das.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("at_s", "values"),
    [
        pytest.param(0.5, {}, id="before the first row"),
        pytest.param(1.0, {"grid.v": 230.0}, id="at a row, a value is missing"),
        pytest.param(9.0, {"grid.v": 250.0, "grid.hz": 50.1}, id="after the last row"),
    ],
)
def test_a_table_is_read_at_the_time_of_the_run(tmp_path: Path, at_s: float, values: dict[str, float]) -> None:
    path = _table(tmp_path, "t,U,f\n2,250,50.1\n1,230,\n")
    recorded = Recorded(path, "t", {"grid.v": "U", "grid.hz": "f"}, lambda: at_s)
    assert run(recorded.read()) == values


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("time,U\n1,230\n", "row 1: 't' is missing", id="no such column"),
        pytest.param("t,U\n1,high\n", "row 1: could not convert", id="no number"),
        pytest.param("t,U\n1,inf\n", "not finite", id="no finite number"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InstrumentError, match=complaint):
        Recorded(_table(tmp_path, text), "t", {"grid.v": "U"}, lambda: 0.0)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="cannot be read"):
        Recorded(tmp_path / "none.csv", "t", {}, lambda: 0.0)
