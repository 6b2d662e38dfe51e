import pytest

from drivers.recording import Reading, Request
from drivers.serial_bridge.requests import cutter
from drivers.serial_bridge.settings import BridgeSettings
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import OWN_MODULE, RadioFrame, Region, channel_change, module_query
from protocols.vendors.hoymiles.profile import PROFILE
from protocols.vendors.hoymiles.requests import DataType, again, information

NODE, DTU = 0xA01121AE, 0x80112345


def asked(frame: bytes, *, stuffed: bool = True) -> Request:
    settings = BridgeSettings(url="mem://roof", radio="cmt2300a", stuffed=stuffed)
    (found,) = cutter(settings)().feed(radio_bridge.encode(frame, stuffed=stuffed))
    return found


@pytest.mark.parametrize(
    ("frame", "request_"),
    [
        pytest.param(module_query(), Request(None, b"\x07\x00"), id="who the bridge is"),
        pytest.param(
            channel_change(0, 0, Region.EU, 0x14, index=OWN_MODULE),
            Request(None, b"\x56\x01\x15\x21\x14\x14"),
            id="the bridge's own channel",
        ),
        pytest.param(
            channel_change(NODE, DTU, Region.EU, 0x14), Request(NODE, b"\x02\x15\x21\x14\x14"), id="a call to a unit"
        ),
        pytest.param(again(NODE, DTU, 3).encode(), Request(NODE, b"\x83"), id="a fragment again"),
        pytest.param(
            RadioFrame(0x51, NODE, DTU, 0x81, b"\x7e\x7f").encode(), Request(NODE, b"\x81\x7e\x7f"), id="command"
        ),
    ],
)
@pytest.mark.parametrize("stuffed", [True, False], ids=["stuffed", "bare"])
def test_what_was_asked_of_whom(frame: bytes, request_: Request, *, stuffed: bool) -> None:
    assert asked(frame, stuffed=stuffed) == request_


def test_two_requests_for_the_same_at_different_times_are_of_one_kind() -> None:
    settings = BridgeSettings(url="mem://roof", radio="cmt2300a")
    reading = Reading(cutter(settings), PROFILE.volatile)
    first, second, other = (
        asked(information(NODE, DTU, kind, utc).encode())
        for kind, utc in ((DataType.REALTIME, 1e9), (DataType.REALTIME, 1.7e9), (DataType.CONFIG, 1e9))
    )
    assert reading.kind(first) == reading.kind(second) != reading.kind(other)
