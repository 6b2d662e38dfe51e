import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from drivers import pcapng
from drivers.clock import Trust
from drivers.pcapng import MAX_FILE_BYTES
from drivers.plc.requests import cutter
from drivers.plc.settings import PlcSettings
from drivers.recording import Reading, Recording, Request
from drivers.replay import MAX_UNMATCHED, Replay, ReplayClock, path_of
from drivers.stream import ByteStream
from protocols.errors import ConfigError, LinkDownError
from protocols.framing.volatile import Volatile
from protocols.modbus import rtu
from protocols.modbus.pdu import ReadRequest
from tests.support.virtual_time import run

START_UTC = 1_782_000_000
CUTTER = cutter(PlcSettings(url="mem://plc"))
PLAIN = Reading(CUTTER)

Row = tuple[float, bool, bytes]  # at, inbound, bytes


def asks(node: int, start: int = 0) -> bytes:
    return rtu.encode(node, ReadRequest(start, 1).encode())


def recorded(path: Path, rows: Sequence[Row], links: Sequence[str] = ("roof",)) -> Recording:
    raw = pcapng.section("test") + b"".join(pcapng.interface(name, "") for name in links)
    for at, inbound, data in rows:
        raw += pcapng.packet(0, round((START_UTC + at) * 10**9), data, inbound=inbound)
    path.write_bytes(raw)
    return Recording(path)


def play(
    recording: Recording, act: Callable[[ByteStream], Awaitable[None]], reading: Reading = PLAIN
) -> list[tuple[str, int]]:
    """Act on the link's only opening; return what was not in the recording: requests in hex, and how often."""

    async def main() -> Replay:
        replay = Replay(recording)
        await act(await replay.opener("roof", reading)("replay://x", baud=9600))
        return replay

    return [(request.body.hex(), times) for (_, request), times in run(main()).unmatched.items()]


async def heard(stream: ByteStream, count: int = 1, within_s: float = 10.0) -> list[tuple[float, bytes]]:
    """Return what comes, with the time since the call, until nothing has come for a while."""
    now = asyncio.get_running_loop().time
    since = now()
    found: list[tuple[float, bytes]] = []
    try:
        async with asyncio.timeout(within_s):
            while len(found) < count:
                chunk = await stream.read()
                found.append((round(now() - since, 6), chunk))
    except TimeoutError:
        pass
    return found


def test_an_answer_comes_in_its_pieces_and_as_late_as_it_came(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path / "x", [(0, False, asks(1)), (0.1, True, b"ab"), (0.15, True, b"c"), (9, False, asks(2))]
    )

    async def act(stream: ByteStream) -> None:
        await asyncio.sleep(3)
        await stream.write(asks(1))
        assert await heard(stream, 2) == [(0.1, b"ab"), (0.15, b"c")]

    assert play(recording, act) == []


def test_the_nth_request_of_a_kind_gets_the_nth_answer_whatever_lies_between(tmp_path: Path) -> None:
    rows: list[Row] = []
    for at, (node, answer) in enumerate([(1, b"a1"), (2, b"b1"), (1, b"a2"), (1, b""), (1, b"a4")]):
        rows += [(at, False, asks(node)), *([(at + 0.1, True, answer)] if answer else [])]

    async def act(stream: ByteStream) -> None:
        told = []
        for node in (1, 1, 2, 1, 1):
            await stream.write(asks(node))
            told.append([chunk for _, chunk in await heard(stream)])
        assert told == [[b"a1"], [b"a2"], [b"b1"], [], [b"a4"]]

    assert play(recorded(tmp_path / "x", rows), act) == []


def test_a_request_without_a_match_is_listed_and_answered_by_silence(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "x", [(0, False, asks(1)), (0.1, True, b"a"), (5, False, asks(2))])

    async def act(stream: ByteStream) -> None:
        await stream.write(asks(1))
        await stream.write(asks(1))  # once too often
        await stream.write(asks(1, start=7))
        await stream.write(asks(1, start=7))
        assert [chunk for _, chunk in await heard(stream, 2)] == [b"a"]
        await stream.write(asks(1, start=8))  # after its end

    assert play(recording, act) == [("0300000001", 1), ("0300070001", 2)]


def test_what_is_volatile_in_a_request_makes_no_difference(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "x", [(0, False, asks(1, start=0x1234)), (0.1, True, b"a")])

    async def act(stream: ByteStream) -> None:
        await stream.write(asks(2, start=0x5678))
        assert await heard(stream) == []  # another node
        await stream.write(asks(1, start=0x5678))
        assert [chunk for _, chunk in await heard(stream)] == [b"a"]

    reading = Reading(CUTTER, (Volatile(b"\x03", at=1, count=2),))
    assert play(recording, act, reading) == [("0300000001", 1)]


def test_what_came_before_the_first_request_is_left_out(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "x", [(0, True, b"noise"), (1, False, asks(1)), (1.1, True, b"a")])

    async def act(stream: ByteStream) -> None:
        assert await heard(stream) == []
        await stream.write(asks(1))
        assert [chunk for _, chunk in await heard(stream)] == [b"a"]

    assert play(recording, act) == []


def test_a_link_that_was_lost_is_lost_again_and_counts_anew_when_it_is_back(tmp_path: Path) -> None:
    rows: list[Row] = [
        *((0, False, asks(1)), (0.1, True, b"a"), (5, False, asks(1)), (5.1, True, b"never asked for")),
        *((10, True, b""), (60, False, asks(1)), (60.1, True, b"b"), (70, False, b"")),
    ]

    async def main() -> None:
        replay = Replay(recorded(tmp_path / "x", rows))
        opener = replay.opener("roof", PLAIN)
        stream = await opener("replay://x", baud=9600)
        await stream.write(asks(1))
        assert [chunk for _, chunk in await heard(stream)] == [b"a"]
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await heard(stream, within_s=60)
        assert asyncio.get_running_loop().time() == 10
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await stream.write(asks(1))
        for _ in range(5):
            with pytest.raises(LinkDownError, match="replay://x: no link at this time of the recording"):
                await opener("replay://x", baud=9600)
            await asyncio.sleep(9)
        await asyncio.sleep(6)
        stream = await opener("replay://x", baud=9600)
        await stream.write(asks(1))
        assert [chunk for _, chunk in await heard(stream)] == [b"b"]
        assert await heard(stream, within_s=100) == []  # the end of the capture is no loss
        assert replay.unmatched == {}

    run(main())


def test_a_driver_that_opens_again_goes_on_where_it_was(tmp_path: Path) -> None:
    rows: list[Row] = [(0, False, asks(1)), (0.1, True, b"a"), (1, False, asks(1)), (1.1, True, b"b")]

    async def main() -> list[bytes]:
        opener = Replay(recorded(tmp_path / "x", rows)).opener("roof", PLAIN)
        told = []
        for _ in range(2):
            stream = await opener("replay://x", baud=9600)
            await stream.write(asks(1))
            told += [chunk for _, chunk in await heard(stream)]
            stream.close()
        return told

    assert run(main()) == [b"a", b"b"]


def test_the_list_of_what_is_missing_has_an_end(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "x", [(0, False, asks(1))])

    async def main() -> Replay:
        replay = Replay(recording)
        stream = await replay.opener("roof", PLAIN)("replay://x", baud=9600)
        for start in (*range(1, MAX_UNMATCHED + 4), 1):
            await stream.write(asks(1, start))
        return replay

    replay = run(main())
    assert (len(replay.unmatched), replay.unlisted) == (MAX_UNMATCHED, 3)
    assert replay.unmatched["roof", Request(1, ReadRequest(1, 1).encode())] == 2


def test_the_clock_starts_at_the_first_packet_and_goes_on(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "x", [(5.25, False, asks(1)), (65.25, False, asks(1))])

    async def main() -> tuple[float, float, Trust]:
        await asyncio.sleep(100)
        clock = ReplayClock(recording.start_utc)
        before = clock.utc()
        await asyncio.sleep(60)
        return before, clock.utc(), clock.trust()

    before, after, trust = run(main())
    assert [before, after] == pytest.approx([START_UTC + 5.25, START_UTC + 65.25], rel=0, abs=1e-6)
    assert trust is Trust.TRUSTED
    assert recording.duration_s == 60


def test_a_link_that_was_not_captured_is_a_wrong_setting(tmp_path: Path) -> None:
    recording = recorded(tmp_path / "x", [(0, False, asks(1))], links=("barn", "attic"))

    async def main() -> None:
        with pytest.raises(ConfigError, match="the recording has no link 'roof'; it has attic, barn"):
            Replay(recording).opener("roof", PLAIN)

    run(main())


def _too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # a hole: it takes no room


@pytest.mark.parametrize(
    ("make", "text"),
    [
        pytest.param(lambda _: None, "No such file", id="no file"),
        pytest.param(Path.mkdir, "Is a directory", id="a folder"),
        pytest.param(lambda path: path.write_bytes(b"hello"), "it is no pcapng capture", id="another kind of file"),
        pytest.param(lambda path: path.write_bytes(pcapng.section("x")), "nothing was captured", id="no packets"),
        pytest.param(_too_large, f"it has more than {MAX_FILE_BYTES} bytes", id="a file that is too large"),
    ],
)
def test_what_cannot_be_replayed_says_why(tmp_path: Path, make: Callable[[Path], None], text: str) -> None:
    path = tmp_path / "x.pcapng"
    make(path)
    with pytest.raises(ConfigError, match=rf"x\.pcapng cannot be replayed: {text}"):
        Recording(path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("replay://day.pcapng", Path("day.pcapng")),
        ("replay:///var/day.pcapng", Path("/var/day.pcapng")),
        ("mem://x", None),
    ],
)
def test_the_file_of_a_url(url: str, path: Path | None) -> None:
    assert path_of(url) == path
