import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from opencombiner.child import TAIL_LINES, Child, child, end
from opencombiner.demo import demo_site
from tests.support.fixed_clock import FixedClock


@pytest.fixture
def site(tmp_path: Path) -> str:
    path = tmp_path / "site.yaml"
    path.write_text(demo_site(FixedClock(), tmp_path, 1883).model_dump_json(), "utf-8")
    return str(path)


async def said(part: Child, word: str) -> None:
    """Wait until a child has said a word."""
    while word not in part.tail():
        assert part.process.returncode is None, part.tail()
        await asyncio.sleep(0.02)


@pytest.mark.integration
def test_a_child_runs_as_long_as_its_context(site: str, tmp_path: Path) -> None:
    async def main() -> Child:
        async with child("emulator", "emulate", site, log=tmp_path / "log") as part:
            await said(part, "combiner: pty:")
            assert os.getpgid(part.process.pid) == part.process.pid != os.getpgid(0)
        return part

    part = asyncio.run(main())
    assert part.process.returncode == 0
    assert not (tmp_path / "combiner").exists()


@pytest.mark.integration
def test_an_error_in_the_context_ends_the_child_too(site: str, tmp_path: Path) -> None:
    parts: list[Child] = []

    async def main() -> None:
        async with child("emulator", "emulate", site, log=tmp_path / "log") as part:
            parts.append(part)
            await said(part, "combiner: pty:")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(main())
    assert parts[0].process.returncode == 0


@pytest.mark.integration
def test_a_child_that_ended_by_itself_leaves_its_last_words(tmp_path: Path) -> None:
    async def main() -> Child:
        async with child("gateway", "run", str(tmp_path / "none.yaml"), log=tmp_path / "log") as part:
            await part.process.wait()
        return part

    part = asyncio.run(main())
    assert part.process.returncode == 3
    assert "none.yaml: cannot be read" in part.tail()


@pytest.mark.integration
def test_a_folder_of_the_users_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.py").write_text("raise RuntimeError", "utf-8")
    monkeypatch.chdir(tmp_path)

    async def main() -> int:
        async with child("schema", "schema", log=tmp_path / "log") as part:
            return await part.process.wait()

    assert asyncio.run(main()) == 0


@pytest.mark.integration
def test_who_ignores_the_request_to_stop_is_killed() -> None:
    deaf = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    )

    async def main() -> int | None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", deaf), stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"deaf\n"
        await end(process, patience_s=0.1)
        return process.returncode

    assert asyncio.run(main()) == -signal.SIGKILL


ORPHANED = """
import asyncio, os, signal, sys
from pathlib import Path
from opencombiner.child import child

async def main():
    async with child("emulator", "emulate", sys.argv[1], log=Path(sys.argv[2])) as part:
        while "combiner: pty:" not in part.tail():
            await asyncio.sleep(0.02)
        print(part.process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.mark.integration
def test_a_child_ends_when_its_parent_is_killed(site: str, tmp_path: Path) -> None:
    async def main() -> None:
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ORPHANED, site, str(tmp_path / "log")), stdout=asyncio.subprocess.PIPE
        )
        assert parent.stdout is not None
        orphan = int(await parent.stdout.readline())
        assert await parent.wait() == -signal.SIGKILL
        async with asyncio.timeout(20):
            while _runs(orphan):  # noqa: ASYNC110 - nobody tells us of a grandchild's end
                await asyncio.sleep(0.02)

    asyncio.run(main())
    assert not (tmp_path / "combiner").exists()  # it stopped in order: the link is taken away


def _runs(pid: int) -> bool:
    """Tell whether a process is there and is more than an entry that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_tail_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(b"line %d\n" % n for n in range(1000)) + b"\xff\n")

    async def main() -> list[str]:
        process = await asyncio.create_subprocess_exec("true")
        await process.wait()
        return Child("x", log, process).tail().split("\n")

    lines = asyncio.run(main())
    assert len(lines) == TAIL_LINES
    assert lines[-2:] == ["line 999", "\ufffd"]
