"""Targets that nobody has to list: deframers, decoding functions, and what each vendor folder declares."""

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from inspect import signature
from itertools import product
from typing import Any

from protocols.commands import Activate, AlarmReset, Conn, Restart, WMaxLimPct
from protocols.decode import Kind, identify
from protocols.errors import RemoteProtocolError
from protocols.exchange import Done, Exchange, Failed, Send
from protocols.framing.crc import crc8_xor, crc16_modbus
from protocols.framing.fragments import split
from protocols.modems.radio_frame import ANSWER, FRAGMENT_BYTES, LAST, RadioFrame
from protocols.profile import Push, Station, VendorProfile
from protocols.registry import vendor, vendor_names
from tests.fuzz.corpus import EMPTY, vectors
from tests.fuzz.target import Target
from tests.support import tree
from tests.support.device import ScriptedDevice, running
from tests.support.held import held
from tests.support.layouts import every_layout

MOST_HELD = 4096  # bytes that a deframer keeps between two calls; no frame of a medium that we speak is longer
MOST_ANSWERED = 16 * 1024  # bytes that a device says to one datagram
DECODING = ("decode", "parse", "unpack", "read")
_PLACES = ("protocols", "drivers")
NOON = 1_782_043_200.0  # 2026-06-21T12:00Z
_HOST = "80170000"  # what a gateway calls itself, where a vendor wants it
_STEPS = 50  # of one conversation: longer is endless


def module_of(path: Any) -> str:
    """Return the name under which a file of the product is imported."""
    return ".".join(path.relative_to(tree.ROOT).with_suffix("").parts)


def deframers() -> Iterator[Target]:
    """Yield a target for each class that is fed with bytes, made of nothing or of switches: one for each setting."""
    for path in tree.sources():
        for node in tree.parsed(path).body:
            owner = getattr(import_module(module_of(path)), node.name) if isinstance(node, ast.ClassDef) else None
            if owner is not None and _is_fed(owner):
                name = f"{module_of(path)}:{owner.__name__}.feed"
                covered = f"{owner.feed.__module__}:{owner.feed.__qualname__}"
                for setting in _settings(owner):
                    told = " ".join(f"{switch}={on}" for switch, on in setting.items())
                    make = partial(owner, **setting)
                    yield Target(f"{name} {told}".strip(), partial(_feed, make), (*vectors(), EMPTY), (covered,))


def _settings(owner: Callable[..., Any]) -> Iterator[dict[str, bool]]:
    """Yield every setting of the switches that a class must be told."""
    required = [each for each in signature(owner).parameters.values() if each.default is each.empty]
    switches = [each.name for each in required if each.annotation is bool]
    for values in product((False, True), repeat=len(switches)):
        yield dict(zip(switches, values, strict=True))


def _is_fed(owner: type) -> bool:
    """Tell whether a class itself takes bytes: not one that describes others, nor one that others are made from."""
    described = getattr(owner, "_is_protocol", False) or getattr(owner, "__parameters__", ())
    return hasattr(owner, "feed") and not described


def _feed(make: Callable[[], Any], data: bytes) -> None:
    """Feed the whole, then in odd pieces, then byte by byte; what is held stays below one frame."""
    fed = make()
    for size in (len(data) or 1, 7, 1):
        for at in range(0, len(data), size):
            fed.feed(data[at : at + size])
            assert held(fed) <= MOST_HELD, f"{held(fed)} bytes are held"


def functions() -> Iterator[Target]:
    """Yield a target for each public function of the protocols that decodes bytes and needs nothing else."""
    for path in tree.sources():
        for node in tree.parsed(path).body:
            if module_of(path).startswith("protocols.") and isinstance(node, ast.FunctionDef) and decodes_alone(node):
                decode = getattr(import_module(module_of(path)), node.name)
                name = f"{module_of(path)}:{node.name}"
                yield Target(
                    name, partial(_call, decode), (*_pieces(), EMPTY), (name,), (RemoteProtocolError,), vague=True
                )


def _pieces() -> Iterator[bytes]:
    """Yield frames, and what is left of them without an address of one byte and a checksum of two."""
    for raw in vectors():
        yield from (raw, raw[1:-2])


def decodes_alone(node: ast.FunctionDef) -> bool:
    """Tell whether a function is made to decode, and takes bytes alone."""
    required = node.args.args[: len(node.args.args) - len(node.args.defaults)]
    alone = len(required) == 1 and not any(default is None for default in node.args.kw_defaults)
    return (
        node.name.split("_")[0] in DECODING
        and alone
        and required[0].annotation is not None
        and ast.unparse(required[0].annotation) in {"bytes", "bytes | bytearray"}
    )


def _call(decode: Callable[[bytes], object], data: bytes) -> None:
    decode(data)


def layouts() -> Iterator[Target]:
    """Yield a target for each payload that is declared."""
    for name, layout in every_layout().items():
        yield Target(
            f"layout {name}",
            partial(_call, layout.unpack),
            (bytes(layout.size), *vectors()),
            _UNPACK,
            _REMOTE,
            vague=True,
        )


_REMOTE = (RemoteProtocolError,)
_UNPACK = ("protocols.layout:Layout.unpack",)


def vendors() -> Iterator[Target]:
    """Yield the targets of each vendor folder: its kinds of messages, its conversations and its devices."""
    for name in vendor_names():
        profile = vendor(name)
        yield from _vendor(name, profile)
        for medium, other in profile.over.items():
            yield from _vendor(f"{name} over {medium}", other)


def _vendor(name: str, profile: VendorProfile) -> Iterator[Target]:
    """Yield the targets of a profile."""
    seeds = (*vectors(profile.name, "modbus", "sunspec"), *_spoken(profile), EMPTY)
    for kind in profile.kinds:
        yield Target(f"kind {name} {kind.name}", partial(_kind, kind), seeds, (), _REMOTE, vague=True)
    if profile.kinds:
        covered = ("protocols.decode:identify",)
        yield Target(f"kinds of {name}", partial(_identify, profile.kinds), seeds, covered, _REMOTE)
    yield Target(f"conversations of {name}", partial(_converse, profile), seeds, _CONVERSATIONS)
    yield Target(f"device of {name}", partial(_device, profile), seeds)
    if profile.push is not None:
        heard = (f"protocols.vendors.{profile.name}.codec:hear",)
        yield Target(f"reports to {name}", partial(_report, profile.push), seeds, heard, _REMOTE)


_CONVERSATIONS = (
    "protocols.exchange:Mapped.received",
    "protocols.exchange:Then.received",
    "protocols.modbus.exchange:_Transaction.received",
    "protocols.sunspec.walk:Walk.received",
)


def _report(push: Push, data: bytes) -> None:
    answer = push.hear(data, NOON, 30.0).answer
    assert len(answer) <= MOST_HELD


def _spoken(profile: VendorProfile) -> Iterator[bytes]:
    """Yield what our side and an emulated device of the vendor say to each other."""
    responder = profile.responder(_scripted(profile))
    for exchange in _exchanges(profile):
        step = exchange.start()
        for _ in range(_STEPS):
            if not isinstance(step, Send):
                break
            yield step.datagram
            answers = responder.answer(step.datagram, 0.0)
            yield from answers
            step = exchange.received(answers[0]) if answers else exchange.timed_out()


def _modbus(data: bytes) -> bytes:
    return data[:-2] + crc16_modbus(data[:-2]).to_bytes(2, "little")


def _payload(data: bytes) -> bytes:
    return data[:-2] + crc16_modbus(data[:-2]).to_bytes(2, "big")


def _radio(data: bytes) -> bytes:
    body = data[:10] + _payload(data[10:-1])
    return body + crc8_xor(body).to_bytes()


def _l2(data: bytes) -> bytes:
    start = max(data.find(b"\xfb\xfb"), 0) + 2
    return data[:-4] + (sum(data[start:-4]) & 0xFFFF).to_bytes(2, "big") + b"\xfe\xfe"


def _mended(data: bytes) -> tuple[bytes, ...]:
    """Return an input as it is, and with each checksum that may fit: behind a wrong one no decoder is reached."""
    return (data, *(mend(data) for mend in (_modbus, _payload, _radio, _l2)))


def _in_fragments(asked: bytes, payload: bytes) -> tuple[bytes, ...]:
    """Return a payload as the fragments that answer a request by radio."""
    pieces = split(_payload(payload[:_MOST_PAYLOAD] + bytes(2)), FRAGMENT_BYTES, _MOST_PAYLOAD)
    inverter, dtu = int.from_bytes(asked[1:5], "big"), int.from_bytes(asked[5:9], "big")
    frames = (
        RadioFrame(asked[0] | ANSWER, inverter, dtu, piece.number | (LAST if piece.last else 0), piece.data)
        for piece in pieces
    )
    return tuple(frame.encode() for frame in frames)


_MOST_PAYLOAD = 160  # bytes of the longest answer by radio, and some more


def _kind(kind: Kind, data: bytes) -> None:
    half = len(data) // 2
    wholes = _mended(data)
    attempts: tuple[tuple[Sequence[bytes], bytes | None], ...] = (
        *(((whole,), None) for whole in wholes),
        *(((whole,), whole) for whole in wholes),
        (_in_fragments(_ASKED, data), None),
        ((data[:half], data[half:]), None),
        ((), data),
    )
    refusals = []
    for frames, request in attempts:
        try:
            kind.decode(frames, request)
        except RemoteProtocolError as error:
            refusals.append(error)
    if len(refusals) == len(attempts):
        raise refusals[0]


_ASKED = bytes.fromhex("15 72220143 78563412 80")


def _identify(kinds: Sequence[Kind], data: bytes) -> None:
    identify(kinds, (data,))


COMMANDS = (WMaxLimPct(55.0), Conn(on=False), Restart(), AlarmReset(), Activate(permitted=True))


def _exchanges(profile: VendorProfile) -> list[Exchange[Any]]:
    serial = _serial(profile)
    station = Station(serial, 7 if profile.node is None else profile.node(serial), _HOST)
    polls = [profile.poll(station, item, NOON) for item in profile.poll_plan]
    records = [] if profile.records is None else [profile.records.read(station, profile.records.most, NOON)]
    orders = [profile.command(station, each, NOON) for each in COMMANDS if type(each) in profile.commands]
    return [profile.join(station, NOON), *polls, *records, *orders, *_meetings(profile, serial)]


def _meetings(profile: VendorProfile, serial: str) -> list[Exchange[Any]]:
    """Return the conversations in which an address is found."""
    ways = profile.pairing
    return [] if ways is None else [ways.pair(serial, _HOST, frozenset()), ways.find(serial, _HOST)]


def _converse(profile: VendorProfile, data: bytes) -> None:
    """Hear an input in every conversation."""
    for heard in _mended(data):
        for exchange in _exchanges(profile):
            _end(profile, exchange, partial(_whatever, heard))
    for exchange in _exchanges(profile):
        _end(profile, exchange, lambda asked: _in_fragments(asked, data))


def _whatever(heard: bytes, _: bytes) -> tuple[bytes]:
    """Return what is heard, whatever was asked."""
    return (heard,)


def _end(profile: VendorProfile, exchange: Exchange[Any], said: Callable[[bytes], Sequence[bytes]]) -> None:
    """Hear the same at every step until a conversation ends."""
    step = exchange.start()
    for _ in range(_STEPS):
        for datagram in said(step.datagram) if isinstance(step, Send) else ():
            if not isinstance(step, Done | Failed):
                step = exchange.received(datagram)
        if isinstance(step, Done | Failed):
            break
        step = exchange.timed_out()
    else:
        raise AssertionError("the conversation does not end")
    if isinstance(step, Done) and isinstance(step.value, dict):
        profile.events(step.value)


def _device(profile: VendorProfile, data: bytes) -> None:
    responder = profile.responder(_scripted(profile))
    for heard in _mended(data):
        responder.concerns(heard)
        assert sum(map(len, responder.answer(heard, 1.0))) <= MOST_ANSWERED


def _scripted(profile: VendorProfile) -> ScriptedDevice:
    model = next(iter(profile.models.values()))
    return ScriptedDevice(_serial(profile), model, running(model.ports))


def _serial(profile: VendorProfile) -> str:
    """Return a serial of the vendor's: ranges are of numbers that serials show in hexadecimal."""
    return f"{profile.serials[0][0]:012X}" if profile.serials else "TEST00001"
