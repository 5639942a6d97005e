"""Plays a whole registrar of realistic untidy rows: `python -m bench.rows [ROWS [JOURNEYS]]`.

Generates students of every kind in `bench.untidy` with their expected results, and adds entries
made by other means to the directory of a demo of its own. Then it runs the registrar's report,
`activation accounts match` and `import`, and lets students of every kind activate at the portal.
Prints a table of unexpected results, with the first of each. Exit code 1 if there is any.
"""

import asyncio
import os
import secrets
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import asyncpg

import settings
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import SUCCESS
from adapters.directory.port import Entry
from adapters.directory.wiring import directory_of
from adapters.registrar.wiring import everybody
from bench.accounts import timed
from bench.console import running, say
from bench.journeys import FAILED, Browser, Seen
from bench.truth import (
    Faults,
    check_entries,
    check_matches,
    check_persons,
    check_report,
    check_reserved,
)
from bench.untidy import OLD_PASSWORD, Drawing, Human
from demo.crowd import Player, World
from demo.part import PartFailed
from demo.place import Place
from demo.slapd import PEOPLE_DN
from demo.stack import Stack
from demo.walkthrough import read_env
from domain.contracts.vocabulary import WaitReason
from domain.registrar import readiness
from recognition import comparison as known
from security.keys import KeyRing
from settings import Settings, systems
from starter.commands import accounts

ROWS, JOURNEYS, AT_ONCE = 20_000, 300, 8
PATIENCE_SECONDS = 180
_SUPPORT = frozenset(
    {WaitReason.USERNAME_CONFLICT, WaitReason.FOREIGN_ENTRY, WaitReason.INSURANCE_CONFLICT}
)
_CHECKS = (
    *("report", "parted", "joined", "match", "import"),
    *("second account", "stranger", "password", "lost"),
)


def main(rows: int = ROWS, journeys: int = JOURNEYS) -> int:
    faults = Faults()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "demo"
        stack = Stack(Place(folder))
        stack.write_files()
        humans = [*Drawing(rows, "university.example").everybody(rows)]
        load(stack, humans)
        with running(folder):
            file = folder / "activation.toml"
            os.environ["ACTIVATION_CONFIG"] = str(file)
            directory = tomllib.loads(file.read_text("utf-8"))["directory"]
            with closing(LdapClient(systems.DirectorySettings.model_validate(directory))) as ldap:
                world, config = World(read_env(folder), ldap), settings.load()
                world.enrol([row for human in humans for row in human.rows])
                asyncio.run(compare(config, humans, faults))
                played = chosen(humans, journeys)
                play(world, played, faults)
                check_passwords(ldap, played, faults)
                entries = asyncio.run(all_entries(config))
                check_entries(entries, config.institution.domain, humans, faults)
    return print_table(humans, played, faults)


def load(stack: Stack, humans: Iterable[Human]) -> None:
    """Put the entries made by other means into the directory before it starts."""
    stack.directory.prepare()
    ldif = stack.place.folder / "old.ldif"
    ldif.write_text("\n\n".join("\n".join(each.entry) for each in humans if each.entry), "utf-8")
    options = ("-q", "-f", str(stack.directory.config), "-l", str(ldif))
    stack.directory._tool("slapadd", *options)  # noqa: SLF001 - a demo never needs it


async def compare(config: Settings, humans: Sequence[Human], faults: Faults) -> None:
    """Run the commands that an operator runs before the term."""
    region = config.registrar.phone_region
    rows = await everybody(config.registrar)
    found, seconds = timed(lambda: readiness.report(rows, region))
    say(f"report of {len(rows)} rows: {seconds:.1f} s")
    check_report(found, humans, faults)
    check_persons(known.persons(rows, config, KeyRing(config.keys_dir)), humans, faults)
    begun = time.perf_counter()
    matched = await accounts.matched(config)
    say(f"match: {time.perf_counter() - begun:.1f} s, {_counted(m.plan.value for m in matched)}")
    check_matches(matched, humans, faults)
    begun = time.perf_counter()
    done = await accounts.reserved(config, matched)
    say(f"import: {time.perf_counter() - begun:.1f} s after that, {done}")
    check_reserved(await owners(config), matched, humans, faults)


async def owners(config: Settings) -> dict[str, str]:
    ledger = await asyncpg.connect(config.ledger_dsn.get_secret_value())
    try:
        found = await ledger.fetch("SELECT name, person_key FROM username")
    finally:
        await ledger.close()
    return {row["name"]: row["person_key"] for row in found}


async def all_entries(config: Settings) -> list[Entry]:
    directory = directory_of(config.directory)
    try:
        return await directory.run(directory.everybody, lambda _: None)
    finally:
        await directory.close()


def chosen(humans: Iterable[Human], journeys: int) -> list[Human]:
    """Return complete turns of students with a contact, spread evenly over all."""
    turns: dict[int, list[Human]] = defaultdict(list)
    for human in humans:
        if human.ends:
            turns[human.turn].append(human)
    wanted = min(len(turns), -(-journeys // len(turns[0])))
    return [human for n in range(wanted) for human in turns[n * len(turns) // wanted]]


def play(world: World, humans: Sequence[Human], faults: Faults) -> None:
    def one(human: Human) -> str:
        try:
            end = journey(world, human)
        except FAILED as error:
            end = repr(error)
        faults.note(human, "lost", wrong=end not in human.ends, seen=end)
        return end if end.isidentifier() else "failed"

    begun = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as students:
        ends = _counted(students.map(one, humans))
    say(f"{len(humans)} journeys: {time.perf_counter() - begun:.0f} s, {ends}")


def journey(world: World, human: Human) -> str:
    """Follow the portal from page to page; return the end, or the wait reason for support."""
    browser = Browser(world.env["PORTAL_URL"], "el", Seen())
    row = human.newest
    with closing(Player(world, row, language="el", by_email=False, visitor=browser)) as player:
        player.typed = human.typed
        browser.visit("/")
        player.come()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if end := step(player, browser, human):
                return end
    raise PartFailed(f"stayed at {browser.page.path}")


def step(player: Player, browser: Browser, human: Human) -> str | None:
    """Complete one page; return the end if it is one."""
    match browser.page.path:
        case "/pin":
            browser.submit(pin=player.code())
        case "/identify":
            browser.submit(answer=answer(human, browser))
        case "/insurance":
            player.insure(human.insured)
        case "/review":
            browser.submit(decision="agree")
        case "/password":
            browser.submit(password=secrets.token_urlsafe(18))
        case "/done" | "/ended":
            return str(standing(browser)["step"])
        case "/progress":
            reason = standing(browser)["wait_reason"]
            if reason in _SUPPORT:
                return str(reason)
            time.sleep(0.5)
            browser.visit("/progress")
        case path:
            raise PartFailed(f"came to {path}: {browser.page.title}")
    return None


def standing(browser: Browser) -> dict[str, object]:
    """Return the activation's state, retrying while the portal answers that it is busy."""
    while True:
        try:
            return browser.where()
        except ValueError:
            time.sleep(1)


def answer(human: Human, browser: Browser) -> str:
    form = next(form for form in browser.page.forms if "answer" in form.names)
    return {
        "birth_date": f"{human.born:%d/%m/%Y}",
        "insurance_last_four": human.insured[-4:],
        "student_number": str(human.newest["registrationid"]),
    }[form.fields["question"]]


def check_passwords(ldap: LdapClient, played: Iterable[Human], faults: Faults) -> None:
    for human in played:
        if human.old_password:
            opened = ldap.bind_as(f"uid={human.old_name},{PEOPLE_DN}", OLD_PASSWORD.encode())
            faults.note(human, "password", wrong=opened.code != SUCCESS, seen=opened)


def print_table(humans: Sequence[Human], played: Sequence[Human], faults: Faults) -> int:
    """Print the table; returns the exit code."""
    everybody_of, came = Counter(h.kind for h in humans), Counter(h.kind for h in played)
    say(f"{'kind':30} {'all':>6} {'came':>5}  " + "  ".join(_CHECKS))
    for kind in everybody_of:
        cells = (f"{faults.counts[kind, check]:{len(check)}}" for check in _CHECKS)
        say(f"{kind:30} {everybody_of[kind]:6} {came[kind]:5}  " + "  ".join(cells))
    totals = (f"{faults.total(check):{len(check)}}" for check in _CHECKS)
    say(f"{'all':30} {len(humans):6} {len(played):5}  " + "  ".join(totals))
    for (kind, what), (human, seen) in faults.first.items():
        say(f"{what} of {kind}: {sorted(human.numbers)}, saw {seen}")
        for row in human.rows:
            say(f"    { {name: value for name, value in row.items() if value} }")
    return int(bool(faults.counts))


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
