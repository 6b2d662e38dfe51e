"""Formatting: rows in, tables and lines out."""

from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from config.site import Site
from opencombiner.catalogue import AlarmRow
from opencombiner.report import LinkRow, Report
from opencombiner.view import View


def headline(rows: Report) -> str:
    """Return the site and its place in one line."""
    return f"{rows.site} at {rows.latitude:.2f}, {rows.longitude:.2f}, time zone {rows.timezone}"


def library_table(rows: Iterable[tuple[str, ...]]) -> Table:
    """Return the scenarios of the library."""
    return _table("Scenarios", ("name", "what it tests", "standard", "grid profiles", "runs"), rows)


def report_tables(rows: Report) -> Iterator[Table]:
    """Yield the report on a site."""
    yield _table(
        "Links",
        ("gateway", "link", "units", "one poll", "a round", "poll period"),
        (
            (
                *(row.gateway, f"{row.url}\n{row.adapter}", str(row.units)),
                *(f"{row.transaction_s:.2f} s", f"{row.cycle_s:.1f} s", _period(row)),
            )
            for row in rows.links
        ),
    )
    yield _table(
        "Branches",
        ("gateway", "branch", "breaker", "units", "load", "permitted", "used"),
        (
            (
                *(row.gateway, row.branch, f"{row.breaker_a} A", row.units, f"{row.drawn_a:.2f} A"),
                *(row.permitted or "no figure", "" if row.used_pct is None else f"{row.used_pct} %"),
            )
            for row in rows.branches
        ),
    )
    yield _table(
        "Inverters",
        ("slot", "serial", "model", "gateway", "branch", "node"),
        (
            (row.slot, row.serial, row.model, row.gateway, row.branch, str(row.node or "to be paired"))
            for row in rows.inverters
        ),
    )


def alarm_tables(rows: Sequence[AlarmRow]) -> Iterator[Table]:
    """Yield the alarm catalogue: all alarms in short, then each in full."""
    yield _table(
        "Alarms",
        ("code", "name", "of", "priority", "latching", "LED"),
        ((str(row.code), row.name, row.level, row.priority, row.latching, row.led or "") for row in rows),
    )
    for row in rows:
        yield _table(f"{row.code} {row.name}", ("", ""), _alarm_lines(row), header=False)


def _alarm_lines(row: AlarmRow) -> Iterator[tuple[str, str]]:
    yield "cause", row.cause
    yield "means", row.consequence
    yield "remedy", row.remedy
    yield "latching", f"{row.latching}, to be acknowledged" if row.acknowledge else row.latching
    for rule in row.escalation:
        yield f"call {rule.call}", f"when {rule.when}: {rule.advice}"
    if row.led:
        yield "LED", row.led
    yield "source", row.source


def _period(row: LinkRow) -> str:
    asked = "" if row.period_s == row.poll_s else f", asked {row.poll_s:.1f} s"
    return f"{row.period_s:.1f} s{asked}"


def show(tables: Iterable[Table]) -> None:
    """Print tables on standard output."""
    console = Console(highlight=False, markup=False)
    for table in tables:
        console.print(table)


_LIVE = (  # column, topic below the slot, key, format
    ("W", "state", "p_ac_w", "{:.1f}"),
    ("AC V", "state", "v_ac_v", "{:.1f}"),
    ("DC V", "ch/1/state", "v_dc_v", "{:.1f}"),
    ("°C", "state", "t_case_c", "{:.0f}"),
    ("Wh today", "state", "e_day_wh", "{:,}"),
    ("state", "state", "state", "{}"),
    ("reach", "availability", "state", "{}"),
    ("quality", "state", "quality", "{}"),
)


def live_table(view: View, site: Site) -> Table:
    """Return the plant as it was last heard of."""
    table = _empty(live_line(view), ("slot", "model"), "\n".join(view.news))
    for column, _, _, form in _LIVE:
        table.add_column(column, justify="left" if form == "{}" else "right")
    table.add_column("alarms")
    for gateway in site.gateways:
        for branch in gateway.branches:
            for unit in branch.inverters:
                table.add_row(unit.id, unit.model, *_cells(view, unit.id), _alarms(view, unit.id))
            table.add_section()
    return table


def _alarms(view: View, slot: str) -> str:
    return " ".join(str(code) for code in view.alarms(slot))


def live_line(view: View) -> str:
    """Return the site's sums in one line."""
    totals = view.at("site/state")
    if not totals:
        return "waiting for the first answers"
    power = _form(totals.get("p_ac_w"), "{:,.0f} W")
    today = _form(totals.get("e_day_wh"), "{:,} Wh")
    return f"{power} now, {today} today, {totals.get('reporting')} of {totals.get('expected')} units report"


def _cells(view: View, slot: str) -> Iterator[str]:
    for _, leaf, key, form in _LIVE:
        yield _form(view.at(f"inverter/{slot}/{leaf}").get(key), form)


def _form(value: object, form: str) -> str:
    """Return a value as a user reads it; a value of another kind than the form expects is shown as it is."""
    try:
        return "-" if value is None else form.format(value)
    except ValueError:
        return str(value)


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, header: bool = True) -> Table:
    table = _empty(title, columns, header=header)
    for row in rows:
        table.add_row(*row)
    return table


def _empty(title: str, columns: tuple[str, ...], caption: str | None = None, *, header: bool = True) -> Table:
    """Return a table that fits a terminal of 80 columns."""
    table = Table(
        title=title,
        caption=caption,
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=0,
        show_header=header,
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
