import asyncio
import os
import signal
import sys
from types import SimpleNamespace

import pytest

from opencombiner.lifetime import run_until_stopped


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_sets_the_event(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_DFL)  # also where these tests run behind nohup

    async def main(stop: asyncio.Event) -> str:
        os.kill(os.getpid(), number)
        await stop.wait()
        return "stopped in order"

    assert run_until_stopped(main) == "stopped in order"


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    async def main(stop: asyncio.Event) -> bool:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        return stop.is_set()

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        assert run_until_stopped(main) is False
    finally:
        signal.signal(signal.SIGHUP, before)


class OtherLoop(asyncio.SelectorEventLoop):
    """Stands for uvloop's."""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        pytest.param(SimpleNamespace(new_event_loop=OtherLoop), OtherLoop, id="uvloop's where it is installed"),
        pytest.param(None, asyncio.SelectorEventLoop, id="asyncio's where it is not"),
    ],
)
def test_the_loop_is(module: object, expected: type, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(_: asyncio.Event) -> type:
        return type(asyncio.get_running_loop())

    monkeypatch.setitem(sys.modules, "uvloop", module)
    assert run_until_stopped(main) is expected
