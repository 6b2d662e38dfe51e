"""Alarms for tests of what is said about them: none, or those that a test sets."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.alarms import AlarmDef, Catalogue, load_catalogue
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Command
from gateway.alarms.derive import SiteStatus
from gateway.alarms.engine import Standing
from gateway.alarms.reset import Answer
from gateway.alarms.rows import Entry
from gateway.alarms.service import Summary

CATALOGUE = load_catalogue()


@dataclass
class ScriptedJournal:
    """Entries that a test puts, and those that were told and acknowledged."""

    entries: list[Entry] = field(default_factory=list)
    done: list[Entry] = field(default_factory=list)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, *entries: Entry) -> None:
        self.entries += entries
        self.stirred.set()

    async def next(self) -> Entry:
        while not self.entries:
            self.stirred.clear()
            await self.stirred.wait()
        return self.entries[0]

    def told(self, entry: Entry) -> None:
        self.entries.remove(entry)
        self.done.append(entry)


@dataclass
class ScriptedAlarms:
    """Answers every command in one way, and keeps it."""

    lists: dict[str, list[Standing]] = field(default_factory=dict)
    journal: ScriptedJournal = field(default_factory=ScriptedJournal)
    answer: Answer = field(default_factory=lambda: Refused("not_supported", "nobody is here"))
    taken: list[Command] = field(default_factory=list)
    catalogue: Catalogue = CATALOGUE

    @property
    def subjects(self) -> Sequence[str]:
        return tuple(self.lists)

    def standing(self, subject: str) -> Sequence[Standing]:
        return self.lists.get(subject, ())

    def summary(self) -> Summary:
        shown = [each.row.name for alarms in self.lists.values() for each in alarms]
        return Summary(SiteStatus.FAULTY if shown else SiteStatus.NORMAL, len(shown), next(iter(shown), None))

    def row(self, subject: str, code: int) -> AlarmDef | None:  # noqa: ARG002 - one catalogue for all subjects
        return self.catalogue.by_code().get(code)

    def command(self, command: Command) -> "asyncio.Future[Answer]":
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        answer.set_result(self.answer)
        self.taken.append(command)
        return answer
