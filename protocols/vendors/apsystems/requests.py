"""What the requests mean, in words, for whoever looks at captured bytes."""

from collections.abc import Mapping

from protocols.decode import Fields
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.limits import DS3_FORM, QS1_FORM
from protocols.vendors.apsystems.rows import CLOCK_HZ

MEANINGS: Mapping[int, str] = {
    0x00: "normal operation, to everybody",
    0xBB: "poll",
    0xDC: "model and version",
    0xDD: "parameter page A",
    0xDE: "parameter page B",
    0xD9: "parameter page C",
    0xC1: "switch on",
    0xA1: "switch on, all units",
    0xC2: "switch off",
    0xA2: "switch off, all units",
    0xCD: "start quickly",
    0xCF: "clear the ground fault",
    0xAF: "clear the ground fault, all units",
    0x1C: "set a parameter (QS1, QS1A, YC600)",
    0x2C: "set a parameter (QS1, QS1A, YC600), all units",
    0xAA: "set a parameter (DS3)",
    0xAB: "set a parameter (DS3), all units",
    0x5D: "set the recovery time (QS1)",
    0xC3: "set the limit of old units",
    0xA3: "set the limit of old units, all",
}
_VOLT, _HZ, _S, _RECOVERY = ("volts", 268, 1000), ("hz", 1, 100), ("seconds", 1, 100), ("seconds", 1, 50)
_DS3: Mapping[int, tuple[str, tuple[str, int, int] | None]] = {  # parameter number → name and scale
    0x01: ("over-voltage fast trip", _VOLT),
    0x02: ("under-voltage fast trip", _VOLT),
    0x03: ("over-voltage slow trip", _VOLT),
    0x04: ("under-voltage stage 2", _VOLT),
    0x05: ("over-voltage slow trip, 90", _VOLT),
    0x06: ("under-voltage stage 2, 90", _VOLT),
    0x09: ("over-frequency fast trip", _HZ),
    0x0A: ("under-frequency fast trip", _HZ),
    0x0B: ("over-frequency slow trip", _HZ),
    0x0C: ("under-frequency slow trip", _HZ),
    **{number: (f"clear time {number:02X}", _S) for number in (*range(0x0F, 0x13), *range(0x15, 0x19))},
    0x23: ("reconnect over-frequency", _HZ),
    0x24: ("reconnect under-frequency", _HZ),
    0x25: ("grid recovery time", _RECOVERY),
    0x27: ("power limit", ("watts_per_input", DS3_FORM.w_num, DS3_FORM.w_den)),
    0x28: ("mode", None),
    0x2A: ("over-frequency power curve, stop", _HZ),
    0x2B: ("over-frequency power curve, start", _HZ),
    0x2D: ("power curve 2D", None),
    0x2E: ("power curve 2E", None),
    0x42: ("ten-minute over-voltage", _VOLT),
    0x55: ("under-frequency power curve 55", _HZ),
    0x56: ("under-frequency power curve 56", _HZ),
}
_PARAMETER_BYTES = 5


def request_fields(frame: L2) -> dict[str, str | int | float | None]:
    """Return what a request asks: command, meaning, checksum where it is not the right one, parameter and value."""
    fields: dict[str, str | int | float | None] = {
        "l2_cmd": f"0x{frame.command:02X}",
        "meaning": MEANINGS.get(frame.command, "not known"),
    }
    if frame.check is not None:
        fields |= {"checksum_field": f"{frame.check:04X}", "correct_sum": f"{frame.sum:04X}"}
    if l2.encode(frame) == l2.REBOOT:
        fields["meaning"] = "restart, as tools call it: the command to switch on with a wrong sum"
    return fields | dict(_parameter(frame))


def _parameter(frame: L2) -> Fields:
    body = frame.body
    match frame.command:
        case 0xAA | 0xAB if len(body) == _PARAMETER_BYTES:
            return _ds3_parameter(body)
        case 0x1C | 0x2C if len(body) == _PARAMETER_BYTES:
            return _qs1_parameter(body)
        case 0x5D:
            raw = int.from_bytes(body[:2], "big")
            return {"param": "grid recovery time", "raw": raw, "seconds": raw / 100}
        case _:
            return {}


def _ds3_parameter(body: bytes) -> Fields:
    raw = int.from_bytes(body[3:], "big")
    name, scale = _DS3.get(body[0], (f"parameter {body[0]:02X}", None))
    fields: dict[str, str | int | float | None] = {"sub": f"0x{body[0]:02X}", "param": name, "raw": raw}
    if scale is not None:
        unit, mul, div = scale
        fields[unit] = raw * mul / div
    return fields


def _qs1_parameter(body: bytes) -> Fields:
    width = body[1]
    raw = int.from_bytes(body[2 : 2 + width], "big")
    fields: dict[str, str | int | float | None] = {"sub": f"0x{body[0]:02X}", "width": width, "raw": raw}
    match body[0], width:
        case 0x8C, 2:
            fields |= {"param": "power limit", "watts_per_input": QS1_FORM.watt(raw)}
        case 0x68, 3:
            fields |= {"param": "over-frequency power curve, start", "hz": CLOCK_HZ / raw if raw else None}
        case _:
            fields["param"] = f"parameter {body[0]:02X}"
    return fields
