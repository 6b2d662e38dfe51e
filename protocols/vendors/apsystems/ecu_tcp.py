"""The protocol of a stock gateway on TCP 8899, both directions: what a client asks, and what the gateway answers.

request   APS11 | length 4 | command 4 | arguments | END     the length counts all up to END; servers pass over it
answer    APS | group 2 | length 4 | command 4 | … | END LF  group 11, or 12 from newer gateways; length: bytes - 1

APS1100160001END      system     APS1100280002216000120830END   inverters      …0030…   signal
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from protocols.errors import RemoteProtocolError
from protocols.vendors.apsystems.family import Family
from protocols.vendors.apsystems.models import MODEL_FAMILIES

END, LAST = b"END", b"END\n"
HEAD = b"APS"
SYSTEM, INVERTERS, SIGNAL = "0001", "0002", "0030"
ID_DIGITS = 12
MAX_ANSWER = 1024  # clients read so much at once
OK, WRONG_ID, NO_DATA = "00", "01", "02"
_TYPES: Mapping[str, tuple[int, int]] = {  # powers and voltages of a record
    "01": (2, 2),
    "04": (2, 2),
    "05": (2, 2),
    "02": (4, 3),
    "03": (4, 1),
}
_NO_EMA = "d0" * 7
UNHEARD = "00"  # type of a unit that was never heard
_TYPE_OF: Mapping[Family, str] = {
    Family.YC600: "01",
    Family.DS3: "01",
    Family.QT2: "02",
    Family.QS1: "03",
    Family.QS1A: "03",
}
_INVERTERS_BYTES = 30  # of answer 0002 without its records


def record_type(model: str) -> str:
    """Return the type of a model's record in answer 0002."""
    kind = MODEL_FAMILIES.get(model)
    return UNHEARD if kind is None else _TYPE_OF[kind]


def fitting(types: Sequence[str]) -> int:
    """Return how many records of these types, from the first on, fit an answer that clients take whole."""
    ends = accumulate(map(_record_bytes, types), initial=_INVERTERS_BYTES)
    return sum(end <= MAX_ANSWER for end in ends) - 1


def _record_bytes(kind: str) -> int:
    powers, voltages = _TYPES.get(kind, (0, 0))
    return 9 + (2 * (2 + powers + voltages) if powers else 0)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks; `ecu_id` and `arguments` are empty where a command has none."""

    command: str
    ecu_id: str = ""
    arguments: str = ""

    def encode(self) -> bytes:
        """Return the request."""
        body = f"{self.command}{self.ecu_id}{'END' + self.arguments if self.arguments else ''}END"
        return f"APS11{len(body) + 9:04d}{body}".encode("ascii")


@dataclass(frozen=True, slots=True)
class System:
    """Answer 0001. `last_ema` is the time of the last word from the vendor's server, BCD digits, or D0 seven times."""

    ecu_id: str
    lifetime_kwh: float
    power_w: int
    today_kwh: float
    inverters: int
    online: int
    version: str
    zone: str
    mac_eth: str
    mac_wifi: str = "00" * 6
    last_ema: str = _NO_EMA
    channel: str = "10"
    model: str = "01"
    group: str = "11"
    tail: str = ""

    def encode(self) -> bytes:
        """Return the answer."""
        numbers = (round(10 * self.lifetime_kwh), self.power_w, round(100 * self.today_kwh))
        body = (
            self.ecu_id.encode("ascii")
            + self.model.encode("ascii")
            + b"".join(number.to_bytes(4, "big") for number in numbers)
            + bytes.fromhex(self.last_ema)
            + self.inverters.to_bytes(2, "big")
            + self.online.to_bytes(2, "big")
            + self.channel.encode("ascii")
            + f"{len(self.version):03d}{self.version}{len(self.zone):03d}{self.zone}".encode("ascii")
            + bytes.fromhex(self.mac_eth + self.mac_wifi + self.tail)
        )
        return _framed(self.group, SYSTEM, body)


@dataclass(frozen=True, slots=True)
class Record:
    """One unit in answer 0002; type "00" is a unit that was never heard, without numbers."""

    serial: str
    online: bool
    type: str = UNHEARD
    hz: float = 0.0
    temperature_c: int = 0
    watts: tuple[int, ...] = ()
    volts: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """Return the record."""
        head = bytes.fromhex(self.serial) + bytes((self.online,)) + self.type.encode("ascii")
        if self.type not in _TYPES:
            return head
        rest = list(self.volts)
        numbers = [round(10 * self.hz), self.temperature_c + 100]
        for watt in self.watts:
            numbers += [watt, *rest[:1]]
            del rest[:1]
        return head + b"".join(number.to_bytes(2, "big") for number in numbers)


@dataclass(frozen=True, slots=True)
class Inverters:
    """Answer 0002; `time` is local, 14 BCD digits. A status other than OK stands alone."""

    time: str = ""
    records: tuple[Record, ...] = ()
    status: str = OK
    group: str = "11"

    def encode(self) -> bytes:
        """Return the answer."""
        if self.status != OK:
            return f"APS{self.group}0015{INVERTERS}{self.status}\n".encode("ascii")
        head = b"0001" + len(self.records).to_bytes(2, "big") + bytes.fromhex(self.time)
        return _framed(self.group, INVERTERS, head + b"".join(record.encode() for record in self.records))


@dataclass(frozen=True, slots=True)
class Signal:
    """Answer 0030: serial and level, 0 to 255; 0 for a unit that was never heard."""

    levels: tuple[tuple[str, int], ...]
    group: str = "11"

    def encode(self) -> bytes:
        """Return the answer."""
        body = b"".join(bytes.fromhex(serial) + bytes((level,)) for serial, level in self.levels)
        return _framed(self.group, SIGNAL, b"00" + body)


def _framed(group: str, command: str, body: bytes) -> bytes:
    size = len(HEAD) + len(group) + 4 + len(command) + len(body) + len(LAST)
    return HEAD + f"{group}{size - 1:04d}{command}".encode("ascii") + body + LAST


def request_of(raw: bytes) -> Request | None:
    """Return what a client asks; None when the bytes are no request. The length is not held against it."""
    text = raw.removesuffix(b"\n").decode("ascii", "replace")
    if not (text.startswith("APS11") and text.endswith("END") and text[5:13].isdigit()):
        return None
    ecu_id, _, arguments = text[13:-3].partition("END")
    if len(ecu_id) not in (0, ID_DIGITS) or not text.isascii():
        return None
    return Request(text[9:13], ecu_id, arguments)


def answer_of(raw: bytes) -> tuple[str, str, bytes]:
    """Return group, command and body of an answer; raises RemoteProtocolError when it is damaged."""
    if not raw.startswith(HEAD) or len(raw) < 14:
        raise RemoteProtocolError("no APS answer")
    head = raw[3:13].decode("ascii", "replace")
    if not head.isdigit():
        raise RemoteProtocolError("an APS answer with a damaged head")
    if int(head[2:6]) != len(raw) - 1:
        raise RemoteProtocolError(f"an APS answer of {len(raw)} bytes whose length says {int(head[2:6]) + 1}")
    if raw.endswith(LAST):
        return head[:2], head[6:], raw[13 : -len(LAST)]
    if len(raw) == 16 and raw.endswith(b"\n"):  # a refusal
        return head[:2], head[6:], raw[13:-1]
    raise RemoteProtocolError("an APS answer without END")


def system_of(raw: bytes) -> System:
    """Return an answer 0001; raises RemoteProtocolError."""
    group, command, body = answer_of(raw)
    if command != SYSTEM or len(body) < 39:
        raise RemoteProtocolError(f"no answer {SYSTEM}")
    numbers = [int.from_bytes(body[at : at + 4], "big") for at in (14, 18, 22)]
    version, at = _text(body, 39)
    zone, at = _text(body, at)
    if len(body) < at + 12:
        raise RemoteProtocolError(f"an answer {SYSTEM} that ends before its addresses")
    return System(
        ecu_id=_ascii(body[:12]),
        model=_ascii(body[12:14]),
        lifetime_kwh=numbers[0] / 10,
        power_w=numbers[1],
        today_kwh=numbers[2] / 100,
        last_ema=body[26:33].hex(),
        inverters=int.from_bytes(body[33:35], "big"),
        online=int.from_bytes(body[35:37], "big"),
        channel=_ascii(body[37:39]),
        version=version,
        zone=zone,
        mac_eth=body[at : at + 6].hex(),
        mac_wifi=body[at + 6 : at + 12].hex(),
        tail=body[at + 12 :].hex(),
        group=group,
    )


def inverters_of(raw: bytes) -> Inverters:
    """Return an answer 0002; raises RemoteProtocolError."""
    group, command, body = answer_of(raw)
    if command != INVERTERS or len(body) < 2:
        raise RemoteProtocolError(f"no answer {INVERTERS}")
    status = _ascii(body[:2])
    if status != OK:
        return Inverters(status=status, group=group)
    records, at = [], 13
    while at < len(body):
        record, at = _record(body, at)
        records.append(record)
    if int.from_bytes(body[4:6], "big") != len(records):
        raise RemoteProtocolError(f"{len(records)} units where {int.from_bytes(body[4:6], 'big')} are announced")
    return Inverters(body[6:13].hex(), tuple(records), group=group)


def signal_of(raw: bytes) -> Signal:
    """Return an answer 0030; raises RemoteProtocolError."""
    group, command, body = answer_of(raw)
    if command != SIGNAL or (len(body) - 2) % 7:
        raise RemoteProtocolError(f"no answer {SIGNAL}")
    return Signal(tuple((body[at : at + 6].hex(), body[at + 6]) for at in range(2, len(body), 7)), group)


def _record(body: bytes, at: int) -> tuple[Record, int]:
    if len(body) < at + 9:
        raise RemoteProtocolError("ends inside a unit's record")
    serial, online, kind = body[at : at + 6].hex(), bool(body[at + 6]), _ascii(body[at + 7 : at + 9])
    at += 9
    if kind not in _TYPES:
        return Record(serial, online, kind), at
    powers, voltages = _TYPES[kind]
    end = at + 4 + 2 * (powers + voltages)
    if len(body) < end:
        raise RemoteProtocolError("ends inside a unit's record")
    hz, warm, *rest = _u16s(body[at:end])
    watts, volts = _sorted(rest, powers, voltages)
    return Record(serial, online, kind, hz / 10, warm - 100, watts, volts), end


def _sorted(rest: list[int], powers: int, voltages: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return powers and voltages from P V P V … P: each power has its voltage behind it while there are any."""
    watts, volts, left = [], [], iter(rest)
    for number in range(powers):
        watts.append(next(left))
        if number < voltages:
            volts.append(next(left))
    return tuple(watts), tuple(volts)


def _u16s(raw: bytes) -> Iterable[int]:
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


def _text(body: bytes, at: int) -> tuple[str, int]:
    """Return a text behind its length of three digits, and what follows it."""
    size = _ascii(body[at : at + 3])
    if not size.isdigit() or len(body) < at + 3 + int(size):
        raise RemoteProtocolError("a text that runs over its end")
    end = at + 3 + int(size)
    return _ascii(body[at + 3 : end]), end


def _ascii(raw: bytes) -> str:
    return raw.decode("ascii", "replace")
