"""How well a unit can be reached, and whether its silence is a fault or the night."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from gateway.snapshot import CommState
from protocols.points import DCV, DCW, Channel, Number, Value, W
from protocols.profile import Model
from protocols.states import InvSt


class Light(Enum):
    """What the sun's position says about the units' supply."""

    NIGHT = "night"
    TWILIGHT = "twilight"  # some have light, some do not; also while sleepers are given time to wake
    DAY = "day"
    UNSEEN = "unseen"  # the clock is guessed, so the sun's position is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When light is light and silence is silence; elevations in degrees."""

    night_deg: float = 3.0  # below it no module gives enough to start a unit
    day_deg: float = 6.0  # the noon sun of midwinter in Helsinki: higher up there would be no day at all
    high_deg: float = 12.0  # the sun needs at least 24 minutes from `day_deg` to here anywhere on earth
    wake_s: float = 1800.0  # time to wake: start-up takes 2-5 minutes, and modules may be shaded at dawn
    asleep_misses: int = 3
    lost_misses: int = 5
    longest_night_s: float = 86_400.0  # with no clock: silence longer than this is no night
    window: int = 20  # conversations that the success ratio looks back on
    degraded_below: float = 0.8
    online_from: float = 0.9


DEFAULTS = Thresholds()
_DIM_SHARE = 0.05  # of rated power: a unit that runs on less may be dark before its next poll


class Daylight:
    """Turns the sun's elevation into light, with time to wake after dawn."""

    def __init__(self, thresholds: Thresholds = DEFAULTS) -> None:
        self._limits = thresholds
        self._up_since: float | None = None

    def observe(self, now: float, elevation_deg: float | None) -> Light:
        """Return the light at `now` (loop time, s); elevation None means that the clock is guessed."""
        if elevation_deg is None:
            self._up_since = None
            return Light.UNSEEN
        if elevation_deg < self._limits.day_deg:
            self._up_since = None
            return Light.NIGHT if elevation_deg < self._limits.night_deg else Light.TWILIGHT
        if self._up_since is None:
            self._up_since = now
        awake = elevation_deg >= self._limits.high_deg or now - self._up_since >= self._limits.wake_s
        return Light.DAY if awake else Light.TWILIGHT


def is_dim(model: Model, state: InvSt | None, values: Mapping[Channel, Value]) -> bool:
    """Tell whether a unit's last values show so little light that it may fall silent next.

    Some devices tell AC power less often than DC power: the smaller of the two is the newer in the evening.
    """
    volts = [v for c in _DC_VOLTS[: model.ports] if isinstance(v := values.get(c), Number)]
    if state is InvSt.SLEEPING or (volts and max(volts) < model.dc_start_v):
        return True
    if state not in _AT_WORK:
        return False
    inputs = [w for c in _DC_WATTS[: model.ports] if isinstance(w := values.get(c), Number)]
    ac = values.get(_POWER)
    powers = ([ac] if isinstance(ac, Number) else []) + ([sum(inputs)] if inputs else [])
    return bool(powers) and min(powers) < _DIM_SHARE * model.rated_w


_AT_WORK = (InvSt.RUNNING, None)  # None: a device that does not tell its state
_POWER = Channel(W)
_DC_WATTS = tuple(Channel(DCW, port) for port in range(1, 17))
_DC_VOLTS = tuple(Channel(DCV, port) for port in range(1, 17))  # no microinverter has more inputs

# What silence means, by light and by whether the unit is excused: dim when last heard, asleep, or never heard.
VERDICTS = {
    (Light.NIGHT, True): CommState.ASLEEP,
    (Light.NIGHT, False): CommState.ASLEEP,
    (Light.TWILIGHT, True): CommState.ASLEEP,
    (Light.TWILIGHT, False): CommState.LOST,
    (Light.DAY, True): CommState.LOST,
    (Light.DAY, False): CommState.LOST,
    (Light.UNSEEN, True): CommState.ASLEEP,
    (Light.UNSEEN, False): CommState.LOST,
}


class Comm:
    """The reachability of one unit. It moves only when a conversation ends, so it needs no timer.

    A lost unit stays lost over night until it answers: night excuses silence that begins in the dark, no other.
    """

    def __init__(self, thresholds: Thresholds = DEFAULTS) -> None:
        self.state = CommState.UNKNOWN
        self.misses = 0
        self._limits = thresholds
        self._excused = True
        self._light = Light.UNSEEN
        self._silent_since: float | None = None
        self._history: list[bool] = []

    def answered(self, *, dim: bool) -> CommState:
        """Take note of an answer; `dim` as `is_dim` says."""
        return self._heard(dim=dim, useful=True)

    def refused(self, *, dim: bool) -> CommState:
        """Take note of an answer that is a refusal: the unit is there, and of no use; too many of them degrade it."""
        return self._heard(dim=dim, useful=False)

    def _heard(self, *, dim: bool, useful: bool) -> CommState:
        if self.state in (CommState.ASLEEP, CommState.LOST):
            self._history.clear()
        self.misses = 0
        self._silent_since = None
        self._excused = dim
        self._remember(answered=useful)
        self.state = self._judge_ratio(CommState.ONLINE)
        return self.state

    def missed(self, now: float, light: Light) -> CommState:
        """Take note of a conversation that failed at `now` (loop time, s)."""
        if light is Light.DAY and self._light is not Light.DAY:
            self.misses = 0  # misses of the time to wake do not count
        self._light = light
        self.misses += 1
        self._silent_since = now if self._silent_since is None else self._silent_since
        self._remember(answered=False)
        if self.state is not CommState.LOST:
            self.state = self._judge_silence(now, light)
        return self.state

    def unheard(self) -> CommState:
        """Forget the verdict: the link is down, and nobody can be heard; who sleeps sleeps on."""
        self.misses = 0
        self._silent_since = None
        if self.state is not CommState.ASLEEP:
            self.state = CommState.UNKNOWN
        return self.state

    def _judge_silence(self, now: float, light: Light) -> CommState:
        verdict = VERDICTS[light, self._excused]
        if verdict is CommState.ASLEEP and self.misses >= self._limits.asleep_misses:
            self._excused = True
            return CommState.LOST if light is Light.UNSEEN and self._too_long(now) else CommState.ASLEEP
        if verdict is CommState.LOST and self.misses >= self._limits.lost_misses:
            return CommState.LOST
        return self._judge_ratio(self.state)

    def _too_long(self, now: float) -> bool:
        return self._silent_since is not None and now - self._silent_since > self._limits.longest_night_s

    def _remember(self, *, answered: bool) -> None:
        self._history.append(answered)
        if len(self._history) > self._limits.window:
            del self._history[0]

    def _judge_ratio(self, state: CommState) -> CommState:
        """Return DEGRADED instead of ONLINE when too many of the last conversations failed."""
        if state not in (CommState.ONLINE, CommState.DEGRADED) or len(self._history) * 2 < self._limits.window:
            return state
        was_degraded = self.state is CommState.DEGRADED
        needed = self._limits.online_from if was_degraded else self._limits.degraded_below
        return CommState.DEGRADED if sum(self._history) < needed * len(self._history) else CommState.ONLINE
