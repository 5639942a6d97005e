"""What every directory does, whatever it is made of: a module of tests imports these.

It gives the fixtures `directory`; `away`, which cannot be reached; `misconfigured`, whose service
account is wrong; `fenced`, whose fence raises `Fenced`; and `losing`, which makes a directory whose
next answer to a step is lost after the step was done. All but `away` keep the same entries.
"""

from collections.abc import Callable
from enum import Enum, auto
from random import Random
from typing import TypeAlias

import pytest

from adapters.directory.entries import CODES, attributes, codes, identity
from adapters.directory.port import AddOutcome, Directory, Entry, SetOutcome
from adapters.errors import Misconfigured, Refused, Unavailable
from domain.accounts import Outcome, Password
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language, PasswordRefusal
from tests.activities.conftest import MakePerson
from tests.fuzz.values import hostile

DOMAIN = "university.example"
PASSWORD, ANOTHER = b"Chroma-zontana-kila-89", b"Another-password-12"


class Write(Enum):
    """The steps whose answer may be lost."""

    ADD = auto()
    COMPLETE = auto()
    SET_PASSWORD = auto()


class Fenced(Exception):
    """This try must not write any more."""


Losing: TypeAlias = Callable[[Write], Directory]


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    return make_person()


@pytest.fixture
def name(person: Person) -> str:
    return str(person.login_name)


@pytest.fixture
def entry(directory: Directory, person: Person, name: str) -> Entry:
    """Return the person's entry, which has no password yet."""
    assert directory.add(name, wanted(person, name)).outcome is AddOutcome.ADDED
    return own(directory, person)


def wanted(person: Person, name: str) -> dict[str, list[str]]:
    return attributes(person, name, DOMAIN, Language.EL)


def own(directory: Directory, person: Person) -> Entry:
    (found,) = directory.find_own(identity(person, DOMAIN)).own
    return found


def test_who_has_no_entry_is_not_found(directory: Directory, person: Person, name: str) -> None:
    assert directory.find_own(identity(person, DOMAIN)).outcome is Outcome.FREE
    assert directory.find_by_codes(codes(person, DOMAIN)) == []
    assert directory.find_by_uids([name]) == directory.find_by_uids([]) == []
    assert directory.find_in_use(name, DOMAIN) == []
    assert directory.would_write(name)


def test_what_is_looked_for_is_a_value_and_no_pattern(
    directory: Directory, name: str, entry: Entry
) -> None:
    assert entry.uid == name
    patterns = (
        "*",
        f"{name[:3]}*",
        "*)(uid=*",
        f"{name})(objectClass=*",
        f"x)(|(uid={name}",
        "\\2a",
    )
    drawn = (hostile(Random(number)) for number in range(60))  # noqa: S311 - no secrets
    for value in (*patterns, *(each for each in drawn if each.strip())):
        assert directory.find_by_uids([value]) == [], value
        assert directory.find_by_codes([value]) == [], value
        assert directory.find_in_use(value, DOMAIN) == [], value


def test_an_entry_is_found_by_person_codes_name_and_address(
    directory: Directory, person: Person, name: str, entry: Entry
) -> None:
    found = directory.find_own(identity(person, DOMAIN))
    assert (found.outcome, found.why) == (Outcome.RESERVED_BY_SAME, CODES)
    assert (entry.uid, entry.made_here, entry.adoptable) == (name, True, True)
    assert entry.password is Password.NONE
    for there in (
        directory.find_by_codes(codes(person, DOMAIN)),
        directory.find_by_uids([name.upper()]),
        directory.find_in_use(name, DOMAIN),
    ):
        assert [each.dn for each in there] == [entry.dn]
    assert not directory.would_write(name)


def test_an_address_that_another_entry_has_as_alias_is_in_use(
    directory: Directory, entry: Entry
) -> None:
    alias = f"alias-{entry.uid}"
    directory.complete(entry, {}, {"mail": [f"{alias}@{DOMAIN}"]})
    assert [each.dn for each in directory.find_in_use(alias, DOMAIN)] == [entry.dn]


def test_everybody_is_every_entry_once(directory: Directory, entry: Entry) -> None:
    told: list[int] = []
    found = directory.everybody(told.append)
    (own,) = (each for each in found if each.uid == entry.uid)
    assert (own.dn, own.password, own.made_here) == (entry.dn, Password.NONE, True)
    assert own.attributes[CODES.lower()] == entry.attributes[CODES.lower()]
    assert told[-1] == len(found)


def test_a_walk_tells_whose_and_whose_make_every_entry_is(
    directory: Directory, entry: Entry
) -> None:
    pages: list[list[Entry]] = []
    asked: list[Entry] = []

    def take(page: list[Entry]) -> None:
        pages.append(page)
        asked.extend(directory.find_by_uids([entry.uid]))

    directory.walk(take)
    (own,) = (each for page in pages for each in page if each.uid == entry.uid)
    assert (own.dn, own.made_here) == (entry.dn, True)
    assert own.attributes[CODES.lower()] == entry.attributes[CODES.lower()]
    assert asked[0] == entry


def test_a_name_is_not_taken_twice(
    directory: Directory, make_person: MakePerson, person: Person, entry: Entry
) -> None:
    """What is in the way may be the name itself, or the name as a value that must be unique."""
    answer = directory.add(entry.uid, wanted(make_person(), entry.uid))
    assert answer.outcome in (AddOutcome.NAME_IN_USE, AddOutcome.VALUE_IN_USE)
    assert directory.find_in_use(entry.uid, DOMAIN) == [own(directory, person)] == [entry]


def test_a_persons_code_is_in_one_entry(directory: Directory, person: Person, entry: Entry) -> None:
    answer = directory.add(f"{entry.uid}x", wanted(person, f"{entry.uid}x"))
    assert answer.outcome is AddOutcome.VALUE_IN_USE
    assert answer.code
    assert directory.find_by_uids([f"{entry.uid}x"]) == []


def test_what_is_no_username_is_refused(directory: Directory, person: Person) -> None:
    with pytest.raises(Refused):
        directory.add("no/name", wanted(person, "no/name"))


def test_only_the_password_that_was_set_opens_the_account(
    directory: Directory, person: Person, entry: Entry
) -> None:
    assert not directory.can_bind(entry.dn, PASSWORD)
    assert directory.set_password(entry.dn, PASSWORD).outcome is SetOutcome.SET
    assert directory.can_bind(entry.dn, PASSWORD)
    assert not directory.can_bind(entry.dn, ANOTHER)
    assert directory.find_own(identity(person, DOMAIN)).outcome is Outcome.OWNED_BY_SAME
    assert own(directory, person).active


def test_a_password_is_refused_with_why(directory: Directory, entry: Entry) -> None:
    short = directory.set_password(entry.dn, b"short")
    assert (short.outcome, short.refusal) == (SetOutcome.REFUSED, PasswordRefusal.TOO_SHORT)
    assert not directory.can_bind(entry.dn, b"short")


@pytest.mark.usefixtures("may_reset")
def test_a_password_used_before_may_be_this_one_set_already(
    directory: Directory, entry: Entry
) -> None:
    for password in (PASSWORD, ANOTHER):
        assert directory.set_password(entry.dn, password).outcome is SetOutcome.SET
    for password, there in ((ANOTHER, True), (PASSWORD, False)):
        answer = directory.set_password(entry.dn, password, again=True)
        assert (answer.outcome, answer.refusal) == (
            SetOutcome.UNCLEAR,
            PasswordRefusal.USED_BEFORE,
        )
        assert directory.can_bind(entry.dn, password) is there


def test_what_an_entry_lacks_is_added_and_what_it_has_stays(
    directory: Directory, person: Person, entry: Entry
) -> None:
    changes = {"displayName": ["Another Name"], "employeeNumber": ["17"]}
    chosen = {"labeledURI": ["mailto:a@b.example recovery"]}
    for _ in range(2):
        directory.complete(entry, changes, chosen)
    now = own(directory, person).attributes
    assert now["displayname"] == entry.attributes["displayname"] != ["Another Name"]
    assert now["employeenumber"] == ["17"]
    assert now["labeleduri"] == chosen["labeledURI"]


def test_what_is_taken_away_is_gone_and_nothing_else(
    directory: Directory, person: Person, entry: Entry
) -> None:
    directory.complete(entry, {}, {"labeledURI": ["mailto:a@b.example", "mailto:c@d.example"]})
    both = own(directory, person)
    for _ in range(2):
        directory.take_away(both, {"labeledURI": ["mailto:a@b.example"]})
    assert own(directory, person).attributes["labeleduri"] == ["mailto:c@d.example"]


def test_a_lost_answer_to_an_add_is_made_up_for_by_a_look(
    directory: Directory, losing: Losing, person: Person, name: str
) -> None:
    far = losing(Write.ADD)
    with pytest.raises(Unavailable, match=r"^DIRECTORY_DOWN: "):
        far.add(name, wanted(person, name))
    assert own(far, person).uid == name
    assert far.add(name, wanted(person, name)).outcome is not AddOutcome.ADDED
    assert len(directory.find_by_uids([name])) == 1


def test_a_lost_answer_to_a_completion_is_made_up_for_by_another(
    losing: Losing, person: Person, entry: Entry
) -> None:
    far, lacking = losing(Write.COMPLETE), {"employeeNumber": ["18"]}
    with pytest.raises(Unavailable, match=r"^DIRECTORY_DOWN: "):
        far.complete(entry, lacking, {})
    far.complete(entry, lacking, {})
    assert own(far, person).attributes["employeenumber"] == ["18"]


def test_a_lost_answer_to_a_password_is_made_up_for_by_a_bind(losing: Losing, entry: Entry) -> None:
    far = losing(Write.SET_PASSWORD)
    with pytest.raises(Unavailable, match=r"^DIRECTORY_DOWN: "):
        far.set_password(entry.dn, PASSWORD)
    assert far.set_password(entry.dn, PASSWORD, again=True).outcome is SetOutcome.UNCLEAR
    assert far.can_bind(entry.dn, PASSWORD)


def test_nothing_is_written_behind_the_fence(
    directory: Directory, fenced: Directory, make_person: MakePerson, entry: Entry
) -> None:
    other = make_person()
    name = str(other.login_name)
    with pytest.raises(Fenced):
        fenced.add(name, wanted(other, name))
    with pytest.raises(Fenced):
        fenced.complete(entry, {"employeeNumber": ["19"]}, {})
    with pytest.raises(Fenced):
        fenced.set_password(entry.dn, PASSWORD)
    assert directory.find_by_uids([name]) == []
    assert directory.find_by_uids([entry.uid]) == [entry]


def asked(directory: Directory, person: Person, name: str, dn: str) -> list[Callable[[], object]]:
    """Return one of each kind of question and write."""
    return [
        lambda: directory.find_own(identity(person, DOMAIN)),
        lambda: directory.find_in_use(name, DOMAIN),
        lambda: directory.everybody(lambda _: None),
        lambda: directory.walk(lambda _: None),
        lambda: directory.add(f"{name}x", wanted(person, f"{name}x")),
        lambda: directory.set_password(dn, PASSWORD),
    ]


def test_a_directory_that_is_away_is_unavailable(
    away: Directory, person: Person, entry: Entry
) -> None:
    for ask in asked(away, person, entry.uid, entry.dn):
        with pytest.raises(Unavailable, match=r"^DIRECTORY_DOWN: "):
            ask()
    with pytest.raises(Unavailable, match=r"^DIRECTORY_DOWN: "):
        away.can_bind(entry.dn, PASSWORD)


def test_a_wrong_service_account_is_something_to_mend(
    misconfigured: Directory, person: Person, entry: Entry
) -> None:
    for ask in asked(misconfigured, person, entry.uid, entry.dn):
        with pytest.raises(Misconfigured, match=r"^CONFIGURATION: "):
            ask()


async def test_blocking_work_runs_in_threads(directory: Directory, entry: Entry) -> None:
    assert await directory.run(directory.find_by_uids, [entry.uid]) == [entry]
