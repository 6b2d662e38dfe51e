"""What is told to `pyrf24`, with something in its place that notes it."""

import sys
from types import ModuleType
from typing import Any

import pytest

from drivers.nrf24.radio import Pyrf24Radio
from drivers.nrf24.settings import Nrf24Settings
from protocols.errors import LinkDownError
from protocols.modems.nrf24 import pipe_address


class Chip:
    """Takes what an RF24 takes, and notes it."""

    answers = True
    told: list[tuple[str, Any]]

    def __init__(self, ce_pin: int, csn_pin: int, spi_hz: int) -> None:
        object.__setattr__(self, "told", [("made", (ce_pin, csn_pin, spi_hz))])
        object.__setattr__(self, "places", [b"one", b"two"])

    def __setattr__(self, name: str, value: object) -> None:
        self.told.append((name, value))

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.told.append((name, args))

    def begin(self) -> bool:
        return self.answers

    def what_happened(self) -> tuple[bool, bool, bool]:
        return False, True, False

    def available(self) -> bool:
        return bool(self.__dict__["places"])

    def get_dynamic_payload_size(self) -> int:
        return len(self.__dict__["places"][0])

    def read(self, length: int) -> bytearray:
        return bytearray(self.__dict__["places"].pop(0)[:length])


def module(chip: type[Chip]) -> ModuleType:
    made = ModuleType("pyrf24")
    for name in ("RF24_250KBPS", "RF24_CRC_16", "RF24_PA_MIN", "RF24_PA_HIGH"):
        setattr(made, name, name)
    made.__dict__["RF24"] = chip
    return made


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch) -> Pyrf24Radio:
    monkeypatch.setitem(sys.modules, "pyrf24", module(Chip))
    return Pyrf24Radio(Nrf24Settings(url="/dev/spidev1.2", ce_pin=25, spi_hz=600_000, power="min"))


def told(radio: Pyrf24Radio) -> list[tuple[str, Any]]:
    notes: list[tuple[str, Any]] = radio._chip.told  # noqa: SLF001 - what it was told is the whole test
    return notes


def test_the_chip_is_set_up_as_its_counterpart_is(radio: Pyrf24Radio) -> None:
    assert told(radio) == [
        ("made", (25, 12, 600_000)),
        ("data_rate", "RF24_250KBPS"),
        ("crc_length", "RF24_CRC_16"),
        ("pa_level", "RF24_PA_MIN"),
        ("address_width", 5),
        ("dynamic_payloads", True),
    ]


def test_addresses_go_to_the_chip_last_byte_first(radio: Pyrf24Radio) -> None:
    radio.send(23, pipe_address(0x72818832), b"frame")
    assert ("open_tx_pipe", (bytes.fromhex("0172818832"),)) in told(radio)
    assert ("set_retries", (3, 15)) in told(radio)
    assert told(radio)[-1] == ("start_fast_write", (b"frame",))
    radio.listen(61, pipe_address(0x72818832))
    assert told(radio)[-4:] == [
        ("set_retries", (0, 0)),
        ("channel", 61),
        ("open_rx_pipe", (1, bytes.fromhex("0172818832"))),
        ("listen", True),
    ]


def test_repeats_without_acknowledgement_end_sending(radio: Pyrf24Radio) -> None:
    assert radio.sent()
    assert told(radio)[-1] == ("flush_tx", ())


def test_what_was_heard_comes_whole_and_in_order(radio: Pyrf24Radio) -> None:
    assert [radio.heard(), radio.heard(), radio.heard()] == [b"one", b"two", None]


def test_hopping_and_sleeping(radio: Pyrf24Radio) -> None:
    radio.tune(75)
    radio.close()
    assert told(radio)[-5:] == [
        ("listen", False),
        ("channel", 75),
        ("listen", True),
        ("listen", False),
        ("power", False),
    ]


def test_a_chip_that_does_not_answer_is_named_by_its_device(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Chip):
        answers = False

    monkeypatch.setitem(sys.modules, "pyrf24", module(Silent))
    with pytest.raises(LinkDownError, match=r"/dev/spidev0\.0: no nRF24L01\+ answers; look at wiring and supply"):
        Pyrf24Radio(Nrf24Settings(url="/dev/spidev0.0"))


def test_a_missing_device_is_a_link_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing(Chip):
        def begin(self) -> bool:
            raise RuntimeError("[SPI::begin] Can't open device")

    monkeypatch.setitem(sys.modules, "pyrf24", module(Missing))
    with pytest.raises(LinkDownError, match="Can't open device"):
        Pyrf24Radio(Nrf24Settings(url="/dev/spidev0.0"))
