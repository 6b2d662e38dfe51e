"""A power line with a modem at the gateway and one in each unit."""

from config.links import PlcLink
from config.site import Gateway, Impairments
from emulator.host import Modem
from emulator.inverter import Inverter
from emulator.media.plc.line import Line
from emulator.media.plc.modem import St7580Modem, TransparentModem
from emulator.media.plc.unit import Unit
from protocols.errors import LocalProtocolError
from protocols.exchange import Responder


class PowerLine:
    """The line of one gateway; its units are given their addresses by their gateway."""

    def __init__(self, link: PlcLink, impairments: Impairments, seed: str) -> None:
        self._line = Line(link, impairments, seed)
        self._framed = link.modem == "st7580"
        self.modem: Modem | None = _modem(link, self._line)

    def attach(self, inverter: Inverter, responder: Responder, node: int) -> Unit:  # noqa: ARG002 - assigned later
        """Put a unit on the line."""
        return Unit(self._line, inverter, responder, framed=self._framed)

    def detach(self, node: Unit) -> None:
        """Take a unit off the line."""
        self._line.leave(node)

    async def live(self) -> None:
        """Scatter noise until cancelled; return at once when there is none."""
        await self._line.make_noise()


def build(gateway: Gateway, impairments: Impairments, seed: str) -> PowerLine:
    """Return the line behind a gateway's link."""
    if not isinstance(gateway.link, PlcLink):
        raise LocalProtocolError(f"gateway {gateway.id}: {gateway.link.medium} is no power line")
    return PowerLine(gateway.link, impairments, seed)


def _modem(link: PlcLink, line: Line) -> Modem:
    match link.modem:
        case "transparent":
            return TransparentModem(line, echo=link.echo)
        case "st7580":
            return St7580Modem(line)
