"""Find out what a captured message is, from its bytes and whatever hints there are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from protocols.errors import RemoteProtocolError
from protocols.events import Event
from protocols.points import Channel, Value

Fields: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a message says: quantities by channel, events, and every other field by its name.

    `plausible` is False when the bytes fit the form but no real device would send these values.
    """

    values: Mapping[Channel, Value] = field(default_factory=dict)
    events: frozenset[Event] = frozenset()
    fields: Fields = field(default_factory=dict)
    serial: str | None = None
    plausible: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message; `decode` takes its frames and the request that it answers, if that is known.

    It raises RemoteProtocolError when the frames are damaged or cannot be of this kind. `suits` tells whether a device
    with a certain serial sends such messages, None where serials do not matter.
    """

    name: str
    decode: Callable[[Sequence[bytes], bytes | None], Decoded]
    suits: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message was taken for. `guessed`: the bytes alone do not tell: other kinds fit too."""

    kind: str
    decoded: Decoded
    guessed: bool
    alternatives: tuple[str, ...]


def identify(
    kinds: Sequence[Kind],
    frames: Sequence[bytes],
    *,
    wanted: str | None = None,
    request: bytes | None = None,
    serial: str | None = None,
) -> Verdict:
    """Return what `frames` are: the kind `wanted`, else the first in the declared order that fits plausibly.

    Where a serial is known, kinds that do not suit it are left out, and those that do come first.
    Raises RemoteProtocolError with the reason when nothing fits, LookupError when there is no kind of that name.
    """
    if wanted is not None:
        named = [kind for kind in kinds if kind.name == wanted]
        if not named:
            raise LookupError(f"no kind {wanted!r}; there are {', '.join(kind.name for kind in kinds)}")
        return Verdict(wanted, named[0].decode(frames, request), guessed=False, alternatives=())
    found: list[tuple[Kind, Decoded]] = []
    reasons: list[str] = []
    suited = {kind.name: kind.suits(serial) for kind in kinds if kind.suits is not None and serial is not None}
    for kind in kinds:
        if not suited.get(kind.name, True):
            continue
        try:
            found.append((kind, kind.decode(frames, request)))
        except RemoteProtocolError as error:
            reasons.append(str(error))
    if not found:
        raise RemoteProtocolError("; ".join(dict.fromkeys(reasons)))
    found.sort(key=lambda match: (not match[1].plausible, match[0].name not in suited))  # stable: the order stays
    kind, decoded = found[0]
    others = tuple(other.name for other, _ in found[1:])
    guessed = (bool(others) and request is None) or not decoded.plausible
    return Verdict(kind.name, decoded, guessed, others)
