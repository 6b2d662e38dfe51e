import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from docker.health import listen
from gateway.notify import Notifier
from tests.support import tree
from tests.support.processes import command

PATIENCE_S = 30.0  # for what comes at once
BRIEF_S = 0.2  # for what does not come


def _verdict(address: Path, patience_s: float, *words: Callable[[Notifier], None]) -> bool:
    """Return what the check finds while these words are said, each once."""

    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(listen, str(address), patience_s)
        while not (address.is_socket() or check.done()):
            os.sched_yield()
        for say in words:
            say(Notifier(str(address)))
        return check.result()


def test_a_sign_of_life_is_heard(tmp_path: Path) -> None:
    assert _verdict(tmp_path / "notify", PATIENCE_S, Notifier.ready, Notifier.alive)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((), id="silence"),
        pytest.param((Notifier.ready,), id="a start"),
        pytest.param((Notifier.stopping,), id="a stop"),
    ],
)
def test_no_sign_of_life_is(tmp_path: Path, words: tuple[Callable[[Notifier], None], ...]) -> None:
    assert not _verdict(tmp_path / "notify", BRIEF_S, *words)


def test_a_check_takes_the_place_of_one_that_was_cut_short(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    assert not listen(str(address), 0.01)
    assert address.is_socket()
    assert not listen(str(address), 0.01)


@pytest.mark.integration
def test_an_emulator_that_serves_is_healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site.yaml"
    plan = (tree.ROOT / "docker" / "site.yaml").read_text()
    site.write_text(plan.replace("socket://emulator:4001", f"pty:{tmp_path}/modem"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with command(tmp_path / "log", "emulate", str(site)) as emulator:
        done = tree.run(sys.executable, "-I", "-S", "docker/health.py")
        assert (done.returncode, done.stderr) == (0, ""), emulator.said
