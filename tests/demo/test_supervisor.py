"""The demo's commands keep their word: a part is down or ready when they return."""

import json
import os
import re
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from demo.control import ask
from demo.messages import put
from demo.part import PartFailed
from demo.walkthrough import play
from tests.stack import WholeStack

PARTS = {
    "temporal",
    "postgres",
    "slapd",
    "sms",
    "smtp",
    "inbox",
    "worker",
    "portal",
    "support",
    "alerts",
}
VARIABLES = {
    "PORTAL_URL",
    "INBOX_URL",
    "SUPPORT_URL",
    "TEMPORAL_ADDRESS",
    "TEMPORAL_NAMESPACE",
    "TEMPORAL_UI_URL",
    "LDAP_URL",
    "LDAPS_URL",
    "LDAP_CA_FILE",
    "LDAP_BASE_DN",
    "LDAP_PEOPLE_DN",
    "LEDGER_DSN",
    "REGISTRAR_DSN",
    "SUPPORT_USER",
    "SUPPORT_PASSWORD",
}


def _states(demo: WholeStack) -> dict[str, str]:
    return {part["name"]: part["state"] for part in ask(demo.folder, "status")["parts"]}


def _is_running(pid: int) -> bool:
    return Path("/proc", str(pid)).exists()


def test_status_names_every_part_and_the_files_tell_where_they_are(whole_stack: WholeStack) -> None:
    assert _states(whole_stack) == dict.fromkeys(PARTS, "running")
    assert set(whole_stack.pids) == PARTS
    assert all(map(_is_running, whole_stack.pids.values()))
    assert set(whole_stack.env) == VARIABLES
    assert all((whole_stack.folder / "logs" / f"{part}.log").exists() for part in PARTS)


@pytest.mark.parametrize("ends", ["stop", "kill"])
@pytest.mark.parametrize("part", ["slapd", "postgres", "sms"])
def test_a_part_that_was_ended_is_down_and_comes_back_ready(
    whole_stack: WholeStack, part: str, ends: str
) -> None:
    pid = whole_stack.pids[part]
    ask(whole_stack.folder, ends, part)
    assert not _is_running(pid)
    assert part not in whole_stack.pids
    assert _states(whole_stack)[part] == "stopped"
    ask(whole_stack.folder, "start", part)
    assert _is_running(whole_stack.pids[part])


def test_a_stopped_part_whose_port_was_taken_is_not_said_to_be_ready(
    whole_stack: WholeStack,
) -> None:
    url = urlsplit(whole_stack.env["INBOX_URL"])
    ask(whole_stack.folder, "stop", "inbox")
    with (
        socket.create_server((str(url.hostname), int(url.port or 0))),
        pytest.raises(PartFailed, match=f"taken by another program meanwhile: port {url.port}"),
    ):
        ask(whole_stack.folder, "start", "inbox")
    ask(whole_stack.folder, "start", "inbox")
    assert _states(whole_stack)["inbox"] == "running"


@pytest.mark.long
def test_a_part_is_started_with_the_settings_of_the_command_or_says_what_it_ignores(
    whole_stack: WholeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def runs_with() -> str:
        environ = Path("/proc", str(whole_stack.pids["portal"]), "environ").read_bytes()
        return environ.decode()

    monkeypatch.setenv("ACTIVATION_PORTAL__BARRIER", "always")
    said = whole_stack.demo("start", "portal").stdout
    assert re.search("portal runs already: ignored .*ACTIVATION_PORTAL__BARRIER", said)
    assert "BARRIER" not in runs_with()
    monkeypatch.setenv("ACTIVATION_LEDGER_DSN", "postgresql://nobody@nowhere/nothing")
    whole_stack.demo("stop", "portal")
    said = whole_stack.demo("start", "portal").stdout
    assert "the demo sets these itself: ignored ACTIVATION_LEDGER_DSN\n" in said
    assert "\0ACTIVATION_PORTAL__BARRIER=always\0" in runs_with()
    assert "nowhere" not in runs_with()
    monkeypatch.delenv("ACTIVATION_PORTAL__BARRIER")
    monkeypatch.delenv("ACTIVATION_LEDGER_DSN")
    whole_stack.demo("stop", "portal")
    whole_stack.demo("start", "portal")
    assert "BARRIER" not in runs_with()


def test_a_part_killed_from_outside_stays_dead_until_it_is_started(
    whole_stack: WholeStack,
) -> None:
    os.kill(whole_stack.pids["smtp"], signal.SIGKILL)
    time.sleep(1)
    assert _states(whole_stack)["smtp"] == "stopped"
    assert "smtp" not in whole_stack.pids
    ask(whole_stack.folder, "start", "smtp")
    assert _states(whole_stack)["smtp"] == "running"


@pytest.mark.parametrize("written", ["%2B306900000201", "+306900000201"])
def test_the_inbox_finds_a_number_however_its_plus_is_written(
    whole_stack: WholeStack, written: str
) -> None:
    put(whole_stack.folder / "data" / "inbox", channel="sms", key="1", to="+306900000201", text="α")
    url = f"{whole_stack.env['INBOX_URL']}/messages.json"
    (message,) = httpx.get(f"{url}?to={written}").json()
    assert set(message) == {"id", "channel", "to", "subject", "text", "received_at"}
    assert httpx.get(f"{url}?to=%2B30690000020").json() == []


def test_status_speaks_json_to_scripts(whole_stack: WholeStack) -> None:
    parts = json.loads(whole_stack.demo("status", "--json").stdout)
    assert {part["name"]: part["pid"] for part in parts} == whole_stack.pids


def test_an_unknown_part_is_refused_in_one_line(whole_stack: WholeStack) -> None:
    refused = whole_stack.demo("stop", "nosuch")
    assert refused.returncode == 1
    assert "nosuch" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_second_demo_in_the_same_folder_is_refused(whole_stack: WholeStack) -> None:
    refused = whole_stack.demo("up")
    assert refused.returncode == 1
    assert "already running" in refused.stderr


def test_without_a_demo_a_command_fails_in_one_line(tmp_path: Path) -> None:
    refused = WholeStack(tmp_path).demo("status")
    assert refused.returncode == 1
    assert "make demo" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_without_a_demo_nobody_can_be_played(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match="make demo"):
        play(tmp_path, "el", print)
