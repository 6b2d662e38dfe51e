"""What every test gets."""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
import structlog
from coverage import Coverage
from hypothesis import settings

from drivers.mqtt import memory

# The same examples every time, so that a red run is a red run for everybody; `long` looks for new ones.
# No deadline: machines are shared, and time is no verdict.
settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # a shell's background job, and whatever it starts, ignores Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Do not trace the days: they would last three times as long, and quicker tests reach the same lines."""
    with _untraced() if item.get_closest_marker("day") is not None else nullcontext():
        return (yield)


@contextmanager
def _untraced() -> Iterator[None]:
    """Measure no coverage; a worker of several has two measurements, one within the other."""
    stopped = []
    while (traced := Coverage.current()) is not None:
        traced.stop()
        stopped.append(traced)
    try:
        yield
    finally:
        for traced in reversed(stopped):
            traced.start()


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Iterator[None]:
    """Undo what a test sets up for logging: the next test's output goes elsewhere."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _brokers_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test make its in-process brokers anew: what one retained is no other's."""
    monkeypatch.setattr(memory, "_BROKERS", {})
