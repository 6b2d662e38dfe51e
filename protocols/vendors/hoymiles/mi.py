"""Short frames of the MI series of the second generation: read when captured, not polled.

byte 0     1         5         9    11   13   15   17   19   21  23      24
     main  inverter  inverter  Udc  Idc  Uac  f    Pdc  day  T   status  event      89, 91: inputs 1, 2; b6-b9: 1-4
     82    inverter  inverter  prefix 2                                             answer to a search
"""

from collections.abc import Sequence

from protocols.decode import Decoded
from protocols.errors import RemoteProtocolError
from protocols.layout import Field, Layout
from protocols.points import DCA, DCV, DCW, DCWH_DAY, HZ, LNV, TMP_CAB, Channel, Point
from protocols.vendors.hoymiles.wrapping import head, one

SEARCH_REPLY = 0x82
PORTS = {0x89: 1, 0x91: 2, 0xB6: 1, 0xB7: 2, 0xB8: 3, 0xB9: 4}  # main command of an answer → input
STATUS = Point("MIStatus", None, "status byte")
EVENT = Point("MIEvent", None, "event byte, of units with four inputs")
_HEAD = 9

_ROWS = (
    Field(0, "H", DCV, 10),
    Field(2, "H", DCA, 10),
    Field(4, "H", LNV, 10),
    Field(6, "H", HZ, 100),
    Field(8, "H", DCW, 10),
    Field(10, "H", DCWH_DAY),
    Field(12, "h", TMP_CAB, 10),
    Field(14, "B", STATUS),
)
MI_DATA = Layout("hoymiles.mi_data", 15, *_ROWS)
MI_DATA_4T = Layout("hoymiles.mi_data_4t", 16, *_ROWS, Field(15, "B", EVENT))
_DC = (DCV, DCA, DCW, DCWH_DAY)


def data_frame(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return the values of one input. Raises RemoteProtocolError."""
    frame = one(frames)
    port = PORTS.get(frame.main)
    if port is None:
        raise RemoteProtocolError("no data of an MI")
    body = bytes((frame.index,)) + frame.payload
    layout = MI_DATA_4T if frame.main >= 0xB6 else MI_DATA
    found = layout.unpack(body[: layout.size])
    values = {Channel(c.point, port if c.point in _DC else 0): value for c, value in found.items()}
    measured = {channel: value for channel, value in values.items() if channel.point.unit is not None}
    named = {channel.point.name: value for channel, value in values.items() if channel.point.unit is None}
    fields = {name: value for name, value in head(frame).items() if name != "frame_idx"}
    return Decoded(measured, fields={**fields, **named})


def search_reply(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return who answers a search, with the first four digits of the serial. Raises RemoteProtocolError."""
    frame = one(frames)
    if frame.main != SEARCH_REPLY or len(frame.payload) != 1:
        raise RemoteProtocolError("no answer to a search")
    prefix = f"{frame.index:02X}{frame.payload.hex().upper()}"
    serial = f"{prefix}{frame.inverter:08X}"
    return Decoded(fields={"main_cmd": f"0x{frame.main:02X}", "serial_prefix": prefix}, serial=serial)
