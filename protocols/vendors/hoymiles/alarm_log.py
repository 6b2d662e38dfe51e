"""The alarm log: a word that is 1, then up to 15 records of 12 bytes, oldest first.

    byte 0     2       4      6     8      10
         word  number  start  end   data 1 data 2
         0134  0002    6a7e   eb74  04c5   0ad1        code 308, number 2, 07:34:22 to 16:44:36
         8001  0001    3aa5   3aa5  0000   0000        code 1, the inverter started, at 04:10:13

Word: bits 0-11 code, bit 12 the end is in the afternoon, bit 13 the start is, bit 15 momentary. Times are seconds of
the half day by the clock that the requests set: UTC. An end of 0 means: not over.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from protocols.errors import RemoteProtocolError
from protocols.points import Channel
from protocols.vendors.hoymiles import layout as y

MAX_RECORDS = 15
_HEAD = 2
HALF_DAY_S = 43_200
DAY_S = 2 * HALF_DAY_S
_CODE, _END_PM, _START_PM, _MOMENTARY = 0x0FFF, 0x1000, 0x2000, 0x8000
CLOCK_SET = 2  # code whose data are the signed seconds by which the clock was moved


@dataclass(frozen=True, slots=True)
class AlarmEntry:
    """One record; times are seconds of the day in UTC, `end_s` None while it is not over."""

    code: int
    number: int
    start_s: int
    end_s: int | None
    data1: int = 0
    data2: int = 0
    momentary: bool = False
    word: int = 0  # as it was received

    @property
    def standing(self) -> bool:
        """Tell whether it is not over."""
        return self.end_s is None


def unpack_entry(record: bytes) -> AlarmEntry:
    """Return the record in 12 bytes. Raises RemoteProtocolError for times that no clock shows."""
    raw = {channel.point: value for channel, value in y.ALARM_RECORD.unpack(record).items()}
    word, number, start, end, data1, data2 = (int(raw[point] or 0) for point in _POINTS)
    momentary = bool(word & _MOMENTARY)
    over = momentary or end or word & _END_PM
    return AlarmEntry(
        code=word & _CODE,
        number=number,
        start_s=start + HALF_DAY_S * bool(word & _START_PM),
        end_s=end + HALF_DAY_S * bool(word & _END_PM) if over else None,
        data1=data1,
        data2=data2,
        momentary=momentary,
        word=word,
    )


_POINTS = (y.ALRM_WORD, y.ALRM_NUMBER, y.ALRM_START, y.ALRM_END, y.ALRM_DATA1, y.ALRM_DATA2)


def pack_entry(entry: AlarmEntry) -> bytes:
    """Return the record in 12 bytes."""
    start, end = entry.start_s % DAY_S, (entry.end_s or 0) % DAY_S
    word = entry.code | (_START_PM if start >= HALF_DAY_S else 0) | (_END_PM if end >= HALF_DAY_S else 0)
    raws = (
        word | (_MOMENTARY if entry.momentary else 0),
        entry.number,
        start % HALF_DAY_S,
        end % HALF_DAY_S,
        entry.data1,
        entry.data2,
    )
    return y.ALARM_RECORD.pack({Channel(point): raw for point, raw in zip(_POINTS, raws, strict=True)})


def unpack(payload: bytes) -> tuple[AlarmEntry, ...]:
    """Return the records of an alarm log, in their order. Raises RemoteProtocolError when it is none."""
    records, size = payload[_HEAD:], y.ALARM_RECORD.size
    if len(payload) < _HEAD or len(records) % size or len(records) > MAX_RECORDS * size:
        raise RemoteProtocolError(f"an alarm log of {len(payload)} bytes")
    return tuple(unpack_entry(records[at : at + size]) for at in range(0, len(records), size))


def pack(entries: Iterable[AlarmEntry]) -> bytes:
    """Return the alarm log with these records."""
    return y.FIRST_WORD.to_bytes(_HEAD, "big") + b"".join(pack_entry(entry) for entry in entries)


def clock_moved_s(entry: AlarmEntry) -> int:
    """Return by how many seconds the clock was moved, for a record of that code."""
    return int.from_bytes(entry.data1.to_bytes(2, "big") + entry.data2.to_bytes(2, "big"), "big", signed=True)
