"""What the tests of activities share: a ledger pool, invented persons, references of their own."""

import itertools
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import TypeAlias

import pytest

from activities import resolving
from activities.accounts import DirectoryActivities
from activities.fencing import fence
from activities.records import LedgerActivities
from activities.registrar import RegistrarActivities
from adapters.directory.wiring import directory_of
from adapters.registrar.wiring import registrar_of
from domain.contracts.people import Enrolment, Person
from postgres import Pool, connect
from security.purposes import User
from tests.activities.case import Case
from tests.stack import TestStack

RESET = ("=s\n    by self =w", "=sw\n    by self =w")
"""Lets the service account set the password of an active account as well."""
MakePerson: TypeAlias = Callable[..., Person]
_numbers = itertools.count(700001)


@pytest.fixture
def reference() -> str:
    return f"A-TEST-{next(_numbers)}"


@pytest.fixture
def make_person(stack: TestStack) -> MakePerson:
    """Make a person nobody else is; `more` replaces single fields."""

    def make(**more: object) -> Person:
        number = next(_numbers)
        mobile = f"+3069{number:08}"
        person = Person(
            person_key=stack.keys.index("person", f"SIS/{number}"),
            enrolments=(
                Enrolment(
                    system_id="SIS",
                    registration_id=f"T{number}",
                    department_id="401",
                    department_el="Πληροφορικής",
                    department_en="Informatics",
                ),
            ),
            first_name_el="Ευάγγελος",
            last_name_el="Χατζηγεωργίου",
            first_name_latin="Evangelos",
            last_name_latin="Chatzigeorgiou",
            birth_date=date(2005, 1, 1),
            citizenship="GR",
            login_name=f"t{number}",
            insurance_scheme=None,
            insurance_number=None,
            mobile=mobile,
            email=f"t{number}@mail.example",
            sms_to=mobile,
            email_to=None,
        )
        return person.model_copy(update=more)

    return make


@pytest.fixture(scope="session")
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    ledger = await connect(stack.ledger_dsn)
    yield ledger
    await ledger.close()


@pytest.fixture
def records(stack: TestStack, pool: Pool) -> LedgerActivities:
    return LedgerActivities(pool=pool, keys=stack.keys_of(User.MAIN), settings=stack.settings)


@asynccontextmanager
async def reading(stack: TestStack, **changes: object) -> AsyncIterator[RegistrarActivities]:
    """Give the activities on a pool of their own; `changes` replace settings of the registrar."""
    section = stack.settings.registrar.model_copy(update=changes)
    changed = stack.settings.model_copy(update={"registrar": section})
    async with registrar_of(section, changed.institution.mail_domains) as view:
        yield RegistrarActivities(registrar=view, keys=stack.keys_of(User.MAIN), settings=changed)


@contextmanager
def hung(stack: TestStack) -> Iterator[None]:
    """Let slapd hang: it accepts, and never answers."""
    process = stack._stack.directory.process
    assert process
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def writing(
    stack: TestStack, pool: Pool, **changes: object
) -> AsyncIterator[DirectoryActivities]:
    """Give the directory's activities; `changes` replace settings of the directory."""
    section = stack.settings.directory.model_copy(update=changes)
    changed = stack.settings.model_copy(update={"directory": section})
    made = DirectoryActivities(
        pool=pool,
        keys=stack.keys_of(User.DIRECTORY),
        settings=changed,
        directory=directory_of(changed.directory, fence),
    )
    try:
        yield made
    finally:
        await made.close()


@contextmanager
def ruled(stack: TestStack, old: str, new: str) -> Iterator[None]:
    """Let slapd run with other words in its configuration, with its own afterwards."""
    slapd = stack._stack.directory
    rules = slapd.config.read_text("utf-8")
    assert old in rules
    slapd.stop()
    slapd.config.write_text(rules.replace(old, new), "utf-8")
    try:
        slapd.spawn()
        slapd.wait_ready()
        yield
    finally:
        slapd.stop()
        slapd.start()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a look into the directory, which a busy machine slows, more time than a student has."""
    monkeypatch.setattr(resolving, "GLANCE_SECONDS", 30)


@pytest.fixture
async def activities(stack: TestStack) -> AsyncIterator[DirectoryActivities]:
    """Give the activities of the directory, with the rights of their worker and no others."""
    async with (
        await connect(stack.ledger_dsn_of(User.DIRECTORY)) as allowed,
        writing(stack, allowed) as made,
    ):
        yield made


@pytest.fixture
async def case(
    stack: TestStack, pool: Pool, make_person: MakePerson, reference: str
) -> AsyncIterator[Case]:
    made = Case(stack, pool, make_person(), reference)
    await made.consent()
    yield made
    made.ldap.close()
