import json
from io import StringIO

from rich.console import Console
from rich.table import Table

from config.loader import load_packaged
from config.site import Site
from drivers.mqtt.session import Message
from opencombiner.tables import live_line, live_table
from opencombiner.view import View
from tests.support.fixed_clock import FixedClock

STATE = {
    "p_ac_w": 231.44,
    "v_ac_v": 230.5,
    "t_case_c": 41.6,
    "e_day_wh": 12345,
    "state": "running",
    "quality": "good",
}


def demo() -> Site:
    return load_packaged("demo.yaml", FixedClock())


def view(**payloads: object) -> View:
    heard = View("opencombiner/demo")
    for topic, payload in payloads.items():
        heard.hear(Message(f"opencombiner/demo/{topic}", json.dumps(payload).encode()))
    return heard


def lines(table: Table) -> list[str]:
    console = Console(file=StringIO(), width=80)
    with console.capture() as shown:
        console.print(table)
    return [" ".join(line.replace("│", " ").split()) for line in shown.get().splitlines()]


def test_a_slot_that_has_not_answered_shows_dashes() -> None:
    rows = lines(live_table(view(), demo()))
    assert "east-1 MI-400 - - - - - - - -" in rows
    assert "waiting for the first answers" in rows


def test_a_slot_shows_its_last_values_within_a_small_terminal() -> None:
    heard = view(
        **{
            "inverter/west-5/state": STATE,
            "inverter/west-5/ch/1/state": {"v_dc_v": 36.04},
            "inverter/west-5/availability": {"state": "online"},
        }
    )
    assert "west-5 MI-500 231.4 230.5 36.0 42 12,345 running online good" in lines(live_table(heard, demo()))


def test_a_missing_value_and_one_of_another_kind_do_no_harm() -> None:
    heard = view(**{"inverter/west-5/state": {**STATE, "v_ac_v": None, "p_ac_w": "much"}})
    assert "west-5 MI-500 much - - 42 12,345 running - good" in lines(live_table(heard, demo()))


def test_the_sums_stand_in_one_line() -> None:
    totals = {"p_ac_w": 3456.7, "e_day_wh": 12345, "expected": 12, "reporting": 11}
    assert live_line(view(**{"site/state": totals})) == "3,457 W now, 12,345 Wh today, 11 of 12 units report"
