"""Each command works with the role of the database and the keys that the documentation gives it.

`ledger migrate` and `ledger roles` are the owner's. All others are given as by staff: with the role
and the keys of `commands`; `doctor --only` with those of the process that it looks at.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex

import pytest
from typer.main import get_command

from demo.part import aside
from postgres import connect, exists
from security import receipt_tokens
from security.keys import KeyRing
from security.purposes import User
from starter.cli import with_commands
from tests.adapters.messaging.test_bounces import POSTFIX, TOKEN
from tests.commandline import run
from tests.stack import WholeStack
from tests.whole.scene import NOBODYS, STAFF, Scene, play
from tests.whole.student import until

WHY = ("--reason", "asked")
TEXTS = ("--el", "Κλειστά.", "--en", "Closed.")
OWNERS = {"ledger migrate": "", "ledger roles": "", "backup": "{backup}", "restore": "{backup}"}
ELSEWHERE = {
    *("portal", "support serve", "support alerts"),
    *("keys init", "keys distribute", "keys activate", "keys rotate", "temporal init"),
    "temporal use",
}
"""What the demo runs with each process's role, and what prepares an installation as its owner."""
COMMANDS: Sequence[tuple[str, str]] = (
    ("support list", ""),
    ("support list", "--stuck"),
    ("support search", ""),
    ("support show", "{done}"),
    ("support registrar", "--number {person}"),
    ("support registrar", "--case {opened}"),
    ("support uninvite", "--number {person}"),
    ("support uninvite", "--number {person} --undo"),
    ("support caller", "{done} --birth-date {born} --number {person}"),
    ("support requests", ""),
    ("support request", "{answered}"),
    ("support answer", "{answered} --text Again."),
    ("support dismiss", "{closed}"),
    ("support note", "{opened} --text Rang."),
    ("support assign", "{opened}"),
    ("support assign", "{opened} --nobody"),
    ("support assign-request", "{closed}"),
    ("support retry", "{opened}"),
    ("support resend", "{opened}"),
    ("support unlock", "{opened}"),
    ("support unlock", "{opened} --send"),
    ("support hold", "{opened}"),
    ("support release", "{opened}"),
    ("support cancel", "{opened}"),
    ("support reread", "{disputed}"),
    ("support resolve", "{disputed}"),
    ("support retry-all", "--wait-reason SMS_DOWN --over 0"),
    ("support reopen", "{stopped}"),
    ("support insurance", "{done}"),
    ("support withdraw", "{done} --choice recovery_mobile"),
    ("support withdraw", "{done}"),
    ("support operations", ""),
    ("support findings", ""),
    ("support findings", "--all"),
    ("support settle", "RUN_UNKNOWN {opened}"),
    ("support pause", ""),
    ("support resume", ""),
    ("support funnel", ""),
    ("support test-alerts", ""),
    ("support operator", STAFF),
    ("support sign-out", STAFF),
    ("support second-factor-reset", STAFF),
    ("support second-factors", ""),
    ("support audit verify", ""),
    ("support audit export", ""),
    ("support audit cut", ""),
    ("accounts join-again", "{person}"),
    ("support erase", "{done}"),
    ("privacy export", "{person}"),
    ("temporal versions", ""),
    ("schedules list", ""),
    ("schedules run", "sweep"),
    ("schedules run", "stuck-report"),
    ("privacy sweep", ""),
    ("privacy sweep", "--dry-run"),
    ("privacy sweep", "--now"),
    ("insurance export", ""),
    ("registrar report", ""),
    ("registrar not-activated", ""),
    ("registrar not-activated", "--department 401 --csv {folder}.csv"),
    ("accounts match", ""),
    ("accounts import", ""),
    ("accounts release", NOBODYS),
    ("privacy erase", "{person} --yes"),
    ("privacy erase-again", "{erased}"),
    ("templates preview", ""),
    ("mail bounce", ""),
    ("brand preview", "--folder {folder}.pages"),
    ("campaign prepare", "--department {department} --by sms --by email --remind-after 7"),
    ("campaign preview", ""),
    ("campaign poster", "--folder {posters}"),
    ("campaign start", "{campaign}"),
    ("campaign show", "{campaign}"),
    ("campaign show", "{campaign} --in-doubt"),
    ("campaign list", ""),
    ("campaign stop", "{campaign}"),
    ("capacity", ""),
    ("config check", "--only commands"),
    ("keys copy", "commands --to {folder}"),
)
WITH_REASON = {
    *("support dismiss", "support retry", "support resend", "support unlock", "support hold"),
    *("support release", "support cancel", "support reread", "support resolve"),
    *(
        "support retry-all",
        "support insurance",
        "support reopen",
        "support withdraw",
        "support resume",
    ),
    *("support erase", "support pause", "privacy export", "privacy erase", "insurance export"),
    *("accounts release", "accounts join-again", "support second-factor-reset"),
    *("support uninvite", "support settle", "campaign prepare", "campaign start", "campaign stop"),
}


NARROW = 80
FOR_PROGRAMS = {
    *("support audit export", "privacy export", "insurance export", "templates preview"),
    "campaign preview",
}
"""What prints JSON or a spreadsheet, or whole messages; all else fits a terminal of 80 columns."""
REFUSED = {
    "support retry": "A retry would not make it faster",
    "support insurance": "No insurance number that the student typed",
    "support unlock {opened} --send": "No message can be sent there now",
}
"""What a command answers here instead of doing something, once it has read and written."""


def paths(command: object, *before: str) -> Iterator[str]:
    """Yield the words of each command."""
    for name, each in getattr(command, "commands", {}).items():
        yield from paths(each, *before, name)
    if not hasattr(command, "commands"):
        yield " ".join(before)


@pytest.fixture(scope="module")
def scene(whole_stack: WholeStack, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return play(whole_stack, tmp_path_factory.mktemp("roles"))


async def head_is_taken(dsn: str) -> bool:
    async with await connect(dsn) as ledger:
        return await exists(ledger, "audit_sent")


def test_each_command_is_tried_with_its_role() -> None:
    tried = {path for path, _ in COMMANDS} | {*OWNERS} | ELSEWHERE | {"doctor"}
    there = {path for path in paths(get_command(with_commands())) if not path.startswith("demo ")}
    assert there - {"worker"} == tried


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_of_staff_works_with_the_role_of_commands(
    scene: Scene, command: tuple[str, str]
) -> None:
    path, more = command
    words = [*path.split(), *more.format(**scene.given).split()]
    if path in WITH_REASON:
        words += WHY
    if path == "support pause":
        words += TEXTS
    keys = KeyRing(Path(scene.environ[User.COMMANDS]["ACTIVATION_KEYS_DIR"]))
    bounce = POSTFIX.replace(TOKEN, receipt_tokens.token(keys, "A-7K3F-92QD:pin:1"))
    typed = {"support search": scene.given["mobile"], "support operator": token_hex(8)}
    typed["mail bounce"] = bounce
    narrow = {**scene.environ[User.COMMANDS], "COLUMNS": str(NARROW)}
    done = run(*words, environ=narrow, given=typed.get(path, ""))
    if refused := REFUSED.get(path) or REFUSED.get(" ".join(command)):
        assert done.stderr.startswith(refused)
        assert re.fullmatch(r"[^.;!\n]+\.?\n", done.stderr), "more than one sentence or line"
        return
    assert done.returncode == 0, done.stderr
    if path not in FOR_PROGRAMS:
        shown = (done.stdout + done.stderr).splitlines()
        assert [line for line in shown if len(line) > NARROW and " " in line.strip()] == []


@pytest.mark.parametrize("user", User)
def test_the_doctor_finds_the_role_of_each_process_well(scene: Scene, user: User) -> None:
    done = run("doctor", "--only", user, "--json", environ=scene.environ[user])
    found = [each for each in json.loads(done.stdout) if each["part"] in ("ledger", "keys")]
    assert found
    assert [each for each in found if each["mend"]] == []


def test_no_process_was_refused_anything_by_the_ledger(
    scene: Scene, whole_stack: WholeStack
) -> None:
    """Students walked, staff gave all commands, and the alerts looked at everything."""
    dsn = whole_stack.env["LEDGER_DSN"]
    until(lambda: aside(head_is_taken(dsn)), within=60)
    lines = scene.log.read_bytes()[scene.begun :].decode("utf-8", "replace").splitlines()
    assert [line for line in lines if "permission denied" in line] == []


@pytest.mark.parametrize("path", OWNERS)
def test_what_is_the_owners_is_refused_to_others_in_one_line(scene: Scene, path: str) -> None:
    words = [*path.split(), *OWNERS[path].format(**scene.given).split()]
    done = run(*words, environ=scene.owner)
    if path == "restore":  # Drills restore; here everybody is connected.
        assert "stop portals" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
    for user in User:
        done = run(*words, environ=scene.environ[user])
        assert done.returncode == 1, user
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert "ledger_dsn" in line
