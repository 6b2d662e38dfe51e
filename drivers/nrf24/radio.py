"""The radio itself: what the bridge wants of it, and how `pyrf24` gives it."""

import re
from importlib import import_module
from typing import Any, Protocol

from drivers.nrf24.policy import RETRIES, RETRY_DELAY
from drivers.nrf24.settings import Nrf24Settings
from protocols.errors import ConfigError, LinkDownError

_DEVICE = re.compile(r"/dev/spidev(\d+)\.(\d+)")
_PIPE = 1  # pipe 0 is the one that sends


class Radio(Protocol):
    """An nRF24L01+. Every method raises LinkDownError when it is gone."""

    def send(self, channel: int, address: bytes, frame: bytes) -> None:
        """Begin to send a frame to a pipe address, first byte first on the air."""
        ...

    def sent(self) -> bool:
        """Tell whether sending has ended."""
        ...

    def listen(self, channel: int, address: bytes) -> None:
        """Listen for frames to a pipe address."""
        ...

    def tune(self, channel: int) -> None:
        """Go on listening on another channel."""
        ...

    def heard(self) -> bytes | None:
        """Return the next frame that was heard, None when there is no more."""
        ...

    def close(self) -> None:
        """Put the radio to sleep."""
        ...


class Pyrf24Radio:
    """A radio on SPI. Raises ConfigError where the library is missing, LinkDownError where the radio is."""

    def __init__(self, settings: Nrf24Settings) -> None:
        device = _DEVICE.fullmatch(settings.url)
        if device is None:
            raise ConfigError(f"{settings.url} is no SPI device: expected /dev/spidev0.0 or the like")
        library = _library()
        bus, select = map(int, device.groups())
        try:
            self._chip = library.RF24(settings.ce_pin, bus * 10 + select, settings.spi_hz)
            if not self._chip.begin():
                raise LinkDownError(f"{settings.url}: no nRF24L01+ answers; look at wiring and supply")
            self._set_up(library, settings.power)
        except RuntimeError as error:
            raise LinkDownError(f"{settings.url}: {error}") from error

    def _set_up(self, library: Any, power: str) -> None:
        settings = {
            "data_rate": library.RF24_250KBPS,
            "crc_length": library.RF24_CRC_16,
            "pa_level": getattr(library, f"RF24_PA_{power.upper()}"),
            "address_width": 5,
            "dynamic_payloads": True,
        }
        for name, value in settings.items():
            setattr(self._chip, name, value)

    def send(self, channel: int, address: bytes, frame: bytes) -> None:
        """Begin to send a frame; whether anybody acknowledges does not matter."""
        chip = self._chip
        chip.listen = False
        chip.channel = channel
        chip.set_auto_ack(True)
        chip.set_retries(RETRY_DELAY, RETRIES)
        chip.open_tx_pipe(address[::-1])
        chip.flush_tx()
        chip.start_fast_write(frame)

    def sent(self) -> bool:
        """Tell whether a frame was acknowledged or all repeats are done."""
        acknowledged, failed, _ = self._chip.what_happened()
        if failed:
            self._chip.flush_tx()
        return bool(acknowledged or failed)

    def listen(self, channel: int, address: bytes) -> None:
        """Listen for frames to a pipe address, without acknowledging them."""
        chip = self._chip
        chip.set_auto_ack(False)
        chip.set_retries(0, 0)
        chip.channel = channel
        chip.open_rx_pipe(_PIPE, address[::-1])
        chip.listen = True

    def tune(self, channel: int) -> None:
        """Go on listening on another channel."""
        self._chip.listen = False
        self._chip.channel = channel
        self._chip.listen = True

    def heard(self) -> bytes | None:
        """Return the next frame in the radio's three places."""
        if not self._chip.available():
            return None
        return bytes(self._chip.read(self._chip.get_dynamic_payload_size()))

    def close(self) -> None:
        """Put the radio to sleep."""
        self._chip.listen = False
        self._chip.power = False


def _library() -> Any:
    try:
        return import_module("pyrf24")
    except ImportError as error:
        raise ConfigError("an nRF24L01+ on SPI needs the extra nrf24: pip install 'opencombiner[nrf24]'") from error
