"""Whatever is logged, each line is one JSON object without anything personal in it."""

import io
import logging
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from security import redaction
from tests.security.log_lines import lines, read

__all__ = ["lines"]

HOSTILE = (
    "maria.papadopoulou@example.org",
    "μαρία@παράδειγμα.gr",
    "+306912345678",
    "01010500013",
    "６９１２３４５６７８",
    'line\nbreak\r\n{"event": "forged"}',
    "\u2028\u2029\x00\x1b[31m",
    "\u202e]},evil\u2066\r",
    "<maria@example.org>,12345;'quoted 99999'",
    "a@b 123456@c",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_field_lets_anything_personal_through(lines: io.StringIO, hostile: str) -> None:
    log = structlog.get_logger("starter.portal")
    fields = sorted(redaction._FIELDS - {"event", "level", "logger", "timestamp"})
    log.info(hostile, **dict.fromkeys(fields, hostile))
    log.info("said", mobile=hostile, **{hostile: "x"})
    log.info("typed", reference=[hostile], step={"a": hostile}, status=6912345678)
    said, named, typed = read(lines)
    assert set(said) >= set(fields)
    assert set(named) == {"event", "level", "logger", "timestamp"}
    assert (typed["reference"], typed["step"], typed["status"]) == ("list", "dict", "(digits)")


@pytest.mark.parametrize("name", ["uvicorn.error", "temporalio.worker", "asyncpg", "ldap3", "x"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_libraries_are_held_to_the_same(lines: io.StringIO, name: str, hostile: str) -> None:
    log = logging.getLogger(name)
    log.warning("failed for %s", hostile, extra={"mobile": hostile, "input": hostile})
    try:
        int(f"x{hostile}")
    except ValueError:
        log.exception("while handling %r", hostile)
    log.error("kept", exc_info=ValueError(hostile), stack_info=True)
    warned, raised, kept = read(lines)
    assert warned["logger"] == name
    assert raised["exception"].startswith("ValueError at ")
    assert set(kept) == {"event", "level", "logger", "timestamp", "exception"}


@pytest.mark.parametrize("name", ["uvicorn.access", "httpx", "httpcore", "asyncio"])
def test_what_callers_chose_to_send_is_not_logged_at_all(lines: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("GET /?mobile=6912345678")
    assert lines.getvalue() == ""


def test_an_exception_is_its_type_and_place(lines: io.StringIO) -> None:
    def deep() -> None:
        raise LookupError("Μαρία has 6912345678")

    try:
        deep()
    except LookupError:
        structlog.get_logger("worker").exception("failed", activity="find_student")
    (said,) = read(lines)
    assert said["activity"] == "find_student"
    assert re.fullmatch(
        r"LookupError at deep:\d+ < test_an_exception_is_its_type_and_place:\d+", said["exception"]
    )


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_time_of_a_line_is_told_whatever_it_is(time: datetime) -> None:
    event = {"event": "said", "timestamp": time.isoformat().replace("+00:00", "Z")}
    assert redaction.redact(None, "info", event) == event


def test_what_a_caller_calls_a_time_or_a_level_is_not_told(lines: io.StringIO) -> None:
    structlog.get_logger("x").info("said", timestamp="6912345678", level="6912345678")
    logging.getLogger("x").info("said", extra={"timestamp": "6912345678", "level": "6912345678"})
    for said in read(lines):
        assert datetime.fromisoformat(said["timestamp"]).tzinfo is UTC
        assert said["level"] == "info"


def test_what_staff_need_stays_readable(lines: io.StringIO) -> None:
    structlog.get_logger("worker").info(
        "activity failed", reference="A-7K3F-92QD", step="pin", attempt=3, duration_ms=12.5
    )
    (said,) = read(lines)
    assert said["event"] == "activity failed"
    assert said["reference"] == "A-7K3F-92QD"
    assert (said["attempt"], said["duration_ms"]) == (3, 12.5)
    assert said["level"] == "info"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=80), st.emails(), st.integers(10_000, 10**12))
def test_nothing_invented_gets_through(
    lines: io.StringIO, text: str, email: str, number: int
) -> None:
    structlog.get_logger("x").info(f"{text}{email}{text}{number}", outcome=f"{number}{text}")
    (said,) = read(lines)
    assert str(number) not in said["event"] + said["outcome"]
    assert email not in said["event"]


def test_a_line_that_cannot_be_written_is_not_written_raw(lines: io.StringIO) -> None:
    (handler,) = (
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    )
    wrong = ("%d went wrong", ("Μαρία 6912345678",))
    handler.handle(logging.LogRecord("x", logging.WARNING, "x.py", 1, *wrong, None))
    assert lines.getvalue() == ""


def test_warnings_and_last_words_are_held_to_the_same() -> None:
    program = (
        "import warnings; from security import redaction; redaction.configure('DEBUG')\n"
        "warnings.warn('got \\'Μαρία\\' of 6912345678', stacklevel=1)\n"
        "raise LookupError('Μαρία has 6912345678')"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        (sys.executable, "-c", program), capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    warned, ended = read(io.StringIO(done.stderr))
    assert "got (quoted) of (digits)" in warned["event"]
    assert ended["exception"].startswith("LookupError at <module>:")


QUOTATION = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)


@settings(max_examples=1000)
@given(st.text("'\"\\ab\n", max_size=16))
def test_every_quotation_is_taken_out_as_by_one_pattern(text: str) -> None:
    assert redaction.scrub(text) == QUOTATION.sub("(quoted)", text)


@pytest.mark.parametrize("text", [r"\'" * 999, r"\"" * 999, r"\'\"" * 499, "'" + r"\"" * 999])
def test_a_mark_that_nothing_ends_is_looked_at_once(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    tried = []

    class Counted:
        def __init__(self, mark: str) -> None:
            self.pattern = re.compile(rf"{mark}(?:[^{mark}\\]|\\.)*{mark}")

        def match(self, text: str, at: int) -> re.Match[str] | None:
            tried.append(at)
            return self.pattern.match(text, at)

    monkeypatch.setattr(redaction, "_QUOTED", {mark: Counted(mark) for mark in "'\""})
    assert redaction.scrub(text) == text
    assert len(tried) <= 2


def test_a_quote_inside_a_quote_ends_nothing(lines: io.StringIO) -> None:
    quoting = ValueError("it's \"Μαρία\" or 'Ελένη'\nor so")
    logging.getLogger("asyncio").error("never retrieved: %r", quoting)
    (said,) = read(lines)
    assert said["event"] == "never retrieved: ValueError((quoted))"


@pytest.mark.parametrize("cut", ["maria@example.org", "12345678", "'Maria Psarra", '"Maria Psarra'])
def test_of_a_long_text_nothing_is_told_that_the_cut_would_open(
    lines: io.StringIO, cut: str
) -> None:
    """The pieces of an address, a number or a quotation are no longer seen as such."""
    for before in range(1980, 2001):
        text = f"{'said ' * 400}"[: before - 1] + f" {cut}' is what was said" + " and more" * 2000
        logging.getLogger("library").warning(text)
    for said in read(lines):
        assert len(said["event"]) < 2100
        assert not any(word in said["event"] for word in ("maria", "Maria", "Psarra", "1234"))
        assert said["event"].endswith("(cut)")
