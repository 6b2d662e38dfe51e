"""The alarm catalogue: which alarms there are, how each one lives, which of them hide or stand for others."""

from collections import Counter
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.document import parse, read
from config.loader import typed
from config.packaged import packaged
from config.section import Section

Code = Annotated[int, Field(ge=1, le=999)]
Tag = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Seconds = Annotated[float, Field(ge=0, le=604_800, description="s")]
Share = Annotated[float, Field(gt=0, le=1)]
Text = Annotated[str, Field(min_length=1, max_length=600)]


class Priority(Enum):
    """How soon somebody must act."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    def raised(self, steps: int) -> "Priority":
        """Return the priority so many steps higher, the highest at most."""
        order = list(Priority)
        return order[min(order.index(self) + steps, len(order) - 1)]


class Latching(Enum):
    """What ends an alarm once its condition is gone."""

    AUTO = "auto"  # nothing more
    DAY = "day"  # the next start of production after the dark, or a reset
    MANUAL = "manual"  # a reset
    AUTO_LOCKOUT = "auto+lockout"  # nothing more, until it came too often: then as DAY


class Level(Enum):
    """What an alarm belongs to, from the smallest to the largest."""

    UNIT = "unit"
    BRANCH = "branch"
    GATEWAY = "gateway"
    SITE = "site"


class Call(Enum):
    """Who is to be called when an alarm keeps coming."""

    OWNER = "owner"
    INSTALLER = "installer"
    DISTRIBUTOR = "distributor"
    GRID_OPERATOR = "grid_operator"


class Scope(Enum):
    """How many units of the branch must show the alarm for a rule to apply."""

    ANY = "any"
    ALONE = "alone"  # this unit, or fewer than `shared_at` of its branch
    SHARED = "shared"  # `shared_at` of its branch or more


class Deadband(Section):
    """How far a value must come back behind its limit before the condition is over: limit x ratio + offset."""

    side: Annotated[Literal["above", "below"], Field(description="on which side of the limit the condition holds")]
    ratio: Annotated[float, Field(gt=0, le=10)] = 1.0
    offset: Annotated[float, Field(description="in the unit of the limit")] = 0.0
    unit: Annotated[str, Field(max_length=8)]

    def holds(self, value: float, limit: float, *, before: bool) -> bool:
        """Tell whether the condition holds now, given whether it did `before`."""
        edge = limit * self.ratio + self.offset if before else limit
        return value > edge if self.side == "above" else value < edge


class Lockout(Section):
    """How many raises within which time turn an alarm that ends by itself into a latched one."""

    count: Annotated[int, Field(ge=2, le=50)]
    within_s: Annotated[Seconds, Field(gt=0)]


class Escalation(Section):
    """What "occurs frequently" means, and who is to be called.

    `count` raises within `within_s`, or the condition standing for `standing_s`; once per `within_s`.
    """

    tag: Tag
    call: Call
    count: Annotated[int, Field(ge=1, le=50)] = 1
    within_s: Annotated[Seconds, Field(gt=0)] = 86_400.0
    standing_s: Annotated[Seconds | None, Field(gt=0)] = None
    scope: Scope = Scope.ANY
    cause: Annotated[str | None, Field(max_length=120, description="only when the alarm has this cause")] = None
    advice: Text

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if self.standing_s is not None and (self.count > 1 or self.scope is not Scope.ANY):
            raise ValueError("a rule counts raises or waits; use standing_s without count and scope")
        return self


class AlarmDef(Section):
    """One alarm: the rationalisation of IEC 62682, a row of data.

    Both `on_polls` successive polls and `on_delay_s` must pass before it is raised.
    """

    code: Code
    tag: Tag
    name: Text
    level: Level
    priority: Priority
    severity: Annotated[int, Field(ge=1, le=1000, description="OPC UA's scale")]
    on_polls: Annotated[int, Field(ge=1, le=100)] = 1
    on_delay_s: Seconds = 0.0
    off_delay_s: Seconds
    deadband: Deadband | None = None
    latching: Latching
    lockout: Lockout | None = None
    ack: Annotated[bool, Field(description="an operator must have seen it before it goes")]
    realarm_s: Annotated[Seconds | None, Field(ge=60, description="an acknowledged alarm that stands asks again")] = (
        None
    )
    shelve_max_s: Annotated[Seconds, Field(gt=0)] = 86_400.0
    site_fault: Annotated[bool, Field(description="the site counts as faulty while it stands")] = True
    led: Literal["red quick", "red slow", "red solid"] | None = None
    cause: Text
    consequence: Text
    remedy: Text
    escalation: tuple[Escalation, ...] = ()
    source: Text

    @property
    def latches(self) -> bool:
        """Tell whether the alarm stays after its condition, also without a lockout."""
        return self.latching in (Latching.DAY, Latching.MANUAL)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.lockout is not None) is not (self.latching is Latching.AUTO_LOCKOUT):
            raise ValueError("lockout and latching auto+lockout go together; set both or neither")
        if self.latches and not self.ack:
            raise ValueError("a latching alarm asks to be acknowledged; set ack: true")
        if repeated := _repeated(rule.tag for rule in self.escalation):
            raise ValueError(f"escalation rule {repeated} stands here twice; give each a tag of its own")
        return self


class Hide(Section):
    """While one alarm stands, others at its subject and below are suppressed by design: it explains them."""

    holder: Code
    at: Annotated[Level, Field(description="level of the alarm that hides")]
    hide: Annotated[tuple[Code, ...], Field(min_length=1)]


class Dark(Section):
    """What the want of light explains: alarms suppressed by design, and alarms neither raised nor cleared."""

    hide: tuple[Code, ...] = ()
    freeze: tuple[Code, ...] = ()


class Group(Section):
    """When many units raise the same code, one alarm says so.

    With `branch` and `site` that alarm stands for theirs; without, it bears their code, `steps` of priority higher.
    `within_s` None: whenever they came.
    """

    codes: Annotated[tuple[Code, ...], Field(min_length=1)]
    share: Share
    least: Annotated[int, Field(ge=2, le=1000, description="units; fewer make no group")]
    within_s: Seconds | None = None
    branch: Code | None = None
    site: Code | None = None
    cause: Annotated[str | None, Field(max_length=120)] = None
    steps: Annotated[int, Field(ge=0, le=2)] = 0


class FirstOut(Section):
    """Which of several alarms came first: within a time, and by this order of codes when the instants are equal."""

    within_s: Seconds
    order: tuple[Code, ...]


class Load(Section):
    """When alarms come too fast for a person (figures of IEC 62682)."""

    flood_above: Annotated[int, Field(ge=1, description="raises within flood_s")]
    flood_ends_below: Annotated[int, Field(ge=1)]
    flood_s: Annotated[Seconds, Field(gt=0)]
    chatter_count: Annotated[int, Field(ge=2)]
    chatter_s: Annotated[Seconds, Field(gt=0)]
    stale_s: Annotated[Seconds, Field(gt=0)]


class Catalogue(Section):
    """All alarms and the rules between them."""

    alarms: Annotated[tuple[AlarmDef, ...], Field(min_length=1)]
    hides: tuple[Hide, ...] = ()
    dark: Dark = Dark()
    groups: tuple[Group, ...] = ()
    first_out: FirstOut
    load: Load
    shared_at: Annotated[Share, Field(description="share of a branch from which an alarm is not one unit's own")]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if repeated := _repeated(str(row.code) for row in self.alarms):
            raise ValueError(f"code {repeated} stands here twice; give each alarm a code of its own")
        if repeated := _repeated(row.tag for row in self.alarms):
            raise ValueError(f"tag {repeated} stands here twice; give each alarm a tag of its own")
        levels = {row.code: row.level for row in self.alarms}
        if wrong := [hide for hide in self.hides if levels.get(hide.holder, hide.at) is not hide.at]:
            raise ValueError(f"code {wrong[0].holder} is no alarm of a {wrong[0].at.value}; give its level as `at`")
        if unknown := sorted(self._mentioned() - set(levels)):
            raise ValueError(f"code {unknown[0]} is in a rule but is no alarm; list it under alarms")
        return self

    def _mentioned(self) -> set[int]:
        codes = {*self.first_out.order, *self.dark.hide, *self.dark.freeze}
        for hide in self.hides:
            codes |= {*hide.hide, hide.holder}
        for group in self.groups:
            codes |= set(group.codes) | {code for code in (group.branch, group.site) if code is not None}
        return codes

    def by_code(self) -> dict[int, AlarmDef]:
        """Return the alarms by their codes."""
        return {row.code: row for row in self.alarms}


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Return the catalogue of a file, by default our own; raises SiteRefusedError, a ConfigError, with every error."""
    if path is not None:
        return typed(path, read(path), Catalogue)
    ours = Path("alarms.yaml")
    return typed(ours, parse(ours, packaged(ours.name).read_text("utf-8")), Catalogue)


def _repeated(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)
