"""The command line: what a user types, and the exit code that answers."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from config.checks import admit
from config.findings import Finding, SiteRefusedError
from config.fleet import MAX_UNITS, WHOLE, shard_of
from config.loader import LoadedSite, load_site
from config.packaged import packaged
from drivers.clock import SystemClock
from gateway import log
from opencombiner.errors import Commands
from opencombiner.exit_code import EPILOG, ExitCode
from opencombiner.lifetime import run_until_stopped
from protocols.errors import ConfigError

app = typer.Typer(
    name="opencombiner",
    cls=Commands,
    help="The gateway of a microinverter plant as open software.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SitePath = Annotated[Path, typer.Argument(metavar="SITE", help="the site file", show_default=False, readable=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Level = Annotated[log.Level, typer.Option("--log-level", help="The least severe lines to log.")]
Form = Annotated[
    log.Format,
    typer.Option("--log-format", help="auto: for people on a terminal, for journald under systemd, else JSON."),
]


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if not value:
        return
    from importlib import metadata  # noqa: PLC0415 - its import costs more than most commands need

    try:
        typer.echo(f"opencombiner {metadata.version('opencombiner')}")
    except metadata.PackageNotFoundError:
        typer.echo("opencombiner, not installed: run from a checkout")
    raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before any command."""


@app.command(epilog=EPILOG)
def check(site: SitePath, *, as_json: AsJson = False) -> None:
    """Check a site file; show links, branch loads, inverters and the poll cycle to expect."""
    from opencombiner.report import finding_rows, report  # noqa: PLC0415 - memory that the daemon can do without
    from opencombiner.tables import headline, report_tables, show  # noqa: PLC0415 - the same

    clock = SystemClock()
    try:
        loaded = load_site(site, clock)
        warnings = admit(loaded)
    except SiteRefusedError as error:
        if as_json:
            _print_json({"ok": False, "findings": [asdict(row) for row in finding_rows(site, error.findings)]})
        raise
    rows = report(loaded)
    if as_json:
        findings = [asdict(row) for row in finding_rows(site, warnings)]
        _print_json({"ok": True, **asdict(rows), "findings": findings})
    else:
        typer.echo(headline(rows))
        show(report_tables(rows))
        _warn(site, warnings)


@app.command(epilog=EPILOG)
def run(site: SitePath, *, log_level: Level = "info", log_format: Form = "auto") -> None:
    """Run the gateway of a site until it is stopped. A broker or a modem that is away is waited for."""
    tap = log.LogTap()
    log.configure(log_level, log_format, tap=tap)
    _serve(site, tap)


@app.command(epilog=EPILOG)
def capture(
    site: SitePath,
    *,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The pcapng file to write; it must be new.", show_default=False)
    ],
    gateway: Annotated[
        str | None, typer.Option(metavar="ID", help="Capture this gateway's link only.", show_default=False)
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=1, help="End after this time.", show_default=False)] = None,
    log_level: Level = "info",
    log_format: Form = "auto",
) -> None:
    """Run the gateway and write every byte of its links to a file, which a link replay://FILE plays again."""
    tap = log.LogTap()
    log.configure(log_level, log_format, tap=tap)
    _serve(site, tap, out=out, gateway=gateway, seconds=seconds)


@app.command(epilog=EPILOG)
def redact(
    site: SitePath,
    taken: Annotated[Path, typer.Argument(metavar="IN", help="a file of `capture`", show_default=False)],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="the file to write", show_default=False)],
) -> None:
    """Write a capture anew with other serials, checksums right, and a site file that replays it beside it."""
    from opencombiner.redaction import redact as write  # noqa: PLC0415 - each command loads what it runs

    typer.echo(
        f"{out} and {write(load_site(site, SystemClock()).site, taken, out)} are written; look before you publish"
    )


@app.command(epilog=EPILOG)
def emulate(  # noqa: PLR0913 - an argument for each option
    site: SitePath,
    *,
    seed: Annotated[int | None, typer.Option(help="Seed instead of the site file's.", show_default=False)] = None,
    control: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Let instruments be used from there; no password.", show_default=False),
    ] = None,
    units: Annotated[
        int | None,
        typer.Option(
            min=1, max=MAX_UNITS, help="A fleet: so many, on copies of the first gateway's link.", show_default=False
        ),
    ] = None,
    shard: Annotated[
        str, typer.Option(metavar="I/K", help="Which of how many processes this is; with --units.")
    ] = WHOLE,
    base: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where link 0 of a fleet is; link 1 is on the next port.")
    ] = "127.0.0.1:20000",
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the shard's site file, for `run`.", show_default=False)
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Be one unit on the radio bridge there, for a real DTU.", show_default=False),
    ] = None,
    serial: Annotated[
        str | None, typer.Option(metavar="SERIAL", help="Which unit, with --link.", show_default=False)
    ] = None,
    log_level: Level = "info",
    log_format: Form = "auto",
) -> None:
    """Emulate the inverters of a site behind their modems until it is stopped."""
    if (link is None) != (serial is None):
        raise typer.BadParameter("--link and --serial go together: the bridge, and the unit of the site to be on it")
    if link is not None and control is not None:
        raise typer.BadParameter("--control is for a plant that this program serves, not for one unit with --link")
    if units is None and (shard != WHOLE or write is not None):
        raise typer.BadParameter("--shard and --write are for a fleet; say how many --units it has")
    if units is not None and (link is not None or control is not None):
        raise typer.BadParameter("--units is a fleet of its own; it goes neither with --link nor with --control")
    log.configure(log_level, log_format)
    loaded = _load(site)
    from opencombiner import emulation  # noqa: PLC0415 - each command loads what it runs

    with _placed(loaded):
        if units is not None:
            fleet, part = emulation.fleet_of(loaded, units, base), shard_of(shard)
            emulation.write_shard(fleet, part, write)
            run_until_stopped(lambda stop: emulation.emulate_fleet(fleet, part, seed, SystemClock(), stop))
        elif link is not None and serial is not None:
            run_until_stopped(
                lambda stop: emulation.stand_in(loaded.site, seed, SystemClock(), stop, link=link, serial=serial)
            )
        else:
            run_until_stopped(lambda stop: emulation.emulate(loaded.site, seed, SystemClock(), stop, control=control))


@app.command(epilog=EPILOG)
def pair(
    site: SitePath,
    serials: Annotated[
        list[str] | None, typer.Argument(metavar="SERIAL...", help="these units only", show_default=False)
    ] = None,
    *,
    gateway: Annotated[
        str | None, typer.Option(metavar="ID", help="Pair this gateway's units only.", show_default=False)
    ] = None,
    log_level: Level = "error",
    log_format: Form = "auto",
) -> None:
    """Pair units without an address while the gateway is stopped; they leave the gateway that they had."""
    log.configure(log_level, log_format)
    from opencombiner import pairing  # noqa: PLC0415 - each command loads what it runs

    loaded = _load(site)
    with _placed(loaded):
        raise typer.Exit(pairing.command(loaded.site, gateway, serials or ()))


@app.command(epilog=EPILOG)
def demo(
    *,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="End after this time; exit code 0 if data arrived, else 1.", show_default=False),
    ] = None,
) -> None:
    """Run an emulated plant, its gateway and a broker, and watch them live. Ctrl-C ends it all."""
    from opencombiner.demo import demo as watch  # noqa: PLC0415 - each command loads what it runs

    if not run_until_stopped(lambda stop: watch(SystemClock(), stop, seconds)) and seconds is not None:
        typer.echo(f"not every inverter was heard of within {seconds:g} s", err=True)
        raise typer.Exit(ExitCode.FAILED)


@app.command(epilog=EPILOG)
def decode(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="the make, as hoymiles", show_default=False)],
    frames: Annotated[
        list[str], typer.Argument(metavar="HEX...", help="the message, one argument a frame", show_default=False)
    ],
    *,
    kind: Annotated[
        str | None, typer.Option("--as", help="What it is; a wrong name lists the kinds.", show_default=False)
    ] = None,
    request: Annotated[str | None, typer.Option(help="The request that it answers.", show_default=False)] = None,
    serial: Annotated[str | None, typer.Option(help="Who sent it, if known.", show_default=False)] = None,
) -> None:
    """Decode captured bytes, offline, and print one JSON object."""
    from opencombiner.decoding import decode as explain  # noqa: PLC0415 - each command loads what it runs

    _print_json(explain(vendor, frames, kind, request, serial))


@app.command(epilog=EPILOG)
def init(
    site: Annotated[Path, typer.Argument(metavar="SITE", help="the site file to write")] = Path("site.yaml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Ask a few questions and write a commented site file."""
    from opencombiner.init import init as ask  # noqa: PLC0415 - each command loads what it runs

    if site.exists() and not force:
        raise typer.BadParameter(f"{site} is there already; name another file, or --force to write over it")
    _warn(site, ask(site, SystemClock()))
    typer.echo(f"{site} is written; next: opencombiner check {site}")


@app.command(epilog=EPILOG)
def alarms(*, as_json: AsJson = False) -> None:
    """Print the alarm catalogue: cause, remedy, latch, whom to call, and where each alarm comes from."""
    from config.alarms import load_catalogue  # noqa: PLC0415 - each command loads what it runs
    from opencombiner.catalogue import alarm_rows  # noqa: PLC0415 - the same
    from opencombiner.tables import alarm_tables, show  # noqa: PLC0415 - the same

    rows = alarm_rows(load_catalogue())
    if as_json:
        _print_json([asdict(row) for row in rows])
    else:
        show(alarm_tables(rows))


@app.command(epilog=EPILOG)
def schema() -> None:
    """Print the JSON schema of the site file."""
    from config.schema import schema as text  # noqa: PLC0415 - each command loads what it runs

    typer.echo(text(), nl=False)


@app.command(epilog=EPILOG)
def example() -> None:
    """Print a commented site file to start from."""
    typer.echo(packaged("example.yaml").read_text("utf-8"), nl=False)


hil = typer.Typer(help="Scripted grids and faults, and what must come of them.", epilog=EPILOG)
app.add_typer(hil, name="hil")
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="scenario files, folders of them, or names of the library; all: all of it"),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter, or pick out of a matrix.")
]


@hil.command("check", epilog=EPILOG)
def hil_check(files: Files, *, settings: Settings = None) -> None:
    """Check scenario files and show what they would run."""
    from opencombiner import hil as kit  # noqa: PLC0415 - each command loads what it runs

    kit.check(kit.cases_of(files, settings or ()))


@hil.command("run", epilog=EPILOG)
def hil_run(
    files: Files,
    *,
    report: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write report.html, report.json, junit.xml there.", show_default=False),
    ] = None,
    bench: Annotated[
        Path | None,
        typer.Option(metavar="BENCH", help="Run in real time on the bench of this file.", show_default=False),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes that share the work on virtual time.")] = 1,
    settings: Settings = None,
    log_level: Level = "error",
    log_format: Form = "auto",
) -> None:
    """Run scenarios against the whole stack on virtual time, or on a bench; the exit code is the verdict."""
    from opencombiner import hil as kit  # noqa: PLC0415 - each command loads what it runs

    log.configure(log_level, log_format)
    found, site = kit.bench_of(bench)
    raise typer.Exit(kit.run(kit.cases_of(files, settings or (), site), report, found, jobs))


@hil.command("list", epilog=EPILOG)
def hil_list(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="show all about these")] = None,
) -> None:
    """Show the scenarios that come with the package."""
    from opencombiner import hil as kit  # noqa: PLC0415 - each command loads what it runs

    kit.show_library(names or ())


@hil.command("schema", epilog=EPILOG)
def hil_schema() -> None:
    """Print the JSON schema of the scenario file."""
    from config.schema import scenario_schema  # noqa: PLC0415 - each command loads what it runs

    typer.echo(scenario_schema(), nl=False)


def _serve(
    path: Path, tap: log.LogTap, *, out: Path | None = None, gateway: str | None = None, seconds: float | None = None
) -> None:
    from opencombiner import serving  # noqa: PLC0415 - each command loads what it runs

    loaded = _load(path)
    recording = serving.recording_of(loaded.site)
    tape = None if out is None else serving.tape_of(loaded.site, out, gateway)

    async def main(stop: asyncio.Event) -> None:
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        await serving.serve(loaded, stop, tap, recording=recording, tape=tape)

    with _placed(loaded):
        run_until_stopped(main)


def _load(path: Path) -> LoadedSite:
    """Return a site that may run; its warnings are shown."""
    loaded = load_site(path, SystemClock())
    _warn(path, admit(loaded))
    return loaded


@contextmanager
def _placed(loaded: LoadedSite) -> Iterator[None]:
    """Tell where in the site file the setting stands that turned out wrong at run time."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(loaded.placed(str(error))) from error


def _warn(path: Path, warnings: Iterable[Finding]) -> None:
    for warning in warnings:
        typer.echo(warning.text(path), err=True)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="opencombiner")
