import asyncio
import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway.log import MAX_FIELDS, MAX_RECORDS, MAX_TEXT, LogTap, configure, hide_secrets
from tests.support import virtual_time


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_than_on_a_terminal_logs_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    out = io.StringIO()
    configure(stream=out)
    structlog.get_logger().info("link_up", link="east", tries=2)
    line = json.loads(out.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "link_up", "level": "info", "link": "east", "tries": 2}


def test_the_journal_gets_priorities_and_no_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    out = io.StringIO()
    configure(stream=out)
    structlog.get_logger().warning("link_down", link="east", reason="no such device")
    assert out.getvalue() == '<4>level=warning event=link_down link=east reason="no such device"\n'


def test_a_person_gets_a_readable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    out = Terminal()
    configure(stream=out)
    structlog.get_logger().info("link_up", link="east")
    assert "link_up" in out.getvalue()
    assert "{" not in out.getvalue()


def test_lines_in_a_file_have_no_colours() -> None:
    out = io.StringIO()
    configure(form="console", stream=out)
    structlog.get_logger().warning("link_down", link="east")
    assert "link_down" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_time_level_and_event_stand_first_in_json() -> None:
    out = io.StringIO()
    configure(form="json", stream=out)
    structlog.get_logger().warning("link_down", link="east", reason="gone")
    assert list(json.loads(out.getvalue())) == ["timestamp", "level", "event", "link", "reason"]


def test_the_level_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    out = io.StringIO()
    configure("warning", stream=out)
    structlog.get_logger().info("unimportant")
    assert out.getvalue() == ""


def test_libraries_are_heard_too() -> None:
    out = io.StringIO()
    tap = LogTap()
    configure(form="json", stream=out, tap=tap)
    logging.getLogger("mqtt").warning("queue of %d is full", 3)
    line = json.loads(out.getvalue())
    assert (line["event"], line["logger"], line["level"]) == ("queue of 3 is full", "mqtt", "warning")
    assert tap.take()[0]["message"] == "queue of 3 is full"


def test_an_exception_is_told_with_its_place() -> None:
    out = io.StringIO()
    configure(form="json", stream=out)
    try:
        1 / 0  # noqa: B018 - planted
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
    assert "ZeroDivisionError: division by zero" in json.loads(out.getvalue())["exception"]


@pytest.mark.parametrize("key", ["password", "mqtt_password", "Token", "client_secret"])
def test_secrets_are_hidden(key: str) -> None:
    assert hide_secrets(None, "info", {"event": "x", key: "hunter2"})[key] == "***"


def test_secrets_do_not_reach_the_tap() -> None:
    tap = LogTap()
    configure(form="json", stream=io.StringIO(), tap=tap)
    structlog.get_logger().error("refused", password="hunter2")  # noqa: S106 - the bait
    assert tap.take() == [{"level": "error", "message": "refused", "fields": {"password": "***"}}]


def note(tap: LogTap, level: str = "warning", **fields: Any) -> None:
    tap(None, level, {"level": level, "event": "look", **fields})


def test_the_tap_takes_warnings_and_worse() -> None:
    tap = LogTap()
    for level in ("debug", "info", "warning", "error", "critical"):
        note(tap, level)
    assert [record["level"] for record in tap.take()] == ["warning", "error", "critical"]
    assert tap.take() == []


def test_the_tap_keeps_the_newest_and_counts_the_rest() -> None:
    tap = LogTap()
    for n in range(MAX_RECORDS + 3):
        note(tap, n=n)
    assert [record["fields"] for record in tap.take()] == [{"n": n} for n in range(3, MAX_RECORDS + 3)]
    assert tap.dropped == 3


def test_a_record_is_bounded() -> None:
    tap = LogTap()
    note(tap, **{f"key{n}": "x" * 10_000 for n in range(100)})
    [record] = tap.take()
    fields: Any = record["fields"]
    assert len(fields) == MAX_FIELDS
    assert {len(value) for value in fields.values()} == {MAX_TEXT}


def test_a_record_of_another_thread_wakes_whoever_waits() -> None:
    tap = LogTap()

    async def main() -> list[dict[str, object]]:
        waiting = asyncio.create_task(tap.wait())
        await asyncio.sleep(0)
        thread = threading.Thread(target=note, args=(tap,))
        thread.start()
        async with asyncio.timeout(10):
            await waiting
        thread.join()
        return tap.take()

    assert len(asyncio.run(main())) == 1


def test_a_record_that_came_before_does_not_wait() -> None:
    tap = LogTap()
    note(tap)
    virtual_time.run(tap.wait())
    assert len(tap.take()) == 1
