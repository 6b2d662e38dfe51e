"""The functions of coils, for maps whose coils are numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.control.order import Code, Refusal
from gateway.faces.desk import Plant, Wish
from gateway.faces.modbus_server import Answer
from protocols.modbus.pdu import ExceptionCode
from tests.support.modbus_client import adu
from tests.support.register_map import ORDER, Desk, server


@dataclass
class Coils:
    """Coils 0 … 9 are words that hold their own numbers; 13 never answers."""

    told: list[tuple[int, int, str]] = field(default_factory=list)

    def coils(self, _: Plant, unit: int, address: int, count: int) -> Answer:
        if address == 13:
            return None
        inside = unit == 1 and address + count <= 10
        words = (number.to_bytes(2, "big") for number in range(address, address + count))
        return b"".join(words) if inside else ExceptionCode.ILLEGAL_ADDRESS

    def coil_written(self, _: Plant, __: int, address: int, value: int, by: str) -> Sequence[Wish] | ExceptionCode:
        if address >= 10:
            return ExceptionCode.ILLEGAL_ADDRESS
        self.told.append((address, value, by))
        return [ORDER]


def asked(pdu: str, coils: Coils | None, **settings: Any) -> str:
    """Return the PDU of the answer, in hexadecimal digits."""
    answer = replace(server(**settings), coils=coils).answer(adu(1, bytes.fromhex(pdu)), "10.0.0.7")
    return "" if answer is None else answer[7:].hex()


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        pytest.param("01 0003 0001", "01020003", id="one"),
        pytest.param("02 0003 0002", "020400030004", id="two, as inputs"),
        pytest.param("01 0009 0002", "8102", id="one beyond the last"),
        pytest.param("01 0000 0000", "8103", id="none"),
        pytest.param("01 0000 007E", "8103", id="126"),
        pytest.param("01 0000", "8103", id="a request that is too short"),
        pytest.param("01 0000 0001 00", "8103", id="a request that is too long"),
        pytest.param("01 000D 0001", "", id="silence"),
    ],
)
def test_a_read(request_: str, answer: str) -> None:
    assert asked(request_, Coils()) == answer


@pytest.mark.parametrize(
    ("request_", "told", "answer"),
    [
        pytest.param("05 0003 FF00", (3, 0xFF00), "050003ff00", id="true"),
        pytest.param("05 0003 0000", (3, 0), "0500030000", id="false"),
        pytest.param("05 0003 0032", (3, 50), "0500030032", id="a number"),
        pytest.param("0F 0003 0008 01 32", (3, 50), "0f00030008", id="a number in eight bits"),
        pytest.param("0F 0003 0001 01 FF", (3, 1), "0f00030001", id="one bit; the others are filling"),
        pytest.param("0F 0003 0010 02 3201", (3, 0x0132), "0f00030010", id="sixteen bits"),
        pytest.param("0F 0003 0011 03 320100", None, "8f03", id="more bits than a number has"),
        pytest.param("0F 0003 0008 02 3200", None, "8f03", id="more bytes than bits"),
        pytest.param("0F 0003 0008 01", None, "8f03", id="no bits"),
        pytest.param("0F 0003 0000 00", None, "8f03", id="nothing"),
        pytest.param("05 0003", None, "8503", id="a request that is too short"),
        pytest.param("05 0003 0032 00", None, "8503", id="a request that is too long"),
        pytest.param("05 000A 0000", None, "8502", id="where nothing is"),
    ],
)
def test_a_write(request_: str, told: tuple[int, int] | None, answer: str) -> None:
    coils, desk = Coils(), Desk()
    assert asked(request_, coils, desk=desk) == answer
    assert coils.told == ([] if told is None else [(*told, "map 10.0.0.7")])
    assert desk.orders == ([] if told is None else [ORDER])


def test_a_write_needs_leave_and_may_be_refused() -> None:
    assert asked("05 0003 0032", Coils(), writes=False) == "8501"
    assert asked("05 0003 0032", Coils(), desk=Desk(Refusal(Code.OUT_OF_RANGE, "too much"))) == "8503"


def test_a_map_without_coils_has_no_such_functions() -> None:
    assert [asked(f"{function} 0003 0001", None) for function in ("01", "02", "05")] == ["8101", "8201", "8501"]
