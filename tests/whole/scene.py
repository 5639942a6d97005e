"""Plays students into one demo, so that each command of staff has something to act on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from demo.part import aside
from domain.references import first_group
from ledger import imports, posts
from ledger.imports import Owned
from postgres import connect
from security import rotation
from security.keys import KeyRing
from security.purposes import User
from tests.commandline import run
from tests.stack import WholeStack
from tests.whole.student import HELP, Student, walking
from tests.whole.test_key_folders import ledger_of

STAFF, NOBODYS = "nikos", "nobody.any.more"


class Scene(NamedTuple):
    """The environment of each process, what the commands are given, and PostgreSQL's log since."""

    environ: Mapping[User, Mapping[str, str]]
    owner: Mapping[str, str]
    given: Mapping[str, str]
    log: Path
    begun: int


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
            " VALUES ($1, '', 0, '{}') ON CONFLICT DO NOTHING",
            STAFF,
        )
        await ledger.execute(
            "INSERT INTO finding (kind, subject, confirmed_at) VALUES ('RUN_UNKNOWN', $1, now())",
            opened,
        )
        await ledger.execute(
            "INSERT INTO post SELECT $1, n::text FROM generate_series(1, $2) n",
            opened,
            posts.IN_ALL,
        )


def play(stack: WholeStack, folder: Path) -> Scene:
    """Return references and data of students at different steps; `folder` is for keys."""
    env, log = stack.env, stack.folder / "logs/postgres.log"
    begun = log.stat().st_size
    student, *others = (Student() for _ in range(4))
    with walking(env, student) as walk:
        done = walk.walk()
        for _ in range(2):
            walk._visitor.visit(f"/problem/{done}")
            given = {"name": student.first.latin, "reply_to": student.mail}
            walk._visitor.submit(**given, text=HELP)
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
    department = str(student.row()["departmentid"])
    words = ("--department", department, "--by", "email", "--per-minute", "1", "--reason", "asked")
    ready = run("campaign", "prepare", *words, "--json", environ=environ[User.COMMANDS])
    assert ready.returncode == 0, ready.stderr
    given = {
        "department": department,
        "posters": str(folder / "posters"),
        "campaign": json.loads(ready.stdout)["campaign"],
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
