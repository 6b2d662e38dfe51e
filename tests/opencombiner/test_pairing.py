"""Pairing through the command's own code, against the emulated coordinator and its network on virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest
import typer

from config.site import Site
from drivers.stream import listen
from drivers.transport import ByteStream
from emulator.server import Plant
from gateway.rows import PairedRow
from gateway.snapshot import CommState
from gateway.store import Store
from opencombiner.exit_code import ExitCode
from opencombiner.pairing import Pairer, Verdict, command, judged, pair, wanted
from protocols.errors import ConfigError, LinkDownError, OpenCombinerError
from protocols.modems.znp.network import DEFAULT_ID
from protocols.pairing import Progress
from protocols.vendors.apsystems.pairing_side import PairingSide
from tests.support.daemon import described as power_line
from tests.support.daemon import running_daemon, running_plant
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run
from tests.support.zigbee_plant import DS3, QS1, SLOTS, YC600, described, keep, radio

LOSSY = {"loss": 0.1}


async def paired(
    site: Site, serials: Sequence[str] = (), seen: list[tuple[str, Progress]] | None = None
) -> list[Verdict]:
    """Run the command's work against a plant that is there."""
    store = Store(site.state_dir, inline=True)
    rows = store.rows(PairedRow)
    pairer = Pairer(store, lambda serial, progress: None if seen is None else seen.append((serial, progress)))
    try:
        await pair(pairer, wanted(site, rows, serials=serials), rows, asyncio.Event())
    finally:
        store.close()
    return pairer.verdicts


@pytest.mark.parametrize("seed", range(1, 6))
def test_pairing_works_under_a_tenth_of_loss_and_the_daemon_polls_what_it_found(tmp_path: Path, seed: int) -> None:
    site = described(tmp_path, activated=False, impairments=LOSSY, seed=seed)

    async def main() -> None:
        clock = FakeClock(NOON)
        async with running_plant(site, clock) as plant:
            verdicts = await paired(site)
            assert {verdict.slot: verdict.node for verdict in verdicts} == {
                slot: radio(plant, serial).node for slot, (serial, _) in SLOTS.items()
            }
            assert judged(verdicts) is ExitCode.OK
            async with running_daemon(site, clock, plant) as daemon:
                await daemon.until(lambda: all(v.comm is CommState.ONLINE for v in daemon.app.state.views.values()))

    run(main())


def test_progress_is_told_from_the_first_step_to_the_last(tmp_path: Path) -> None:
    site, seen = described(tmp_path, activated=False), list[tuple[str, Progress]]()

    async def main() -> None:
        async with running_plant(site, FakeClock(NOON)):
            await paired(site, [QS1], seen)

    run(main())
    assert {serial for serial, _ in seen} == {QS1}
    assert [progress.done for _, progress in seen] == sorted(progress.done for _, progress in seen)
    assert (seen[0][1].done, seen[-1][1].done) == (0, seen[-1][1].total)


async def cut_off(plant: Plant) -> None:
    """Take a unit's radio away."""
    radio(plant, DS3).linked = False


async def keep_to_another(plant: Plant) -> None:
    """Let a unit be at home elsewhere and stay there."""
    home = radio(plant, DS3).pairing
    assert isinstance(home, PairingSide)
    home.home(0x1234)
    home.locked = True


async def nothing(_: Plant) -> None:
    """Leave the plant as it is."""


@pytest.mark.parametrize(
    ("prepare", "link", "words"),
    [
        (cut_off, {}, "nobody answers: is there light?"),
        (keep_to_another, {}, "take it out of its old gateway"),
        (nothing, {"uart_bytes": 128}, "use the build for DS3"),
    ],
    ids=["no answer", "bound elsewhere", "serial buffer too small"],
)
def test_a_failure_says_what_to_do_and_the_others_are_paired_all_the_same(
    tmp_path: Path, prepare: Callable[[Plant], Awaitable[None]], link: Mapping[str, object], words: str
) -> None:
    site = described(tmp_path, link=link, activated=False)

    async def main() -> None:
        async with running_plant(site, FakeClock(NOON)) as plant:
            await prepare(plant)
            verdicts = await paired(site)
            assert [verdict.node is None for verdict in verdicts] == [False, False, True]
            assert words in verdicts[-1].text
            assert judged(verdicts) is ExitCode.FAILED
            radio(plant, DS3).linked = True
            again = wanted(site, stored(site))
            assert [inverter.serial for group in again for inverter in group.inverters] == [DS3]

    run(main())


def stored(site: Site) -> list[PairedRow]:
    store = Store(site.state_dir, inline=True)
    try:
        return store.rows(PairedRow)
    finally:
        store.close()


def row(serial: str, node: int, host: str = DEFAULT_ID) -> PairedRow:
    return PairedRow("ecu", serial, node, host)


def chosen(site: Site, *serials: str, gateway: str | None = None) -> list[str]:
    groups = wanted(site, stored(site), gateway=gateway, serials=serials)
    return [inverter.serial for group in groups for inverter in group.inverters]


def test_units_with_an_address_are_paired_only_when_they_are_named(tmp_path: Path) -> None:
    site = described(tmp_path, nodes={"shed": 0x1111})
    keep(site, row(QS1, 0x2222))
    assert chosen(site) == [YC600]
    assert chosen(site, QS1, DS3) == [QS1, DS3]
    assert chosen(site, gateway="ecu") == [YC600]


def test_an_address_of_another_network_is_none(tmp_path: Path) -> None:
    site = described(tmp_path, ecu_id="D8A300000001")
    keep(site, row(QS1, 0x2222), row(DS3, 0x3333, "D8A300000001"))
    assert chosen(site) == [QS1, YC600]


@pytest.mark.parametrize(
    ("serials", "gateway", "words"),
    [
        (["801000000000"], None, "has the serial 801000000000"),
        ([], "west", "there is no gateway 'west'; known: ecu"),
    ],
    ids=["a stranger", "an unknown gateway"],
)
def test_what_the_site_file_does_not_name_is_refused(
    tmp_path: Path, serials: list[str], gateway: str | None, words: str
) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        chosen(described(tmp_path), *serials, gateway=gateway)


def test_units_with_fixed_addresses_need_no_pairing(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="need no pairing"):
        wanted(power_line(tmp_path), [])


def test_an_address_in_the_site_file_wins_and_whoever_pairs_is_told(tmp_path: Path) -> None:
    site = described(tmp_path, nodes={"roof1": 0x1111}, activated=False)

    async def main() -> None:
        async with running_plant(site, FakeClock(NOON)) as plant:
            (verdict,) = await paired(site, [QS1])
            assert verdict.node == radio(plant, QS1).node
            assert "the site file says 4369, which wins" in verdict.text

    run(main())


def test_a_port_that_is_busy_ends_the_command_at_once(tmp_path: Path) -> None:
    site = described(tmp_path)
    store = Store(site.state_dir, inline=True)

    async def busy(url: str, *, baud: int) -> ByteStream:
        raise LinkDownError(f"{url} is in use by another program at {baud} baud")

    async def main() -> None:
        pairer = Pairer(store, lambda _serial, _progress: None, busy)
        with pytest.raises(OpenCombinerError, match="is in use by another program"):
            await pair(pairer, wanted(site, []), [], asyncio.Event())
        assert asyncio.get_running_loop().time() == 0

    run(main())
    store.close()


def test_a_coordinator_that_says_nothing_is_given_up_with_the_reason(tmp_path: Path) -> None:
    site = described(tmp_path)
    store = Store(site.state_dir, inline=True)

    async def main() -> None:
        mute = await listen(site.gateways[0].link.url)
        pairer = Pairer(store, lambda _serial, _progress: None)
        with pytest.raises(LinkDownError, match="the coordinator does not start: startup option: no answer"):
            await pair(pairer, wanted(site, []), [], asyncio.Event())
        mute.close()

    run(main())
    store.close()


def test_a_stop_ends_it_and_keeps_what_is_paired(tmp_path: Path) -> None:
    site, stop = described(tmp_path, activated=False), asyncio.Event()
    store = Store(site.state_dir, inline=True)

    async def main() -> None:
        async with running_plant(site, FakeClock(NOON)):
            pairer = Pairer(store, lambda serial, _: stop.set() if serial == YC600 else None)
            assert await pair(pairer, wanted(site, []), [], stop)
            assert [verdict.serial for verdict in pairer.verdicts] == [QS1]

    run(main())
    store.close()
    assert [each.serial for each in stored(site)] == [QS1]


def test_while_a_daemon_runs_the_command_says_so(tmp_path: Path) -> None:
    site = described(tmp_path)
    daemon = Store(site.state_dir, inline=True)
    with pytest.raises(ConfigError, match="another daemon uses"):
        command(site, None, ())
    daemon.close()


def test_with_nothing_to_pair_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = described(tmp_path, nodes={"roof1": 1, "roof2": 2, "shed": 3})
    assert command(site, None, ()) is ExitCode.OK
    assert "every unit has its address" in capsys.readouterr().out
