"""What a test takes into its hands: the plant, the grid, the medium, the gateway, the clock of one stack."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from config.bench import ACTS, WORD_OF
from emulator.inverter import Inverter
from hil.live import Live
from protocols.errors import ConfigError

STEP_S = 0.1  # between two looks at a condition


class _Hands:
    """Does acts of some instruments, which `acts` names."""

    acts: frozenset[str]

    def __init__(self, live: Live) -> None:
        self._live = live

    def act(self, name: str, *, event: str = "", **args: object) -> None:
        """Do an act of docs/hil.md; units by slot. `event` names it, for expectations that count from it.

        Raises ConfigError for what is not in the vocabulary, InstrumentError for what cannot be done.
        """
        if name not in self.acts:
            raise ConfigError(f"there is no act {name!r} here; use one of {', '.join(sorted(self.acts))}")
        self._live.act(name, args, event)


def _of(words: Iterable[str], *, on_link: bool = False) -> frozenset[str]:
    return frozenset(act for act in ACTS if WORD_OF[act] in words and (act in _MEDIUM) is on_link)


_MEDIUM = frozenset(act for act, known in ACTS.items() if "gateway" in known)


class Plant(_Hands):
    """The units on the roof and the light on them."""

    acts = _of(("pvsim", "der"))

    def measured(self) -> Mapping[str, float]:
        """Return what a meter beside the plant shows now: grid.v, grid.hz, site.w, SLOT.w, SLOT.v, SLOT.st."""
        return self._live.measure()

    def unit(self, slot: str) -> Inverter:
        """Return the emulated unit in a slot, with all that is true of it."""
        return self._live.lab.plant.units[self._live.serial(slot)]


class Grid(_Hands):
    """The mains and the branch breakers."""

    acts = _of(("gridsim", "switch"))


class Medium(_Hands):
    """The way between the gateway and the units; `gateway` may be left out where there is one."""

    acts = _MEDIUM

    def act(self, name: str, *, event: str = "", **args: object) -> None:
        """Do an act, see `Plant.act`."""
        known = [one.id for one in self._live.lab.site.gateways]
        super().act(name, event=event, **({"gateway": known[0]} if len(known) == 1 else {}), **args)


class Gateway(_Hands):
    """The gateway and its broker, seen from MQTT: topics are below BASE/SITE/."""

    acts = _of(("hil",)) - {"clock_step", "clock_trust"}

    def said(self, topic: str) -> Any:
        """Return what was last said on a topic, read as JSON; None when nothing was."""
        heard = self._live.lab.stand.trace.on(topic)
        return heard[-1].said() if heard else None

    def history(self, topic: str) -> list[tuple[float, Any]]:
        """Return all that was said on a topic with the seconds since the beginning."""
        return [(heard.at_s, heard.said()) for heard in self._live.lab.stand.trace.on(topic)]

    def alarms(self, subject: str) -> list[int]:
        """Return the codes of the alarms that are listed of a slot, of branch/ID, gateway/ID, or of site."""
        below = subject if subject == "site" or "/" in subject else f"inverter/{subject}"
        return sorted(alarm["code"] for alarm in self.said(f"{below}/alarms") or ())

    def expect(self, **expectation: object) -> None:
        """Let time pass until an expectation of docs/hil.md can be judged; raises AssertionError unless it passes.

        >>> gateway.expect(alarm={"code": 5, "of": "roof-1"}, since="high", within_s=20)  # doctest: +SKIP
        """
        self._live.expect(expectation)


class Clock:
    """Time, which passes when it is told to; and the wall clock of the gateway's machine."""

    def __init__(self, live: Live) -> None:
        self._live = live

    @property
    def now(self) -> float:
        """Return the seconds since the beginning."""
        return self._live.now

    @property
    def utc(self) -> float:
        """Return what the wall clock shows, s since 1970-01-01T00:00Z."""
        return self._live.lab.clock.offset + self._live.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._live.advance(seconds)

    def until(self, condition: Callable[[], object], within_s: float) -> float:
        """Let time pass until a condition holds, return how long it took; raises AssertionError after `within_s`."""
        began = self.now
        while not condition():
            if self.now - began >= within_s:
                raise AssertionError(f"not so within {within_s:g} s")
            self.advance(STEP_S)
        return self.now - began

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as NTP does."""
        self._live.act("clock_step", {"seconds": seconds})

    def trust(self, trust: str) -> None:
        """Say whether the gateway may believe the wall clock: trusted, guessed."""
        self._live.act("clock_trust", {"trust": trust})
