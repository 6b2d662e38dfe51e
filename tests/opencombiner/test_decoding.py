import json
from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from opencombiner.cli import app
from opencombiner.exit_code import ExitCode
from protocols.framing.crc import crc16_modbus
from tests.support.vectors import Vector, load, one

RUNNER = CliRunner()
ATMOCE = load("atmoce")
ANSWERS = {
    "atmoce.live": "live",
    "atmoce.identity": "identity",
    "atmoce.control": "control",
    "atmoce.alarm_record": "alarm_records",
    "atmoce.grid_profile": "grid_profile",
}
OTHERS = {"write_answer": "write_answer", "exception": "exception"}
POLL = one("atmoce", "poll 17").raw.hex()
LIVE = one("atmoce", "17 has a DC over-voltage and bad insulation").raw.hex()


def _run(*arguments: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(app, ["decode", *arguments])
    return result.exit_code, result.stdout, result.stderr


def _said(*arguments: str) -> dict[str, Any]:
    code, out, _ = _run("atmoce", *arguments)
    assert code == ExitCode.OK
    said: dict[str, Any] = json.loads(out)
    return said


def _kind(decoded: Mapping[str, Any]) -> str:
    kind = decoded["kind"]
    return ANSWERS.get(decoded.get("layout", ""), "registers") if kind == "read_answer" else OTHERS.get(kind, "request")


@pytest.mark.parametrize("vector", ATMOCE, ids=lambda vector: vector.name)
def test_every_vector_is_known_by_its_bytes_alone(vector: Vector) -> None:
    said = _said(vector.raw.hex())
    assert (said["vendor"], said["kind"], said["fields"]["node"]) == (
        "atmoce",
        _kind(vector.decoded),
        vector.decoded["node"],
    )
    found = {f"{row['point']}.{row['port']}" if row["port"] else row["point"]: row["value"] for row in said["values"]}
    wanted = vector.decoded.get("values", {})
    assert {**found, **said["fields"]}.items() >= {name: wanted[name] for name in wanted if "." not in name}.items()
    assert found.items() <= wanted.items()


def test_without_the_request_an_answer_is_a_guess() -> None:
    said = _said(LIVE)
    assert (said["kind"], said["guessed"], said["alternatives"]) == ("live", True, ["registers"])


def test_the_request_settles_it() -> None:
    assert _said(LIVE, "--request", POLL)["guessed"] is False


def test_a_request_for_something_else_makes_it_plain_registers() -> None:
    elsewhere = one("atmoce", "grid profile of 17").raw.hex()
    assert _said(LIVE, "--request", elsewhere)["kind"] == "registers"


def test_the_kind_may_be_named() -> None:
    said = _said(LIVE, "--as", "registers")
    assert (said["kind"], said["guessed"], said["alternatives"]) == ("registers", False, [])


def test_a_serial_that_is_known_is_passed_on() -> None:
    assert _said(LIVE, "--serial", "ATM1")["serial"] == "ATM1"


def test_alarm_bits_are_events() -> None:
    assert [(event["alarm_code"], event["kind"]) for event in _said(LIVE)["events"]] == [
        (1, "DC_OVER_VOLT"),
        (9, "GROUND_FAULT"),
    ]


def test_values_that_no_unit_measures_make_it_a_guess() -> None:
    raw = bytearray.fromhex(LIVE)
    raw[3] = 99  # no such operating state
    raw[-2:] = crc16_modbus(raw[:-2]).to_bytes(2, "little")
    said = _said(raw.hex())
    assert (said["guessed"], "live" in [said["kind"], *said["alternatives"]]) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(("atmoce", LIVE[:-2] + "00"), ExitCode.FAILED, "bad CRC-16", id="a bad checksum says which"),
        pytest.param(("atmoce", "0103"), ExitCode.FAILED, "ADU of 2 bytes", id="too short for a frame"),
        pytest.param(("atmoce", LIVE, LIVE), ExitCode.FAILED, "2 frames", id="more frames than the message has"),
        pytest.param(("atmoce", "xy"), ExitCode.FAILED, "frame 1: no hex", id="no hex"),
        pytest.param(("atmoce", LIVE, "--request", "x"), ExitCode.FAILED, "request: no hex", id="no request"),
        pytest.param(("atmoce", "00" * 40000), ExitCode.FAILED, "longer than 65536", id="oversized"),
        pytest.param(("atmoce", LIVE, "--as", "soup"), ExitCode.FAILED, "no kind 'soup'", id="an unknown kind"),
        pytest.param(("acme", LIVE), ExitCode.REFUSED, "unknown vendor 'acme'", id="an unknown vendor"),
    ],
)
def test_what_cannot_be_decoded_says_why(arguments: tuple[str, ...], code: ExitCode, words: str) -> None:
    assert (_run(*arguments)[0], words in _run(*arguments)[2]) == (code, True)


def test_json_payloads_are_given_as_hex_too() -> None:
    [report] = [vector for vector in load("rockcore") if vector.name == "report with the slow group"]
    code, out, _ = _run("rockcore", report.raw.hex(), "--serial", "RC000001")
    said = json.loads(out)
    assert (code, said["kind"], said["serial"], said["guessed"]) == (0, "report", "RC000001", False)
    assert {"point": "W", "port": 0, "value": 398, "unit": "W"} in said["values"]
