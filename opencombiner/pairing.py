"""The command `pair`: bring units to their gateway, one after the other, and keep the addresses that they have."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import typer

from config.plant import nodes, profile_of
from config.site import Gateway, Inverter, Site
from drivers.link import Link, Urgency
from drivers.registry import open_link, settings_of
from drivers.stream import open_stream
from drivers.together import first_of
from drivers.transport import ByteStream, Opener
from gateway.fleet import pump
from gateway.rows import PairedRow, addresses
from gateway.store import Store
from opencombiner.exit_code import ExitCode
from opencombiner.lifetime import run_until_stopped
from opencombiner.pairing_view import Tell, bars
from protocols.errors import LinkDownError, OpenCombinerError
from protocols.exchange import Done, Failed, Step
from protocols.pairing import PairingExchange, PairingWays, Placed, Progress

START_S = 60.0  # for an adapter to be ready: coordinators take 8 to 20 s, after a hang some more


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gateway and those of its units that are to be paired."""

    gateway: Gateway
    ways: PairingWays
    inverters: Sequence[Inverter]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a unit: its address, or None and the reason with what to do; `remark` for either."""

    slot: str
    serial: str
    node: int | None
    remark: str = ""

    @property
    def text(self) -> str:
        """Return it as a line."""
        said = f"{self.slot} ({self.serial}): "
        said += "not paired" if self.node is None else f"paired, its address is {self.node} (0x{self.node:04X})"
        return f"{said}: {self.remark}" if self.remark else said


@dataclass(slots=True)
class _Watched:
    """A pairing that tells how far it is after each step."""

    inner: PairingExchange
    tell: Callable[[Progress], None]

    def start(self) -> Step[Placed]:
        """Begin."""
        return self._told(self.inner.start())

    def received(self, datagram: bytes) -> Step[Placed]:
        """Pass on what was heard."""
        return self._told(self.inner.received(datagram))

    def timed_out(self) -> Step[Placed]:
        """Pass on the end of the window."""
        return self._told(self.inner.timed_out())

    def _told(self, step: Step[Placed]) -> Step[Placed]:
        self.tell(self.inner.progress)
        return step


def wanted(
    site: Site, rows: Sequence[PairedRow], *, gateway: str | None = None, serials: Sequence[str] = ()
) -> list[Wanted]:
    """Return the units that are named, else all that have no address yet. Raises typer.BadParameter."""
    chosen = {one.id: one for one in site.gateways if gateway in (None, one.id)}
    if not chosen:
        raise typer.BadParameter(f"there is no gateway {gateway!r}; known: {', '.join(g.id for g in site.gateways)}")
    pairing = {name: ways for name, one in chosen.items() if (ways := profile_of(one).pairing) is not None}
    if not pairing:
        raise typer.BadParameter("these units need no pairing: they have fixed addresses, or get theirs when polled")
    found = [Wanted(chosen[name], ways, list(_units(chosen[name], rows, serials))) for name, ways in pairing.items()]
    strangers = set(serials) - {inverter.serial for each in found for inverter in each.inverters}
    if strangers:
        raise typer.BadParameter(f"no unit of the site file that pairs has the serial {', '.join(sorted(strangers))}")
    return [each for each in found if each.inverters]


def _units(gateway: Gateway, rows: Sequence[PairedRow], serials: Sequence[str]) -> Iterator[Inverter]:
    known = _known(gateway, rows)
    for branch in gateway.branches:
        for inverter in branch.inverters:
            if inverter.serial in serials or not (serials or known.get(inverter.serial)):
                yield inverter


def _known(gateway: Gateway, rows: Sequence[PairedRow]) -> dict[str, int | None]:
    return nodes(gateway, addresses(rows, gateway.id, gateway.host))


@dataclass(slots=True)
class Pairer:
    """Pairs the units of one gateway over its link, and stores each address at once."""

    store: Store
    tell: Tell
    opener: Opener = open_stream
    verdicts: list[Verdict] = field(default_factory=list)

    async def run(self, group: Wanted, known: Mapping[str, int | None]) -> None:
        """Pair a gateway's units; the adapter is started for each, without what it says at the end of a start.

        Raises OpenCombinerError when its port cannot be opened or the adapter does not start.
        """
        gateway, nodes_now = group.gateway, dict(known)
        settings = settings_of(gateway.link.medium, gateway.link, gateway.host, greet=False)
        for inverter in group.inverters:
            link = open_link(gateway.link.medium, gateway.id, settings, self._open_now)
            await first_of(link.run(), self._pair(group, link, inverter, nodes_now))

    async def _open_now(self, url: str, *, baud: int) -> ByteStream:
        """Open the port, or say why not: whoever stands before it need not wait for it."""
        try:
            return await self.opener(url, baud=baud)
        except LinkDownError as error:
            raise OpenCombinerError(str(error)) from error

    async def _pair(self, group: Wanted, link: Link, inverter: Inverter, known: dict[str, int | None]) -> None:
        serial, host, everybody = inverter.serial, group.gateway.host, group.ways.everybody
        others = frozenset(node for other, node in known.items() if node is not None and other != serial)
        pairing = _Watched(group.ways.pair(serial, host, others), partial(self.tell, serial))
        await _ready(link, everybody)
        async with link.claim(everybody, Urgency.COMMAND) as port:
            result = (await pump.run(port, pairing)).result
        match result:
            case Done(placed):
                known[serial] = placed.node
                self.store.put([PairedRow(group.gateway.id, serial, placed.node, host)])
                self.verdicts.append(Verdict(inverter.id, serial, placed.node, _remark(inverter, placed.node)))
            case Failed(cause, detail):
                self.verdicts.append(Verdict(inverter.id, serial, None, detail or cause.value))


def _remark(inverter: Inverter, node: int) -> str:
    if inverter.node in (None, node):
        return ""
    return f"the site file says {inverter.node}, which wins: take `node` out of it"


async def _ready(link: Link, everybody: int) -> None:
    """Wait for the adapter. Raises LinkDownError with the reason when it does not become ready."""
    try:
        async with asyncio.timeout(START_S):
            await link.wait_up()
    except TimeoutError:
        async with link.claim(everybody, Urgency.COMMAND):
            pass  # it became ready in this instant


def command(site: Site, gateway: str | None, serials: Sequence[str]) -> ExitCode:
    """Pair units, show bars meanwhile and a line for each in the end. Raises ConfigError while a daemon runs."""
    store, verdicts = Store(site.state_dir), list[Verdict]()
    try:
        rows = store.rows(PairedRow)
        groups = wanted(site, rows, gateway=gateway, serials=serials)
        with bars() as tell:
            pairer = Pairer(store, tell, verdicts=verdicts)
            stopped = run_until_stopped(lambda stop: pair(pairer, groups, rows, stop))
    finally:
        store.close()
        for verdict in verdicts:
            typer.echo(verdict.text, err=verdict.node is None)
    if not groups:
        typer.echo("every unit has its address")
    if store.pending:
        raise OpenCombinerError(f"{store.path}: the addresses could not be stored")
    return ExitCode.INTERRUPTED if stopped else judged(verdicts)


def judged(verdicts: Iterable[Verdict]) -> ExitCode:
    """Return what the exit code says of verdicts."""
    return ExitCode.OK if all(verdict.node is not None for verdict in verdicts) else ExitCode.FAILED


async def pair(pairer: Pairer, groups: Sequence[Wanted], rows: Sequence[PairedRow], stop: asyncio.Event) -> bool:
    """Pair until all is done or somebody stops it, which is told; the verdicts are the pairer's."""

    async def all_of_them() -> None:
        for group in groups:
            await pairer.run(group, _known(group.gateway, rows))

    await first_of(stop.wait(), all_of_them())
    return stop.is_set()
