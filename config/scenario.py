"""The scenario file: a plant, what is done to it, and what must come of it. Read by `opencombiner hil`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from config.section import Id, Section
from config.site import Act, Emulation, Location

MAX_EVENTS = 2000  # after loops; a day of clouds, minute by minute, takes 1440
MAX_EXPECTATIONS = 500
MAX_UNITS = 1000  # of a sketched branch
LONGEST_S = 8 * 86400.0  # a week, and the night after it
NOON = datetime(2026, 6, 21, 11, 30, tzinfo=UTC)  # near solar noon at the default place
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S)]
Target = Annotated[str, Field(max_length=60, description="site, gateway/ID, branch/ID, or a slot")]


class Sketch(Section):
    """A plant in a few lines: equal units, by branch; slots are BRANCH-1, BRANCH-2 and so on."""

    role: str = "m-combiner"
    model: Annotated[str | None, Field(description="left out: the first model of the vendor")] = None
    branches: dict[Id, Annotated[int, Field(ge=1, le=MAX_UNITS)]] = Field(default_factory=lambda: {"b1": 1})
    first_serial: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9A-Za-z]{0,13}[0-9]{1,16}$",
            description="its digits at the end are counted up; left out: one of the vendor's",
        ),
    ] = None
    poll_s: Annotated[float, Field(ge=0.5, le=3600)] = 5.0
    link: dict[str, str] = Field(default_factory=dict, description="settings of the gateway's link, but the url")
    location: Location = Location(latitude=52.09, longitude=5.12, timezone="Europe/Amsterdam")
    emulation: Emulation = Emulation(clouds="clear", grid="still")


class Event(Act):
    """Something that is done: an act of `config.instruments`, when, and a name to refer to it."""

    at_s: Annotated[float | None, Field(ge=0, le=LONGEST_S, description="since the run began")] = None  # type: ignore[assignment]
    after_s: Annotated[float | None, Field(ge=0, le=LONGEST_S, description="since the event before")] = None
    at: Annotated[str | None, Field(description="time of day of the plant, 06:30 or 06:30:00; or ISO 8601")] = None
    id: Id | None = None

    @model_validator(mode="after")
    def _one_time(self) -> "Event":
        if sum(each is not None for each in (self.at_s, self.after_s, self.at)) > 1:
            raise ValueError("the event has two times; keep one of at_s, after_s and at")
        return self


class Alarm(Section):
    """A change of an alarm, as the gateway tells it."""

    code: Annotated[int | None, Field(ge=1, le=999, description="left out: any alarm")] = None
    of: Target
    becomes: Literal["raised", "cleared", "latched", "acked", "reset", "locked_out", "suppressed"] = "raised"


class Listed(Section):
    """The list of a subject's alarms at the end of the window."""

    of: Target
    codes: Annotated[tuple[int, ...], Field(max_length=100)] = ()


class Trip(Section):
    """A device's own record of a trip: from the crossing of the limit, or from the event, to the open relay.

    Without a window of its own it must lie within [0.9 t - 40 ms, t + 100 ms] of the profile's stage.
    """

    code: Annotated[int, Field(ge=1, le=10)]
    of: Target
    stage: Annotated[int | None, Field(ge=1, le=9)] = None
    counts_from: Literal["crossing", "event"] = "crossing"


class Reconnect(Section):
    """A unit that did not feed in does so again."""

    of: Target


class State(Section):
    """The operating state of a unit. `throughout`: in the whole window, else once in it."""

    of: Target
    is_in: Annotated[tuple[str, ...], Field(min_length=1, max_length=9)]
    throughout: bool = False


class Led(Section):
    """What the lamp of a unit shows, as red_slow."""

    of: Target
    shows: str


class Comparison(Section):
    """What a value must be; several hold together."""

    above: float | None = None
    below: float | None = None
    equals: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _judges(self) -> "Comparison":
        if (self.above, self.below, self.equals) == (None, None, None):
            raise ValueError("nothing is compared; add above, below or equals")
        return self


class Mqtt(Comparison):
    """A message: its topic below BASE/SITE/, and a value in it by path, as `limit_pct` or `0.code`."""

    topic: Annotated[str, Field(max_length=200)]
    path: Annotated[str, Field(max_length=200)] = ""
    throughout: bool = False


class Energy(Section):
    """The energy counter of a slot, or of the site: how much it grows in the window; it may never fall.

    `agrees_pct`: it grows by what the power that was told comes to, up to so many per cent, or 2 Wh.
    """

    of: Target = "site"
    at_least_wh: Annotated[float | None, Field(ge=0)] = None
    at_most_wh: Annotated[float | None, Field(ge=0)] = None
    agrees_pct: Annotated[float | None, Field(gt=0, le=100)] = None


class Answer(Section):
    """The gateway's answer to an operator's event."""

    to: Id
    status: Literal["ok", "error"] = "ok"
    error: str | None = None


KINDS = ("alarm", "listed", "trip", "reconnect", "state", "led", "mqtt", "energy", "answer")


class Expectation(Section):
    """One thing that must happen, or with `never` must not, in a window that counts from an event or the beginning."""

    alarm: Alarm | None = None
    listed: Listed | None = None
    trip: Trip | None = None
    reconnect: Reconnect | None = None
    state: State | None = None
    led: Led | None = None
    mqtt: Mqtt | None = None
    energy: Energy | None = None
    answer: Answer | None = None
    since: Annotated[Id | None, Field(description="id of an event; left out: the beginning of the run")] = None
    not_before_s: Seconds | None = None
    within_s: Annotated[Seconds | None, Field(description="left out: by the end of the run")] = None
    never: bool = False
    note: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _one_kind(self) -> "Expectation":
        if len(self.kinds) != 1:
            raise ValueError(f"an expectation is of one kind; write one of {', '.join(KINDS)}")
        if self.not_before_s is not None and self.within_s is not None and self.not_before_s > self.within_s:
            raise ValueError("the window is empty; let not_before_s lie before within_s")
        if self.never and (self.energy or any(asked and asked.throughout for asked in (self.state, self.mqtt))):
            raise ValueError("never says nothing of a counter, nor of what lasts; say what must be, without it")
        return self

    @property
    def kinds(self) -> list[str]:
        """Return the kinds that are set: one."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]


class Scenario(Section):
    """One scenario."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    about: Annotated[str, Field(max_length=2000)] = ""
    standard: Annotated[str, Field(max_length=200, description="the test that it is named after")] = ""
    parameters: dict[Id, str] = Field(default_factory=dict, max_length=50)
    matrix: dict[Id, tuple[str, ...] | Literal["all"]] = Field(
        default_factory=dict,
        max_length=5,
        description="runs once for each combination; all: every grid profile, or every role",
    )
    applies: Annotated[bool, Field(description="false: the scenario makes no sense with this grid profile")] = True
    grid_profile: str = "eu_en_50549_1_2019"
    plant: Sketch | None = None
    site: Annotated[Path | None, Field(description="a site file beside this one, in place of `plant`")] = None
    start: Annotated[AwareDatetime, Field(description="wall clock when the run begins, virtual time only")] = NOON
    clock: Annotated[Literal["trusted", "guessed"], Field(description="guessed: there is no NTP yet")] = "trusted"
    seed: int = 1
    timeline: Annotated[tuple[Event, ...], Field(max_length=MAX_EVENTS)] = ()
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1, max_length=MAX_EXPECTATIONS)]
    lasts_s: Annotated[float | None, Field(gt=0, le=LONGEST_S, description="left out: until all is judged")] = None

    @model_validator(mode="after")
    def _one_plant(self) -> "Scenario":
        if (self.plant is None) is (self.site is None):
            raise ValueError("there is no plant, or two; write plant or site")
        return self
