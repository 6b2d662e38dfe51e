"""Logs: an event name and key=value, for people on a terminal and for machines elsewhere."""

import asyncio
import contextlib
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, TextIO, TypeAlias

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Format: TypeAlias = Literal["auto", "console", "json", "logfmt"]
Level: TypeAlias = Literal["debug", "info", "warning", "error"]

MAX_RECORDS = 100  # warnings that wait for the broker: a storm of them must not fill the memory
MAX_FIELDS = 20  # of a record on MQTT, with the next: nobody can flood the broker through a log line
MAX_TEXT = 500  # characters of each
SECRET_WORDS = ("password", "passwd", "secret", "token", "credential")
_HIDDEN = "***"
_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}  # journald reads <n> as syslog's level


def configure(
    level: Level = "info", form: Format = "auto", stream: TextIO | None = None, tap: "LogTap | None" = None
) -> None:
    """Set up all logging, the standard library's included.

    `auto` is the console form on a terminal, logfmt with priorities and without times under journald (which has both
    of its own), else JSON. `tap` gets warnings and errors, too.
    """
    out = stream or sys.stderr
    chosen = _choose(out) if form == "auto" else form
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            hide_secrets,
            *([tap] if tap else []),
            *_renderers(chosen, colors=out.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,  # a second call, as tests make it, must reach every logger
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(logging.WARNING)


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Blank the values of keys that sound like secrets; nobody should log them, and this is the second fence."""
    for key in event:
        if any(word in key.lower() for word in SECRET_WORDS):
            event[key] = _HIDDEN
    return event


class LogTap:
    """Keeps the newest warnings and errors for whoever forwards them; safe to log to from any thread."""

    def __init__(self) -> None:
        self.dropped = 0
        self._records: deque[dict[str, object]] = deque()
        self._wake: Callable[[], object] | None = None

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Take note of a record on its way to the output."""
        if event["level"] in {"warning", "error", "critical"}:
            if len(self._records) >= MAX_RECORDS:
                self.dropped += 1
                self._records.popleft()
            self._records.append(_bounded(event))
            if self._wake is not None:
                with contextlib.suppress(RuntimeError):  # the loop that waited is closed
                    self._wake()
        return event

    async def wait(self) -> None:
        """Return once there are records."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(ready.set)
        try:
            if not self._records:
                await ready.wait()
        finally:
            self._wake = None

    def take(self) -> list[dict[str, object]]:
        """Return what has come since the last look: `level`, `message` and `fields` of each record."""
        return [self._records.popleft() for _ in range(len(self._records))]


class _Forward(logging.Handler):
    """Passes the records of libraries on to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(record.levelno, logging.CRITICAL)
        structlog.get_logger().log(level, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _bounded(event: Mapping[str, object]) -> dict[str, object]:
    fields = {key: _brief(value) for key, value in event.items() if key not in {"event", "level", "exc_info"}}
    few = dict(list(fields.items())[:MAX_FIELDS])
    return {"level": event["level"], "message": _brief(event["event"]), "fields": few}


def _brief(value: object) -> object:
    return value if isinstance(value, bool | int) or value is None else str(value)[:MAX_TEXT]


def _choose(out: TextIO) -> Format:
    if out.isatty():
        return "console"
    return "logfmt" if "JOURNAL_STREAM" in os.environ else "json"


def _renderers(form: Format, *, colors: bool) -> tuple[Processor, ...]:
    match form:
        case "console":
            stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
            return (stamp, structlog.dev.ConsoleRenderer(colors=colors))
        case "logfmt":
            return (structlog.processors.format_exc_info, _journal_line)
        case _:
            return (_STAMP, structlog.processors.format_exc_info, _in_order, structlog.processors.JSONRenderer())


def _in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Put first what whoever reads many lines looks for."""
    return {**{key: event[key] for key in _FIRST if key in event}, **event}


def _journal_line(_: WrappedLogger, __: str, event: EventDict) -> str:
    level = event["level"]
    return f"<{_PRIORITY.get(level, 6)}>{_LOGFMT(_, __, event)}"


_LOGFMT = structlog.processors.LogfmtRenderer(key_order=["level", "event"], bool_as_flag=False)
_STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)
_FIRST = ("timestamp", "level", "event")
