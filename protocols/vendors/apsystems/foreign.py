"""Messages around these units that a gateway does not speak: recognised, named, and read as far as that is safe.

AES frames of newer units are never decrypted: their key follows from a nonce that no public capture shows on the air.
"""

from protocols.decode import Decoded, Fields
from protocols.errors import RemoteProtocolError
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.family import SERIAL_BYTES, serial_of

AES_BLOCK = 16
NONCE_BYTES = 6
_SERIAL_AND_NONCE = SERIAL_BYTES + NONCE_BYTES
_WITHOUT_MARK = (0, NONCE_BYTES, _SERIAL_AND_NONCE)  # bytes before the blocks
_MARKED = tuple(size + 1 for size in _WITHOUT_MARK[1:])
_MARKS = (0xA0, 0xA1)  # that some senders put before the nonce
MODEM_HEAD = b"\xaa" * 4
_MODEM_BYTES = 15
_OPS = {
    0x0D: "ping",
    0x05: "set PAN and channel",
    0x0E: "get a short address",
    0x0F: "set a unit's PAN",
    0x11: "prime",
    0x22: "commit",
    0x08: "bind",
    0x55: "data to a short address",
    0xD1: "search, D1",
    0xD2: "search, D2",
    0xD3: "search, D3",
}
_MAC_DATA = 1
_SHORT_ADDRESSES = 0x8800
_SOURCE_IEEE = 0x1000
_UNICAST_EXTRA = 2  # radio status in place of the check sequence


def aes(raw: bytes) -> Decoded | None:
    """Return the word that a message is encrypted; None when it cannot be."""
    if raw[:1] and raw[0] >= l2.PLAIN_FROM:
        return None
    rest = len(raw) % AES_BLOCK
    marked = rest in _MARKED and raw[rest - NONCE_BYTES - 1] in _MARKS
    if len(raw) < AES_BLOCK or not (marked or rest in _WITHOUT_MARK):
        return None
    first = raw[:SERIAL_BYTES].hex()
    told = rest in (_SERIAL_AND_NONCE, _SERIAL_AND_NONCE + 1) and first.isdigit()
    return Decoded(fields=encrypted(len(raw)), serial=first if told else None)


def encrypted(size: int) -> Fields:
    """Return the word that a message of `size` bytes is encrypted."""
    return {"encryption": "AES-128-ECB", "supported": "no", "bytes": size}


def ecu_modem(raw: bytes) -> Decoded | None:
    """Return what a stock gateway tells its radio module; None for another message. Raises RemoteProtocolError."""
    if not raw.startswith(MODEM_HEAD):
        return None
    if len(raw) < _MODEM_BYTES or len(raw) != _MODEM_BYTES + raw[14]:
        raise RemoteProtocolError(f"a radio module's request of {len(raw)} bytes")
    check, total = int.from_bytes(raw[12:14], "big"), sum(raw[4:12])
    if check != total:
        raise RemoteProtocolError(f"bad checksum of a radio module's request: {check:04X}, the sum is {total:04X}")
    parameters, data = raw[5:12], raw[_MODEM_BYTES:]
    serial = serial_of(data) if raw[4] == 0x0E and len(data) == SERIAL_BYTES else None
    fields: dict[str, str | int | float | None] = {
        "op": f"0x{raw[4]:02X}",
        "meaning": _OPS.get(raw[4], "not known"),
        "parameters": parameters.hex().upper(),
        "data": data.hex().upper(),
    }
    if raw[4] == 0x05:
        fields |= {"pan": f"0x{parameters[2:4].hex().upper()}", "channel": parameters[4]}
    if raw[4] in (0x08, 0x55):
        fields["short"] = f"0x{parameters[:2].hex().upper()}"
    return Decoded(fields=fields, serial=serial)


def ota(raw: bytes) -> Decoded | None:
    """Return the heads of a frame caught on the air, with the length before it; None for another message."""
    if len(raw) < 24 or raw[0] != len(raw) - 1:
        return None
    control = int.from_bytes(raw[1:3], "little")
    if control & 0x07 != _MAC_DATA or control & 0xCC00 != _SHORT_ADDRESSES:
        return None
    network = int.from_bytes(raw[10:12], "little")
    aps = 18 + (8 if network & _SOURCE_IEEE else 0)
    if len(raw) < aps + 8 + _UNICAST_EXTRA:
        raise RemoteProtocolError(f"a radio frame of {len(raw)} bytes without its head")
    asdu = raw[aps + 8 : -_UNICAST_EXTRA]
    return Decoded(
        fields={
            "phy_len": raw[0],
            "pan": _u16(raw, 4),
            "mac_dst": _u16(raw, 6),
            "mac_src": _u16(raw, 8),
            "nwk_dst": _u16(raw, 12),
            "nwk_src": _u16(raw, 14),
            "radius": raw[16],
            "nwk_seq": raw[17],
            "dst_ep": f"0x{raw[aps + 1]:02X}",
            "cluster": _u16(raw, aps + 2),
            "profile": _u16(raw, aps + 4),
            "src_ep": f"0x{raw[aps + 6]:02X}",
            "aps_counter": raw[aps + 7],
            "asdu": asdu.hex().upper(),
        },
        serial=_serial_at_end(asdu),
    )


def _u16(raw: bytes, at: int) -> str:
    return f"0x{int.from_bytes(raw[at : at + 2], 'little'):04X}"


def _serial_at_end(asdu: bytes) -> str | None:
    last = asdu[-SERIAL_BYTES:].hex()
    return last if len(asdu) in (6, 8) and last.isdigit() else None
