"""Runs what the documentation shows, with its placeholders filled in, on one demo.

`tests/documented.py` names the commands that are not run, each with the reason.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from subprocess import CompletedProcess
from typing import NamedTuple

import asyncpg
import ldap3
import pytest
from _pytest.mark import ParameterSet

from demo.part import aside
from demo.place import Place
from demo.slapd import PEOPLE_DN, SERVICE_DN
from ledger.audit_heads import SentHead
from postgres import connect
from security.purposes import User
from tests.commandline import run
from tests.docs.test_commands import is_named, leaf
from tests.documented import ROOT, Call, Shown, calls, others, reason, shown
from tests.stack import WholeStack
from tests.whole.scene import NOBODYS, STAFF, Scene, play
from tests.whole.student import until
from tests.whole.test_commands_by_role import COMMANDS, WHY, WITH_REASON

OF_THE_OWNER = ("backup", "keys", "ledger", "temporal", "config", "doctor", "demo")
PARTS = ("demo start", "demo stop", "demo kill")
LAST = ("support withdraw", "support resume", "support erase", "privacy erase")
"""What changes the student of the others, in this order."""
REFUSED = {
    "support retry": "A retry would not make it faster",
    "support settle": "There is no such finding",
    # No terminal is there, and nobody wrote --yes.
    "privacy erase": "--yes",
    "temporal use": "workers report no version",
}
"""What a command answers here instead of doing something."""


def path_of(call: Call) -> str:
    _, given = leaf(call.words)
    return " ".join(call.words[: len(call.words) - len(given)])


def is_complete(each: Shown, call: Call) -> bool:
    """Whether it can be run as it stands; a sentence may name a command without its arguments."""
    command, given = leaf(call.words)
    needs = hasattr(command, "commands") or any(param.required for param in command.params)
    values = {"--only", "--send-test"} & {*given[-1:]}
    return not (is_named(each, given) and (needs or values))


def to_run() -> Iterator[Call]:
    for each in shown():
        if reason(each.text) is None and each.language in {"", "sh"}:
            yield from (call for call in calls(each.text) if is_complete(each, call))


def form(path: str, words: Sequence[str]) -> tuple[str, frozenset[str]]:
    return path, frozenset(word for word in words if word.startswith("--"))


def rank(call: Call) -> int:
    """Return the place among those that come last; the others keep the order of the pages."""
    path = path_of(call)
    return LAST.index(path) + 1 if path in LAST else 0


def marked() -> Iterator[ParameterSet]:
    """Yield the calls in the order of the pages; `make test` leaves out forms that were tried."""
    tried = {
        form(path, [*more.split(), *(WHY if path in WITH_REASON else ())])
        for path, more in COMMANDS
    }
    found = list(dict.fromkeys(to_run()))
    for call in sorted(found, key=rank):
        own = form(path_of(call), call.words)
        again = own in tried and path_of(call) not in (*PARTS, "support resume")
        tried.add(own)
        yield pytest.param(call, marks=[pytest.mark.long] if again else [])


class Scenery(NamedTuple):
    scene: Scene
    stack: WholeStack
    folder: Path
    words: Mapping[str, str]


@pytest.fixture(scope="module")
def scenery(whole_stack: WholeStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenery]:
    folder = tmp_path_factory.mktemp("shown")
    scene = play(whole_stack, folder / "processes")
    shutil.copytree(whole_stack.folder / "keys", folder / "keys")
    assert run("support", "show", scene.given["done"], environ=scene.environ[User.COMMANDS])
    head = aside(newest_row(whole_stack.env["LEDGER_DSN"]))
    (folder / "heads").write_text(f"From the letter: {head}")
    given = scene.given
    words = {
        "A-7K3F-92QD": given["done"],
        "REFERENCE": given["opened"],
        "REF": given["stopped"],
        "KIND": "RUN_UNKNOWN",
        "SUBJECT": given["opened"],
        "ID": given["answered"],
        "R": "asked",
        "TIME": "2026-11-30",
        "FOLDER": str(folder / "backup"),
        "/backup/activation/2026-11-30": str(folder / "backup of a day"),
        "FILE": str(folder / "heads"),
        "DIR": str(folder / "pages"),
        "HEAD": str(head),
        "+3069...": f"+30{given['mobile']}",
        **dict.fromkeys(("N", "NUMBER", "PERSON", "SYSTEM/NUMBER"), given["person"]),
    }
    yield Scenery(scene, whole_stack, folder, words)
    whole_stack.demo("start", "inbox")


async def newest_row(dsn: str) -> SentHead:
    """Return the head that a letter of today would have."""
    async with await connect(dsn) as ledger:
        row = await ledger.fetchrow("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1")
        assert row
        return SentHead(datetime.now(UTC).date(), row["id"], row["hash"])


def filled(call: Call, scenery: Scenery) -> list[str]:
    path = path_of(call)
    names = {"accounts release": NOBODYS, "schedules run": "sweep", **dict.fromkeys(PARTS, "inbox")}
    words = {**scenery.words, "NAME": names.get(path, STAFF)}
    if path == "support retry":
        words = {**words, "A-7K3F-92QD": words["REFERENCE"]}
    if path.startswith("campaign "):
        words |= dict.fromkeys(("3f9a1b2c", "ID"), scenery.scene.given["campaign"])
    found = [words.get(word, word) for word in call.words]
    file = r"^(/srv|/etc)?/?(?=[\w-]+(-keys|\.csv|\.xlsx)$)"
    found = [re.sub(file, f"{scenery.folder}/", word) for word in found]
    return [*found, "--folder", str(scenery.stack.folder)] if path.startswith("demo ") else found


def environment(call: Call, scenery: Scenery) -> Mapping[str, str]:
    """Return the variables of whoever gives the command; keys are made and copied in a copy."""
    if call.words[0] not in OF_THE_OWNER:
        again = path_of(call) == "privacy erase-again"
        listed = {"ACTIVATION_ERASURES_FILE": os.devnull} if again else {}
        return {**scenery.scene.environ[User.COMMANDS], **listed}
    if "--only" in call.words:
        return scenery.scene.environ[User(call.words[call.words.index("--only") + 1])]
    keys = {"ACTIVATION_KEYS_DIR": str(scenery.folder / "keys")} if call.words[0] == "keys" else {}
    return {**scenery.scene.owner, **keys}


def typed(call: Call, scenery: Scenery) -> str:
    given = scenery.scene.given
    return {
        "support search": given["mobile"],
        "support operator": token_hex(8),
        "support caller": f"{given['born']}\nNobody\n",
    }.get(path_of(call), "")


@pytest.mark.parametrize("call", [*marked()], ids=lambda call: " ".join(call.words)[:70])
def test_what_is_shown_works(scenery: Scenery, call: Call) -> None:
    words = filled(call, scenery)

    def give() -> CompletedProcess[str]:
        return run(*words, environ=environment(call, scenery), given=typed(call, scenery))

    done = give()
    if "still in progress" in done.stderr:
        # The withdrawal before it changes the directory in the background.
        done = until(lambda: None if (again := give()).returncode else again)
    if answer := REFUSED.get(path_of(call)):
        assert done.returncode == 1
        assert answer in done.stderr
        return
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    if call.onward:
        onward = call.onward.replace("A-7K3F-92QD", scenery.words["A-7K3F-92QD"])
        shell(onward, given=done.stdout)


def shell(command: str, folder: Path = ROOT, given: str = "") -> str:
    """Return what a line of the documentation prints."""
    line = ("bash", "-o", "pipefail", "-c", command)
    return subprocess.run(  # noqa: S603 - a line of our own pages
        line, cwd=folder, input=given, text=True, capture_output=True, check=True
    ).stdout


def test_what_is_shown_of_the_shell_works(tmp_path: Path) -> None:
    (searched,) = others("git grep")
    assert "workflows/steps.py" in shell(searched)
    (counted,) = others("awk")
    line = '192.0.2.{} - - [30/Nov/2026:10:00:00 +0200] "POST /{} HTTP/1.1" 303 0\n'
    log = line.format(1, "contact") + line.format(2, "pin") * 2 + line.format(3, "who")
    (tmp_path / "access.log").write_text(log)
    assert shell(counted, tmp_path).split() == ["2", "192.0.2.2", "1", "192.0.2.1"]


def test_what_is_shown_of_sql_works(whole_stack: WholeStack) -> None:
    secret = Place(whole_stack.folder).secret("postgres_postgres")
    server = whole_stack.env["LEDGER_DSN"].rpartition("@")[2].partition("/")[0]
    aside(_statements(f"postgresql://postgres:{secret}@{server}"))


async def _statements(address: str) -> None:
    """Run them under names of their own, and take away what they made."""
    own = f"shown_{token_hex(4)}"
    texts = [text for text in (*others("CREATE"), *others("ALTER")) if "v_vd_sis" not in text]
    (reader,) = (text for text in others("CREATE") if "GRANT SELECT ON v_vd_sis" in text)

    def named(text: str) -> str:
        return re.sub(r"\b(activation|portal[12]|ledger|temporal)", rf"{own}_\1", text).replace(
            "...", own
        )

    for database, given in (("postgres", texts), ("registrar", [reader])):
        server = await asyncpg.connect(f"{address}/{database}")
        statements = [each for text in given for each in named(text).split(";") if each.strip()]
        # A role comes before its members.
        for statement in sorted(
            statements, key=lambda each: ("LOGIN IN ROLE" in each, "ALTER" in each)
        ):
            await server.execute(statement)
        await server.close()
    server = await asyncpg.connect(f"{address}/registrar")
    await server.execute(f"DROP OWNED BY {own}_activation_reader")
    for made in ("ledger", "temporal", "temporal_visibility"):
        await server.execute(f"DROP DATABASE {own}_{made}")
    for role in await server.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE $1", f"{own}%"):
        await server.execute(f"DROP ROLE {role['rolname']}")
    await server.close()


def test_what_is_shown_of_the_directory_works(whole_stack: WholeStack) -> None:
    name, number = f"s{token_hex(4)}", token_hex(4)
    dn = f"uid={name},{PEOPLE_DN}"
    code = "urn:schac:personalUniqueCode:gr:DOMAIN:SYSTEM:NUMBER"
    first, second = sorted(others("dn: "), key=lambda text: "delete:" in text)
    server = ldap3.Server(whole_stack.env["LDAP_URL"])
    secret = Place(whole_stack.folder).secret("ldap_service")
    with ldap3.Connection(server, SERVICE_DN, secret) as directory:
        assert directory.add(  # type: ignore[no-untyped-call] # ldap3 has no types
            dn, "inetOrgPerson", {"cn": name, "sn": name}
        )
        for text in (first, second):
            changes = parsed(text.replace("NAME", name).replace("NUMBER", number))
            assert directory.modify(dn, changes)  # type: ignore[no-untyped-call] # as above
        directory.search(dn, "(objectClass=*)", attributes=["schacPersonalUniqueCode"])
        (found,) = directory.entries[0].schacPersonalUniqueCode.values
        assert found == code.replace("NUMBER", f"{number}_OF_ITS_OWNER")


def parsed(text: str) -> dict[str, list[tuple[str, list[str]]]]:
    """Return the changes of a record of LDIF that modifies."""
    changes: dict[str, list[tuple[str, list[str]]]] = {}
    kinds = {"add": ldap3.MODIFY_ADD, "delete": ldap3.MODIFY_DELETE}
    for part in text.partition("changetype: modify\n")[2].split("-\n"):
        (kind, attribute), *values = (line.split(": ", 1) for line in part.splitlines())
        changes.setdefault(attribute, []).append((kinds[kind], [value for _, value in values]))
    return changes
