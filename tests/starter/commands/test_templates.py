"""The preview of messages: with nothing running, everything a student may get is shown."""

import os
import subprocess
from pathlib import Path

import pytest

from domain.contracts.channels import Channel
from domain.contracts.message_io import NoticeKind
from domain.contracts.vocabulary import Language
from settings import Settings
from starter.commands.templates import messages
from tests.commandline import run
from tests.stack import TestStack

NOWHERE = {
    "ACTIVATION_LEDGER_DSN": "postgresql://nobody@127.0.0.1:1/none",
    "ACTIVATION_KEYS_DIR": "none",
    "ACTIVATION_REGISTRAR__DSN": "postgresql://nobody@127.0.0.1:1/none",
    "ACTIVATION_DIRECTORY__URLS": '["ldap://127.0.0.1:1"]',
    "ACTIVATION_DIRECTORY__BIND_DN": "cn=none",
    "ACTIVATION_DIRECTORY__BIND_PASSWORD_FILE": "none",
    "ACTIVATION_DIRECTORY__PEOPLE_DN": "ou=none",
    "ACTIVATION_SMS__URL": "http://127.0.0.1:1",
    "ACTIVATION_MAIL__HOST": "127.0.0.1",
    "ACTIVATION_INSTITUTION__NAME_EL": "Πανεπιστήμιο Δοκιμών",
    "ACTIVATION_INSTITUTION__SMS_NAME": "DOKIMES",
}


def preview(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command with settings whose every system is away."""
    (folder / "empty.toml").touch()
    kept = {name: value for name, value in os.environ.items() if "ACTIVATION" not in name}
    environ = {**kept, **NOWHERE, "ACTIVATION_CONFIG": str(folder / "empty.toml"), **environ}
    return run("templates", "preview", *words, environ=environ)


def test_every_message_is_shown_and_written_with_nothing_running(tmp_path: Path) -> None:
    ended = preview(tmp_path, "--language", "el", "--folder", str(tmp_path / "out"))
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in (
        "pin",
        *NoticeKind,
        "invitation",
        "invitation_again",
        "support_request",
        "support_answer",
    ):
        assert f"=== {name} (el)" in ended.stdout
    assert "(en)" not in ended.stdout
    assert ended.stdout.count("--- SMS: ") == ended.stdout.count(" places, 1 part\n") == 10
    assert "@127.0.0.1 #012345" in ended.stdout
    assert "DOKIMES" in ended.stdout
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"pin.el.sms.txt", "pin.el.txt", "pin.el.html", "support_answer.el.txt"} <= written
    assert not {"support_answer.el.html", "support_answer.el.sms.txt", "pin.en.txt"} & written
    assert "Πανεπιστήμιο Δοκιμών" in (tmp_path / "out" / "pin.el.html").read_text("utf-8")


def test_an_sms_that_has_become_too_long_shows_it(tmp_path: Path) -> None:
    long = preview(tmp_path, ACTIVATION_INSTITUTION__SMS_NAME="UNIVERSITY " * 12).stdout
    assert "2 parts" in long
    assert "(el)" in long
    assert "(en)" in long


@pytest.mark.parametrize("language", Language)
def test_no_message_speaks_the_other_language(stack: TestStack, language: Language) -> None:
    settings: Settings = stack.settings
    shown = {each.name: each for each in messages(settings) if each.language is language}
    other = {each.name: each for each in messages(settings) if each.language is not language}
    assert set(shown) == set(other)
    for name, message in shown.items():
        letter, translated = (each.contents[Channel.EMAIL] for each in (message, other[name]))
        assert letter.subject != translated.subject
        sms, another = (each.contents.get(Channel.SMS) for each in (message, other[name]))
        assert sms is None or sms != another
