"""Serial ports of this machine, by names that stay the same when another adapter is plugged in."""

from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

_BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port: the path to open and what is plugged in there."""

    path: str
    description: str


def serial_ports(by_id: Path = _BY_ID) -> list[SerialPort]:
    """Return the ports that have hardware behind them; by-id names where there are any."""
    lasting = {link.resolve(): link for link in sorted(by_id.iterdir())} if by_id.is_dir() else {}
    return [
        SerialPort(str(lasting.get(Path(port.device), port.device)), port.description or "serial port")
        for port in sorted(list_ports.comports())
        if port.description != "n/a" or port.hwid != "n/a"
    ]
