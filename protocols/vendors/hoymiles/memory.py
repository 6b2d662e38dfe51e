"""What an inverter remembers between two requests: its clock, its alarm log, where its day counters began."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from math import floor

from protocols.points import DCWH_DAY, DCWH_INJ, UP_TMS, Channel, Value
from protocols.profile import Device
from protocols.vendors.hoymiles.alarm_log import CLOCK_SET, DAY_S, MAX_RECORDS, AlarmEntry
from protocols.vendors.hoymiles.events import PRIMARY, PRIMARY_THREE_PHASE

Values = Mapping[Channel, Value]
STARTED = 1
CLOCK_SLACK_S = 5.0  # by which a request may move the clock without being noted
_WORD = 0x1_0000


class Memory:
    """The memory of one device; everything is learnt when somebody asks, but dated when it happened."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._codes = PRIMARY_THREE_PHASE if device.model.phases > 1 else PRIMARY
        self._entries: deque[AlarmEntry] = deque(maxlen=MAX_RECORDS)
        self._standing: frozenset[int] = frozenset()
        self._noted = 0  # entries ever
        self._told = 0  # number of the newest entry that was read
        self._utc_at_zero = 0.0  # the clock begins at 0 with every boot, until a request tells the time
        self._uptime_s: float | None = None
        self._began_wh: dict[Channel, float] = {}
        self._day: int | None = None
        self.events = 0  # the counter in the live payload
        self.kept_pct = 100.0  # the persistent limit

    def hear(self, utc: float, now: float) -> bool:
        """Take the time that a request tells, and note what has happened; tell whether the unit has booted since."""
        before = self._uptime_s
        uptime = self._device.values(now).get(Channel(UP_TMS))
        self._uptime_s = float(uptime) if isinstance(uptime, int | float) else 0.0
        booted = before is None or self._uptime_s < before
        moved_s = floor(utc - (self._uptime_s if booted else self._utc(now)))
        self._utc_at_zero = utc - now
        if booted:
            self._note(STARTED, utc - self._uptime_s, momentary=True)
            self._began_wh.clear()
        if abs(moved_s) >= CLOCK_SLACK_S:
            raw = moved_s & 0xFFFF_FFFF
            self._note(CLOCK_SET, utc, momentary=True, data=(raw >> 16, raw & 0xFFFF))
        self._follow_alarms(now)
        return booted and before is not None

    def _utc(self, now: float) -> float:
        return self._utc_at_zero + now

    def _follow_alarms(self, now: float) -> None:
        present = self._device.alarms(now)
        for alarm in sorted(present - self._standing):
            self._note(self._codes[alarm], self._since(alarm, now))
        for alarm in sorted(self._standing - present):
            self._end(self._codes[alarm], self._utc(now))
        self._standing = present

    def _since(self, alarm: int, now: float) -> float:
        """Return when an alarm began, UTC: as the device's own record tells, else now."""
        record = next((each for each in self._device.alarm_records(now) if each.code == alarm), None)
        ago_s = 0.0 if record is None else max(0.0, (self._uptime_s or 0.0) - record.crossed_ms / 1000)
        return self._utc(now) - ago_s

    def _note(self, code: int, utc: float, *, momentary: bool = False, data: tuple[int, int] = (0, 0)) -> None:
        self._noted += 1
        self.events = (self.events + 1) % _WORD
        second = int(utc) % DAY_S
        entry = AlarmEntry(code, self._noted % _WORD, second, second if momentary else None, *data, momentary)
        self._entries.append(entry)

    def _end(self, code: int, utc: float) -> None:
        self.events = (self.events + 1) % _WORD
        for place, entry in enumerate(self._entries):
            if entry.code == code and entry.standing:
                self._entries[place] = replace(entry, end_s=max(1, int(utc) % DAY_S))

    def log(self) -> tuple[AlarmEntry, ...]:
        """Return the alarm log, oldest first."""
        self._told = self._noted
        return tuple(self._entries)

    def pending(self) -> tuple[AlarmEntry, ...]:
        """Return what nobody has read yet."""
        fresh = min(self._noted - self._told, len(self._entries))
        self._told = self._noted
        return tuple(self._entries)[len(self._entries) - fresh :]

    def day_counters(self, values: Values, now: float) -> dict[Channel, Value]:
        """Return the energy of the day at each input: since the boot, or since the clock's midnight."""
        today = int(self._utc(now) // DAY_S)
        if self._day is not None and today != self._day:
            self._began_wh.clear()
        self._day = today
        totals = {c: float(v) for c, v in values.items() if c.point is DCWH_INJ and isinstance(v, int | float)}
        for channel, total in totals.items():
            self._began_wh.setdefault(channel, total)
        return {Channel(DCWH_DAY, c.port): int(total - self._began_wh[c]) for c, total in totals.items()}
