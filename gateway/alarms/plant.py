"""What alarms belong to: slots, and above each its branch, its gateway and the site."""

from collections.abc import Mapping
from typing import TypeAlias

from config.alarms import Level
from config.site import Site

SITE = "site"

Tree: TypeAlias = Mapping[str, Mapping[str, tuple[str, ...]]]  # gateway id → branch id → slots


def gateway_subject(gateway: str) -> str:
    """Return the subject that stands for a gateway: its target in the command contract."""
    return f"gateway/{gateway}"


def branch_subject(branch: str) -> str:
    """Return the subject that stands for a branch: its target in the command contract."""
    return f"branch/{branch}"


class Plant:
    """The subjects of a site; a slot's subject is its id. Branch ids and slots must be unique in the site."""

    def __init__(self, tree: Tree) -> None:
        self.branches: dict[str, tuple[str, ...]] = {}
        self._above: dict[str, dict[Level, str]] = {SITE: {Level.SITE: SITE}}
        self._levels = {SITE: Level.SITE}
        for gateway, branches in tree.items():
            at_gateway = self._add(gateway_subject(gateway), Level.GATEWAY, SITE)
            for branch, slots in branches.items():
                at_branch = self._add(branch_subject(branch), Level.BRANCH, at_gateway)
                self.branches[at_branch] = tuple(self._add(slot, Level.UNIT, at_branch) for slot in slots)

    @classmethod
    def of(cls, site: Site) -> "Plant":
        """Return the subjects of a site file."""
        return cls(
            {
                gateway.id: {branch.id: tuple(unit.id for unit in branch.inverters) for branch in gateway.branches}
                for gateway in site.gateways
            }
        )

    def _add(self, subject: str, level: Level, parent: str) -> str:
        if subject in self._above:
            raise ValueError(f"{subject} stands in the plant twice")
        self._above[subject] = self._above[parent] | {level: subject}
        self._levels[subject] = level
        return subject

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return all that alarms can belong to."""
        return tuple(self._levels)

    def level(self, subject: str) -> Level | None:
        """Return what a subject is; None if the plant has no such subject."""
        return self._levels.get(subject)

    def above(self, subject: str, level: Level) -> str | None:
        """Return the subject of a level that another one belongs to (or is); None below it."""
        return self._above[subject].get(level)

    def below(self, subject: str) -> set[str]:
        """Return a subject and all that belong to it."""
        return {other for other, above in self._above.items() if subject in above.values()}
