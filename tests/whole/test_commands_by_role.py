"""Each command works with the role of the database and the keys that the documentation gives it.

`ledger migrate` and `ledger roles` are the owner's. All others are given as by staff: with the role
and the keys of `commands`; `doctor --only` with those of the process that it looks at.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import pytest
from typer.main import get_command

from demo.part import aside
from domain.references import first_group
from ledger import imports, posts
from ledger.imports import Owned
from postgres import connect, exists
from security import rotation
from security.keys import KeyRing
from security.purposes import User
from starter.cli import with_commands
from tests.commandline import run
from tests.stack import WholeStack
from tests.whole.student import Student, until, walking
from tests.whole.test_key_folders import ledger_of

WHY = ("--reason", "asked")
TEXTS = ("--el", "Κλειστά.", "--en", "Closed.")
STAFF, NOBODYS = "nikos", "nobody.any.more"
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
    ("support caller", "{done} --birth-date {born} --number {person}"),
    ("support requests", ""),
    ("support request", "{answered}"),
    ("support answer", "{answered} --text Again."),
    ("support dismiss", "{closed}"),
    ("support note", "{opened} --text Rang."),
    ("support retry", "{opened}"),
    ("support resend", "{opened}"),
    ("support unlock", "{opened}"),
    ("support hold", "{opened}"),
    ("support release", "{opened}"),
    ("support cancel", "{opened}"),
    ("support reread", "{disputed}"),
    ("support resolve", "{disputed}"),
    ("support retry-all", "--wait-reason SMS_DOWN --over 0"),
    ("support reopen", "{stopped}"),
    ("support withdraw", "{done} --choice recovery_mobile"),
    ("support withdraw", "{done}"),
    ("support operations", ""),
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
    ("privacy sweep", ""),
    ("privacy sweep", "--dry-run"),
    ("privacy sweep", "--now"),
    ("insurance export", ""),
    ("registrar report", ""),
    ("accounts match", ""),
    ("accounts import", ""),
    ("accounts release", NOBODYS),
    ("privacy erase", "{person} --yes"),
    ("privacy erase-again", "{erased}"),
    ("templates preview", ""),
    ("capacity", ""),
    ("config check", "--only commands"),
    ("keys copy", "commands --to {folder}"),
)
WITH_REASON = {
    *("support dismiss", "support retry", "support resend", "support unlock", "support hold"),
    *("support release", "support cancel", "support reread", "support resolve"),
    *("support retry-all", "support reopen", "support withdraw", "support resume"),
    *("support erase", "support pause", "privacy export", "privacy erase", "insurance export"),
    *("accounts release", "accounts join-again", "support second-factor-reset"),
}


REFUSED = {"support retry": "A retry would hasten nothing"}
"""What a command answers here instead of doing something, once it has read and written."""


class Scene(NamedTuple):
    """The environment of each process, what the commands are given, and PostgreSQL's log since."""

    environ: Mapping[User, Mapping[str, str]]
    owner: Mapping[str, str]
    given: Mapping[str, str]
    log: Path
    begun: int


def paths(command: object, *before: str) -> Iterator[str]:
    """Yield the words of each command."""
    for name, each in getattr(command, "commands", {}).items():
        yield from paths(each, *before, name)
    if not hasattr(command, "commands"):
        yield " ".join(before)


async def plant(dsn: str, keys: KeyRing, opened: str, person: str) -> None:
    """Put in, as the owner, what is no student's own doing."""
    async with await connect(dsn) as ledger:
        nobody = Owned(NOBODYS, [keys.index("person", NOBODYS)], [])
        await imports.reserve_all(ledger, keys, [nobody])
        await ledger.execute(
            "INSERT INTO told_apart (person_keys, other_keys, person_marks, other_marks)"
            " VALUES ($1, $2, '{}', '{}')",
            [keys.index("person", person)],
            [nobody.person_keys[0]],
        )
        await ledger.execute(
            "INSERT INTO second_factor (name, secret, last_step, recovery_codes)"
            " VALUES ($1, '', 0, '{}')",
            STAFF,
        )
        await ledger.execute(
            "INSERT INTO post SELECT $1, n::text FROM generate_series(1, $2) n",
            opened,
            posts.IN_ALL,
        )


@pytest.fixture(scope="module")
def scene(whole_stack: WholeStack, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    stack, folder = whole_stack, tmp_path_factory.mktemp("roles")
    env, log = stack.env, stack.folder / "logs/postgres.log"
    begun = log.stat().st_size
    student, *others = (Student() for _ in range(4))
    with walking(env, student) as walk:
        done = walk.walk()
        for _ in range(2):
            walk._visitor.visit(f"/problem/{done}")
            mail = f"{student.login}@mail.example"
            walk._visitor.submit(name=student.first.latin, reply_to=mail, text="I need help.")
    with walking(env, others[0]) as walk:
        opened = walk.to_the_code()
    with walking(env, others[1]) as walk:
        disputed = walk.to_the_code()
        walk.prove()
        walk._visitor.visit("/review/wrong")
        walk._visitor.submit(decision="dispute", wrong="department", note="Another one.")
    with walking(env, others[2]) as walk:
        stopped = walk.to_the_code()
        mark = first_group(stopped)
        walk._visitor.visit(f"/not-me?mark={mark}")
        walk._visitor.submit(mark=mark, pin=others[2].pin)
    person = f"{student.row()['systemid']}/{student.number}"
    aside(plant(env["LEDGER_DSN"], KeyRing(stack.folder / "keys"), opened, person))
    shared = os.environ | {"ACTIVATION_CONFIG": str(stack.folder / "activation.toml")}
    shared |= {"ACTIVATION_CONSOLE__OPERATORS_FILE": str(folder / "operators")}
    shared |= {"ACTIVATION_ALERTS__EMAIL": "operators@mail.example"}
    environ = {}
    for user in User:
        own = {"ACTIVATION_LEDGER_DSN": ledger_of(stack, user)}
        rotation.copy(stack.folder / "keys", folder / user, [user])
        environ[user] = shared | own | {"ACTIVATION_KEYS_DIR": str(folder / user)}
    listed = run("support", "requests", "--json", environ=environ[User.COMMANDS])
    assert listed.returncode == 0, listed.stderr
    asked = [row["id"] for row in json.loads(listed.stdout) if row["reference"] == done]
    given = {
        "done": done,
        "opened": opened,
        "disputed": disputed,
        "stopped": stopped,
        "answered": str(asked[0]),
        "closed": str(asked[1]),
        "person": person,
        "born": f"{student.born:%d/%m/%Y}",
        "mobile": student.mobile,
        "folder": str(folder / "copied"),
        "backup": str(folder / "backup"),
        "erased": os.devnull,
    }
    return Scene(environ, shared, given, log, begun)


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
    typed = {"support search": scene.given["mobile"], "support operator": token_hex(8)}
    done = run(*words, environ=scene.environ[User.COMMANDS], given=typed.get(path, ""))
    if path in REFUSED:
        assert done.stderr.startswith(REFUSED[path])
    else:
        assert done.returncode == 0, done.stderr


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
