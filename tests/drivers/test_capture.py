import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from drivers import pcapng
from drivers.capture import CaptureError, Recorder
from drivers.pcapng import Interface, Packet
from drivers.stream import ByteStream, pipe
from drivers.transport import Opener
from protocols.errors import LinkDownError
from tests.support.virtual_time import FakeClock, run

LINKS = [("roof", "mem://roof"), ("barn", "mem://barn")]
START_UTC = 1_782_000_000.0
START_NS = 1_782_000_000 * 10**9


def packets(path: Path) -> list[Packet]:
    return [item for item in pcapng.items(path.read_bytes()) if isinstance(item, Packet)]


def to(stream: ByteStream) -> Opener:
    async def opened(url: str, *, baud: int) -> ByteStream:
        assert (url, baud) == ("mem://roof", 9600)
        return stream

    return opened


@contextmanager
def a_disk_of(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: what does not fit is refused as a full disk refuses it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_both_directions_are_written_with_their_times(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"

    async def main() -> None:
        ours, theirs = pipe()
        recorder = Recorder(path, FakeClock(START_UTC), LINKS)
        stream = await recorder.opener("roof", to(ours))("mem://roof", baud=9600)
        await stream.write(b"question")
        await asyncio.sleep(0.25)
        await theirs.write(b"answer")
        assert await stream.read() == b"answer"
        assert await theirs.read() == b"question"
        recorder.close()

    run(main())
    assert [item.name for item in pcapng.items(path.read_bytes()) if isinstance(item, Interface)] == ["roof", "barn"]
    assert [(p.interface.name, p.at_ns, p.inbound, p.data) for p in packets(path)] == [
        ("roof", START_NS, False, b"question"),
        ("roof", START_NS + 250_000_000, True, b"answer"),
    ]


def test_a_link_that_was_not_named_is_left_alone(tmp_path: Path) -> None:
    async def main() -> None:
        ours, _ = pipe()
        opener = to(ours)
        recorder = Recorder(tmp_path / "x.pcapng", FakeClock(), LINKS[1:])
        assert recorder.opener("roof", opener) is opener
        recorder.close()

    run(main())


def test_the_recorder_hides_no_loss_of_the_link(tmp_path: Path) -> None:
    async def main() -> None:
        ours, theirs = pipe()
        recorder = Recorder(tmp_path / "x.pcapng", FakeClock(), LINKS)
        stream = await recorder.opener("roof", to(ours))("mem://roof", baud=9600)
        theirs.close()
        with pytest.raises(LinkDownError, match="the far end has closed"):
            await stream.read()
        stream.close()
        recorder.close()

    run(main())


def test_stamps_follow_a_wall_clock_that_is_set_and_no_other_change_of_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "x.pcapng", FakeClock(START_UTC)

    async def main() -> None:
        recorder = Recorder(path, clock, LINKS)
        for step_s in (0.0, 0.4, 3600.0, 0.0):
            clock.step(step_s)
            await asyncio.sleep(1)
            recorder.take(0, b"x", inbound=True)
        recorder.close()

    run(main())
    assert [round((p.at_ns - START_NS) / 1e9, 6) for p in packets(path)] == [1, 2, 3603.4, 3604.4]


@pytest.mark.parametrize("limit", [pytest.param("disk", id="a full disk"), pytest.param("cap", id="its own cap")])
def test_the_capture_ends_with_one_line_at(limit: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"

    async def main() -> list[int]:
        ours, theirs = pipe()
        recorder = Recorder(path, FakeClock(), LINKS, max_bytes=300 if limit == "cap" else 10**6)
        stream = await recorder.opener("roof", to(ours))("mem://roof", baud=9600)
        with a_disk_of(300 if limit == "disk" else 10**6):
            for number in range(20):
                await stream.write(bytes((number,)))
        recorder.close()
        return list(await theirs.read())

    with capture_logs() as logs:
        assert run(main()) == list(range(20))  # the link goes on
    kept = packets(path)
    assert [p.data for p in kept] == [bytes((number,)) for number in range(len(kept))]
    assert len(kept) == 2
    assert path.stat().st_size <= 300
    (line,) = logs
    assert (line["event"], line["packets"], line["bytes"]) == ("capture_stopped", 2, path.stat().st_size)
    assert line["reason"] == ("the file would grow beyond 300 bytes" if limit == "cap" else "the disk is full")


def test_a_disk_that_is_full_already_says_why(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"

    async def main() -> None:
        recorder = Recorder(path, FakeClock(), LINKS)
        with a_disk_of(path.stat().st_size):
            recorder.take(0, b"x", inbound=True)

    with capture_logs() as logs:
        run(main())
    assert [line["reason"] for line in logs] == ["File too large"]
    assert packets(path) == []


def test_a_disk_without_room_for_the_beginning_is_an_error(tmp_path: Path) -> None:
    async def main() -> None:
        with a_disk_of(10), pytest.raises(CaptureError, match="cannot be written: the disk is full"):
            Recorder(tmp_path / "x.pcapng", FakeClock(), LINKS)

    run(main())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("there.pcapng", "there.pcapng cannot be written: File exists", id="a file that is there"),
        pytest.param("no/x.pcapng", "x.pcapng cannot be written: No such file", id="a folder that is not there"),
    ],
)
def test_a_file_that_cannot_be_made_is_an_error(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "there.pcapng").write_bytes(b"precious")

    async def main() -> None:
        with pytest.raises(CaptureError, match=reason):
            Recorder(tmp_path / name, FakeClock(), LINKS)

    run(main())
    assert (tmp_path / "there.pcapng").read_bytes() == b"precious"
