"""Redacts logs: one JSON object per line, allow-listed fields, no long numbers or addresses.

A person's name cannot be told from other words: no caller may put one into an event's text.

Exceptions are logged as their type and location, never as their text: drivers and libraries often
quote the value that they failed on.
"""

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

from security.log_context import add_context

_FIELDS = frozenset(
    {"event", "level", "logger", "timestamp", "exception"}
    | {"reference", "step", "wait_reason", "activity", "attempt", "outcome"}
    | {"method", "route", "status", "duration_ms", "part", "queue"}
    | {"channel", "cause", "failure", "head", "statement"}
)
_GENERATED = frozenset({"level", "timestamp"})
"""Fields that the processor chain sets itself, whatever the caller passed by these names."""
_DIGITS = re.compile(r"\d{5,}")
_LARGE_NUMBER = 10_000
_WORD = re.compile(r"\S+")
_QUOTED = {mark: re.compile(rf"{mark}(?:[^{mark}\\]|\\.)*{mark}", re.DOTALL) for mark in "'\""}
_OPEN_QUOTATION = re.compile(r"['\"].*", re.DOTALL)
_LONGEST = 2000
"""Characters of a text."""


def configure(level: str) -> None:
    """Send this process's logs, the libraries' included, to standard error as redacted JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                _describe_exception,
                _add_time,
                add_context,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                structlog.processors.JSONRenderer(ensure_ascii=True),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Three other ways to standard error are not redacted: warnings, records that cannot be
    # formatted (with their arguments), and tracebacks of uncaught exceptions.
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False
    sys.excepthook = _log_uncaught
    # Request lines hold whatever their callers put there, so they are not logged at all.
    for name in ("uvicorn.access", "httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep the allow-listed fields, and replace what looks like a number, address or quotation."""
    return {
        key: value if key in _GENERATED else scrub(value)
        for key, value in event.items()
        if key in _FIELDS
    }


def scrub(value: object) -> object:
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if abs(value) < _LARGE_NUMBER else "(digits)"
        case str() if len(value) > _LONGEST:
            # Cut between words, and before a quotation whose end is cut off.
            words = _scrub_text(value[:_LONGEST].rpartition(" ")[0])
            return _OPEN_QUOTATION.sub("", words) + "(cut)"
        case str():
            return _scrub_text(value)
        case _:
            return type(value).__name__


def _scrub_text(text: str) -> str:
    text = _WORD.sub(lambda word: "(address)" if "@" in word[0] else word[0], text)
    return _without_quotations(_DIGITS.sub("(digits)", text))


def _without_quotations(text: str) -> str:
    told, at, open_marks = "", 0, set()
    for mark in re.finditer("['\"]", text):
        if mark.start() < at or mark[0] in open_marks:
            continue
        if quotation := _QUOTED[mark[0]].match(text, mark.start()):
            told += text[at : mark.start()] + "(quoted)"
            at = quotation.end()
        else:  # To the end each further one is escaped, so none of these ends either.
            open_marks.add(mark[0])
    return told + text[at:]


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger(__name__).critical("ended by an exception", exc_info=(kind, error, trace))


def _add_time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add when it happened, by RFC 3339; lines of the SDK's core are written a moment later."""
    happened = datetime.fromtimestamp(event["_record"].created, UTC)
    event["timestamp"] = happened.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if isinstance(info, tuple) and info[0] is not None:
        event["exception"] = _outline(info)
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        record.exc_info = record.exc_text = None
    return event


def _outline(info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    frames = traceback.extract_tb(info[2])
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-5:]))
    return f"{info[0].__name__} at {places}"
