import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from opencombiner.logs import LogFormat, LogLevel, configure
configure(LogLevel.{level}, LogFormat.{form})
log = structlog.get_logger()
log.debug("poll", unit="A1")
log.info("link up", url="/dev/ttyUSB0")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("trouble")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("bug")
"""


def logged(level: str, form: str) -> str:
    """Configure logs in a process of their own, for they stay configured, and return what it wrote."""
    program = PROGRAM.format(level=level, form=form)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout == ""
    return done.stderr


def test_json_is_one_object_a_line() -> None:
    up, trouble, bug = logged("INFO", "JSON").splitlines()
    line = json.loads(up)
    assert (line["event"], line["level"], line["url"]) == ("link up", "info", "/dev/ttyUSB0")
    assert line["timestamp"].endswith("Z")
    assert trouble == "library: trouble"
    assert "ZeroDivisionError" in json.loads(bug)["exception"]


def test_text_is_for_people() -> None:
    text = logged("INFO", "TEXT")
    assert "[info     ] link up url=/dev/ttyUSB0\n" in text
    assert "ZeroDivisionError: division by zero" in text


@pytest.mark.parametrize(
    ("level", "events"),
    [("DEBUG", ["poll", "link up", "bug"]), ("INFO", ["link up", "bug"]), ("ERROR", ["bug"])],
    ids=["debug shows all", "info leaves out polls", "error leaves out news"],
)
def test_the_level_bounds_what_is_written(level: str, events: list[str]) -> None:
    lines = [json.loads(line) for line in logged(level, "JSON").splitlines() if line.startswith("{")]
    assert [line["event"] for line in lines] == events
