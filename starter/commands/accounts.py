"""`activation accounts ...`: compares and imports existing accounts before the term starts.

The commands exit with 0 on success and 1 on failure. `import` exits with 3 when it succeeded but
the ledger has some of the usernames for other persons.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Column, Table

import settings
from adapters.directory.entries import CODES
from adapters.directory.port import Directory
from adapters.directory.wiring import directory_of
from adapters.errors import AdapterError
from adapters.registrar.wiring import everybody, registrar_of
from domain.contracts.people import Person
from domain.memo import remembering
from domain.usernames import unusable
from ledger import imports, told_apart, usernames
from ledger.imports import Owned
from ledger.usernames import Release
from postgres import Pool
from recognition import comparison as known
from recognition.comparison import KNOWN, Match, Plan
from recognition.rekeyed import Ledger
from recognition.rekeyed import known as of_ledger
from security.keys import KeyRing
from settings import Settings
from starter import databases, workbook
from starter.audited import audited
from starter.output import Failed, Json, show_json, tell
from starter.progress import working

commands = typer.Typer(help="Accounts that exist already.", no_args_is_help=True)

OTHERS_HAVE_NAMES = 3
BATCH = 200
_LEDGER_TIMEOUT = 60.0
_COLUMNS = (
    *("department", "name", "system", "student number", "what an activation would find"),
    *("username", "why"),
)


def _required(reason: str) -> str:
    if not reason.strip():
        raise Failed("a reason is needed, for the audit")
    return reason


Reason = Annotated[str, typer.Option(callback=_required, help="Why, for the audit.")]


@dataclass(frozen=True)
class Imported:
    """Counts of an import; `names_of_others`: students whose username the ledger has for others."""

    reserved: int
    reserved_before: int
    names_of_others: tuple[str, ...]
    left_out: int


class DepartmentPlans(NamedTuple):
    """The number of students per plan in one department, and reasons where not a new account."""

    department_id: str
    name: str
    plans: Counter[Plan]
    why: Counter[str]


@commands.command()
def match(
    dry_run: Annotated[  # noqa: ARG001 - what the command always does may be said
        bool, typer.Option("--dry-run", help="Only look; this command never writes anything.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write a line a student into this spreadsheet.")
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", help="The same, or both, as an Excel workbook.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare the registrar with the directory: what the activation of each student would find."""
    with workbook.written_as(csv, xlsx) as write:
        found = asyncio.run(matched(settings.load()))
        if write:
            _write(write, found)
    departments = _departments(found)
    if json:
        total = Counter(each.plan for each in found)
        show_json({"departments": [each._asdict() for each in departments], "total": total})
    else:
        _show(departments)


@commands.command("import")
def import_(json: Json = False) -> None:
    """Reserve each account's username that is certainly a student's; may be stopped, repeated."""
    config = settings.load()
    found = asyncio.run(matched(config))
    done = asyncio.run(reserved(config, found))
    if json:
        show_json(asdict(done))
    else:
        tell(
            f"{done.reserved} usernames reserved, {done.reserved_before} were before;"
            f" {done.left_out} students have no account that is certainly theirs."
        )
        for student in done.names_of_others:
            tell(f"{student}  the ledger has this username for another person")
    if done.names_of_others:
        raise typer.Exit(OTHERS_HAVE_NAMES)


@commands.command()
def release(name: Annotated[str, typer.Argument(help="The username.")], reason: Reason) -> None:
    """Free a username that was reserved for the wrong person and that no account has."""
    with working("Ledger and directory are asked"):
        asyncio.run(released(settings.load(), name, reason))
    tell(f"{name} is free.")


async def released(config: Settings, name: str, reason: str) -> None:
    """Free a username; raises `Failed` if an entry, an account or an activation has it."""
    about = f"{name}: {reason}"
    async with audited(config, "accounts_release", about, seconds=_LEDGER_TIMEOUT) as opened:
        ledger, keys = opened
        async with _directory(config) as directory:
            domain = config.institution.domain
            there = await directory.run(directory.find_in_use, name, domain)
        if there:
            raise Failed("an entry of the directory has this username, or the address of it")
        done = await usernames.release(ledger, keys, name)
        if done is not Release.RELEASED:
            raise Failed(done)


@commands.command("join-again")
def join_again(
    number: Annotated[str, typer.Argument(help="System and student number, SYSTEM/NUMBER.")],
    reason: Reason,
) -> None:
    """Take back staff's answers that this student and somebody else are two persons."""
    with working("Ledger and registrar are asked"):
        count = asyncio.run(joined_again(settings.load(), number, reason))
    tell(f"{count} answers are taken back; who activates next is asked about again.")


async def joined_again(config: Settings, number: str, reason: str) -> int:
    """Forget the answers and return how many; raises `Failed` where there is none."""
    about = f"{number}: {reason}"
    async with audited(config, "accounts_join_again", about, seconds=_LEDGER_TIMEOUT) as (
        ledger,
        keys,
    ):
        with databases.registrar():
            people = await _people_of(config, keys, number)
        if people:
            again = [await of_ledger(ledger, keys, each) for each in people]
            count = sum([await told_apart.forget(ledger, each.person) for each in again])
        else:
            count = await told_apart.forget_gone(ledger, keys.index("person", number))
        if not count:
            raise Failed("staff have told nobody apart from this student")
    return count


async def _people_of(config: Settings, keys: KeyRing, number: str) -> list[Person]:
    async with registrar_of(config.registrar, config.institution.mail_domains) as registrar:
        rows = await registrar.by_number(number)
    key = keys.index("person", number)
    return [each for each in known.persons(rows, config, keys) if key in each.keys]


async def matched(config: Settings) -> list[Match]:
    with remembering():
        return await _matched(config)


async def _matched(config: Settings) -> list[Match]:
    """Read all systems and compare them; the directory last, so that it is the most recent."""
    keys = KeyRing(config.keys_dir)
    with databases.registrar(), working("The registrar is read"):
        rows = await everybody(config.registrar)
    with working("Rows are grouped by person"):
        people = known.persons(rows, config, keys)
    with working("The ledger is asked"):
        async with databases.ledger(config, seconds=_LEDGER_TIMEOUT) as (pool, _):
            ledger = await Ledger.of(pool, keys, people)
    with working("Entries of the directory are read") as count:
        async with _directory(config) as directory:
            entries = await directory.run(directory.everybody, count)
    with working("Persons and entries are compared"):
        found_by = known.recognised_by(keys, people)
        return list(known.matches(people, entries, config, ledger, found_by))


async def reserved(config: Settings, found: Sequence[Match]) -> Imported:
    """Reserve the usernames of certain matches in atomic, ordered batches; idempotent.

    A username that the ledger has for another person stays theirs.
    """
    services = config.usernames.reserved
    certain = (each for each in found if each.plan in KNOWN)
    wanted = sorted((each for each in certain if not unusable(_name(each), services)), key=_name)
    fresh, others = 0, []
    about = f"{len(wanted)} accounts"
    with working("Usernames are reserved", len(wanted)) as count:
        async with audited(config, "accounts_import", about, seconds=_LEDGER_TIMEOUT) as opened:
            for begin in range(0, len(wanted), BATCH):
                batch = wanted[begin : begin + BATCH]
                now, taken = await _reserve(*opened, batch)
                fresh += now
                others += taken
                count(begin + len(batch))
    return Imported(
        reserved=fresh,
        reserved_before=len(wanted) - fresh - len(others),
        names_of_others=tuple(others),
        left_out=len(found) - len(wanted),
    )


async def _reserve(ledger: Pool, keys: KeyRing, batch: Sequence[Match]) -> tuple[int, list[str]]:
    owned = [Owned(_name(each), each.keys, each.found_by, each.why == CODES) for each in batch]
    fresh, owners = await imports.reserve_all(ledger, keys, owned)
    return fresh, [
        f"{each.department_id}  {each.system_id}/{each.registration_id}"
        for each in batch
        if owners[_name(each)] not in each.keys
    ]


def _name(match: Match) -> str:
    return (match.username or "").lower()


def _departments(found: Sequence[Match]) -> list[DepartmentPlans]:
    members: dict[tuple[str, str], list[Match]] = defaultdict(list)
    for each in found:
        members[each.department_id, each.department].append(each)
    return [
        DepartmentPlans(
            *department,
            Counter(dict.fromkeys(Plan, 0) | Counter(each.plan for each in theirs)),
            Counter(f"{_words(each.plan)}: {each.why}" for each in theirs if each.why),
        )
        for department, theirs in sorted(members.items())
    ]


def _show(departments: Sequence[DepartmentPlans]) -> None:
    name = Column("name", overflow="fold")
    table = Table("department", name, *map(_words, Plan))
    for each in departments:
        table.add_row(each.department_id, each.name, *(str(each.plans[plan]) for plan in Plan))
    Console().print(table)
    for each in departments:
        for why, count in each.why.most_common():
            tell(f"{each.department_id}  {count} {why}")


def _words(plan: Plan) -> str:
    return plan.replace("_", " ")


def _write(write: Callable[[Sequence[object]], object], found: Sequence[Match]) -> None:
    write(_COLUMNS)
    for each in found:
        cells = (
            *(each.department_id, each.department, each.system_id, each.registration_id),
            *(_words(each.plan), each.username, each.why),
        )
        write(cells)


@asynccontextmanager
async def _directory(config: Settings) -> AsyncIterator[Directory]:
    """Open the directory; raises `Failed` instead of its errors."""
    try:
        directory = directory_of(config.directory)
        try:
            yield directory
        finally:
            await directory.close()
    except AdapterError as failure:
        mend = (
            "see to directory.urls, directory.ca_file, the service account and, for LDAP 4 or 11,"
            " its size limits"
        )
        raise Failed(f"{failure.message}: {mend}") from None
