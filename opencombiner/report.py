"""What `check` says of a site: rows, for tables and JSON alike."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.branch import branch_load
from config.findings import Finding, setting
from config.loader import LoadedSite
from config.plant import branches, cycle, nodes, profile_of
from config.roles import ROLES
from config.site import Gateway


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A gateway's link and the poll cycle to expect on it, times in s."""

    gateway: str
    role: str
    url: str
    medium: str
    adapter: str
    units: int
    transaction_s: float
    cycle_s: float
    poll_s: float
    period_s: float


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch, its load and what its breaker takes; the last three are None where no manual has a figure."""

    gateway: str
    branch: str
    breaker_a: int
    units: str
    drawn_a: float
    permitted: str | None
    used_pct: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class InverterRow:
    """A slot, the unit in it and the address that it gets, None where pairing finds it."""

    slot: str
    serial: str
    model: str
    gateway: str
    branch: str
    node: int | None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """An error or a warning."""

    severity: str
    file: str
    line: int | None
    column: int | None
    setting: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Report:
    """A site that may run."""

    site: str
    latitude: float
    longitude: float
    timezone: str
    links: tuple[LinkRow, ...]
    branches: tuple[BranchRow, ...]
    inverters: tuple[InverterRow, ...]


def report(loaded: LoadedSite) -> Report:
    """Return the report on a site that its checks admitted."""
    site = loaded.site
    return Report(
        site=site.id,
        latitude=site.location.latitude,
        longitude=site.location.longitude,
        timezone=site.location.timezone,
        links=tuple(_link(gateway) for gateway in site.gateways),
        branches=tuple(_branches(loaded)),
        inverters=tuple(row for gateway in site.gateways for row in _inverters(gateway)),
    )


def finding_rows(path: Path, findings: Iterable[Finding]) -> list[FindingRow]:
    """Return findings as rows."""
    return [
        FindingRow(
            severity=finding.severity.value,
            file=str(path),
            line=finding.mark.line if finding.mark else None,
            column=finding.mark.column if finding.mark else None,
            setting=setting(finding.loc),
            problem=finding.problem,
            remedy=finding.remedy,
        )
        for finding in findings
    ]


def _link(gateway: Gateway) -> LinkRow:
    expected, link = cycle(gateway), gateway.link
    return LinkRow(
        gateway=gateway.id,
        role=ROLES[gateway.role].title,
        url=link.url,
        medium=link.medium,
        adapter=link.adapter,
        units=len(nodes(gateway)),
        transaction_s=round(expected.transaction_s, 3),
        cycle_s=round(expected.cycle_s, 2),
        poll_s=expected.poll_s,
        period_s=round(expected.period_s, 2),
    )


def _branches(loaded: LoadedSite) -> Iterator[BranchRow]:
    for _, gateway, branch in branches(loaded.site):
        load = branch_load(branch, profile_of(gateway).models)
        yield BranchRow(
            gateway=gateway.id,
            branch=branch.id,
            breaker_a=branch.breaker_a,
            units=load.text,
            drawn_a=load.drawn_a,
            permitted=load.limit.permitted if load.limit else None,
            used_pct=round(load.limit.used * 100) if load.limit else None,
            source=load.limit.source if load.limit else None,
        )


def _inverters(gateway: Gateway) -> Iterator[InverterRow]:
    addresses = nodes(gateway)
    for branch in gateway.branches:
        for unit in branch.inverters:
            yield InverterRow(
                slot=unit.id,
                serial=unit.serial,
                model=unit.model,
                gateway=gateway.id,
                branch=branch.id,
                node=addresses[unit.serial],
            )
