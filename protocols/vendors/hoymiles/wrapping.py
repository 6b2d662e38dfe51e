"""Radio frames in whatever they were captured: bare, from a DTU's UART, off the air, or reassembled already."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from protocols.decode import Fields
from protocols.errors import RemoteProtocolError
from protocols.framing.fragments import Collector, Fragment
from protocols.modems import cmt2300a, radio_bridge
from protocols.modems.radio_frame import ANSWER, FRAGMENT_BYTES, FULL_FRAME, MAX_FRAME, Main, RadioFrame, decode
from protocols.vendors.hoymiles.requests import MAX_FRAGMENTS, Information, opened

MAX_FRAMES = 64  # of one message: an answer has twelve, and a capture may hold some of them twice


def unwrapped(blob: bytes) -> RadioFrame:
    """Return the radio frame in captured bytes. Raises RemoteProtocolError with the reason of the bare form."""
    reasons = []
    for candidate in (blob, *_bridged(blob), *_aired(blob)):
        try:
            return decode(candidate)
        except RemoteProtocolError as error:
            reasons.append(error)
    raise reasons[0]


def _bridged(blob: bytes) -> Iterator[bytes]:
    if len(blob) > 2 and (blob[0], blob[-1]) == (radio_bridge.START, radio_bridge.END):
        yield blob[1:-1]
        yield from radio_bridge.Deframer(stuffed=True).feed(blob)


def _aired(blob: bytes) -> Iterator[bytes]:
    for read in (cmt2300a.frame_of, cmt2300a.off_air):
        try:
            yield read(blob)
        except RemoteProtocolError:
            continue


def apart(blobs: Sequence[bytes]) -> list[bytes]:
    """Return frames one by one; those captured in one piece are cut at a bridge's marks, or after full frames."""
    return [frame for blob in blobs for frame in (_cut(blob) if len(blob) > MAX_FRAME else (blob,))]


def _cut(blob: bytes) -> Sequence[bytes]:
    for stuffed in (True, False):
        deframer = radio_bridge.Deframer(stuffed=stuffed)
        found = deframer.feed(blob)
        if found and not deframer.dropped_bytes and not len(deframer):
            return found
    found = [blob[at : at + FULL_FRAME] for at in range(0, len(blob), FULL_FRAME)]
    try:
        for frame in found:
            decode(frame)
    except RemoteProtocolError:
        return (blob,)
    return found


def one(frames: Sequence[bytes]) -> RadioFrame:
    """Return the only frame of a message. Raises RemoteProtocolError."""
    if len(frames) != 1:
        raise RemoteProtocolError(f"{len(frames)} frames instead of one")
    return unwrapped(frames[0])


def head(frame: RadioFrame) -> dict[str, str | int | float | None]:
    """Return the fields that every frame has."""
    return {
        "main_cmd": f"0x{frame.main:02X}",
        "inverter": f"{frame.inverter:08x}",
        "dtu": f"{frame.dtu:08x}",
        "frame_idx": frame.index,
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request for information, or what of it was captured.

    `parts` are (place in the payload, bytes); `frame` is its first frame, None where only the payload was captured.
    """

    parts: tuple[tuple[int, bytes], ...]
    whole: bool
    frame: RadioFrame | None = None
    ended: bool = True  # the last fragment is among the parts
    fields: Fields = field(default_factory=dict)

    @property
    def payload(self) -> bytes:
        """Return the payload of a whole answer."""
        return self.parts[0][1]

    @property
    def unchecked(self) -> bool:
        """Tell whether no checksum says that these bytes are an answer."""
        return self.fields.get("crc16") == "none"

    @property
    def repeats_inverter(self) -> bool:
        """Tell whether the answer does not name its DTU: then HM and MI sent it, or nobody knows."""
        return self.frame is None or self.frame.dtu == self.frame.inverter


def answer(frames: Sequence[bytes], request: bytes | None, kinds: Iterable[int]) -> Answer:
    """Return an answer to a request of one of the data types `kinds`. Raises RemoteProtocolError."""
    asked = None if request is None else unwrapped(request)
    if asked is not None and Information(asked).kind not in kinds:
        raise RemoteProtocolError("the request asks for something else")
    found = _reassembled(frames)
    if asked is not None and found.frame is not None and found.frame.inverter != asked.inverter:
        raise RemoteProtocolError("another inverter answers")
    return found


def _reassembled(frames: Sequence[bytes]) -> Answer:
    frames = apart(frames)
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise RemoteProtocolError(f"{len(frames)} frames, 1 to {MAX_FRAMES} are possible")
    try:
        heard = [unwrapped(frame) for frame in frames]
    except RemoteProtocolError:
        if len(frames) == 1 and not _is_framed(frames[0]):
            return _bare(frames[0])
        raise
    first = heard[0]
    if first.main != Main.INFORMATION | ANSWER or any(
        (f.main, f.inverter) != (first.main, first.inverter) for f in heard
    ):
        raise RemoteProtocolError("no answer to a request for information")
    collector, pieces = Collector(MAX_FRAGMENTS), {}
    for frame in heard:
        collector.add(Fragment(frame.number, frame.last, frame.payload))
        pieces[frame.number] = frame.payload
    fields = {name: value for name, value in head(first).items() if name != "frame_idx"} | {"fragments": len(pieces)}
    if collector.missing is None:
        return Answer(((0, opened(collector.payload)),), True, first, fields=fields)
    parts = tuple((FRAGMENT_BYTES * (number - 1), pieces[number]) for number in sorted(pieces))
    return Answer(parts, False, first, collector.ended, fields)


def _is_framed(blob: bytes) -> bool:
    """Tell whether bytes begin as a radio frame or a message of a DTU does: no payload of a living unit does."""
    in_the_air = blob[:1] == bytes((max(len(blob) - _AIR_BYTES, 0) & 0xFF,)) and blob[1:2] in _HEADS
    on_a_wire = blob[:1] == radio_bridge.START.to_bytes() and blob[1:2] in _HEADS
    return blob[:1] in _HEADS or in_the_air or on_a_wire or blob.startswith(_TCP)


_HEADS = frozenset(bytes((main | answer,)) for main in Main for answer in (0, ANSWER))
_AIR_BYTES = 3  # around a frame: its length before it, CRC-16 behind it
_TCP = b"HM"


def _bare(blob: bytes) -> Answer:
    """Return a payload that was captured without its frames, with its CRC-16 or, last of all, without."""
    try:
        return Answer(((0, opened(blob)),), True)
    except RemoteProtocolError:
        return Answer(((0, blob),), True, fields={"crc16": "none"})
