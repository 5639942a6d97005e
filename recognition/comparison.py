"""Compares everybody in the registrar with every entry of the directory, in memory.

It uses the persons, the rules and `judge` of an activation, and the same ledger queries for rows
that the registrar has replaced. It only reads.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from adapters.directory.entries import ADDRESSES, identity
from adapters.directory.port import Entry
from domain import usernames
from domain.accounts import Judgement, Outcome, judge
from domain.contracts.people import Person
from domain.entry_values import CODES
from domain.postings import Postings
from domain.reasons import Reason
from domain.registrar import students
from domain.registrar.humans import people
from domain.registrar.login_names import LoginNames
from domain.registrar.rows import Row
from ledger import rekeyed
from recognition.rekeyed import Ledger, with_former_rows
from security.keys import KeyRing
from settings import Settings
from settings.rules import Usernames


class Plan(StrEnum):
    """The result that an activation would have."""

    NEW = "new"
    ALREADY_ACTIVE = "already_active"
    ADOPT = "to_adopt"
    CONFLICT = "conflict"
    CANNOT_TELL = "cannot_tell"


NOBODY = Ledger({}, {})

KNOWN = frozenset((Plan.ALREADY_ACTIVE, Plan.ADOPT))
"""Plans in which the entry is certainly this person's only."""


@dataclass(frozen=True)
class Match:
    """One enrolled person, by the newest enrolment; `username` is that of their own entry.

    `why` names the rule that matched, or the reason of a conflict, without personal data.
    `found_by` are keyed indexes by which the person is recognised after their row is replaced.
    """

    keys: tuple[str, ...]
    department_id: str
    department: str
    system_id: str
    registration_id: str
    plan: Plan
    username: str | None
    why: str | None
    found_by: tuple[str, ...] = ()


def persons(rows: Sequence[Row], settings: Settings, keys: KeyRing) -> list[Person]:
    """Return every person in the registrar, also those who are no longer enrolled."""
    own = settings.institution.mail_domains
    typed = students.ContactQuery(None, None, settings.registrar.phone_region, own)
    grouped = people(rows, typed.region, own)
    logins = LoginNames(each.rows for each in grouped)
    return [
        logins.marked(
            students.person(group, typed, lambda value: keys.index("person", value), alike)
        )
        for group, alike, _ in grouped
    ]


def matches(
    people: Sequence[Person],
    entries: Sequence[Entry],
    settings: Settings,
    ledger: Ledger = NOBODY,
    found_by: Callable[[Person], tuple[str, ...]] = lambda _: (),
) -> Iterator[Match]:
    """Yield for each enrolled person what an activation would find.

    An entry that belongs to several persons, enrolled or not, is a conflict too: an activation sees
    only one person, and would give it to the first one who starts.
    """
    rules, institution = settings.directory.match_rules, settings.institution
    names = _Names(entries, institution.domain)
    postings = Postings(rules, entries)
    found: list[tuple[Person, Judgement[Entry]]] = []
    for person in people:
        known = identity(ledger.told_apart(person), institution.domain, institution.code_country)
        again = ledger.known.get(person.person_key)
        known = replace(known, used_again=bool(again and again.own_keys))
        if kept := ledger.kept.get(person.person_key):
            known = with_former_rows(known, kept, names.of(kept.names))
        found.append((person, judge(known, rules, postings.of(known))))
    owners = Counter(entry.dn for _, judged in found for entry in judged.own)
    for person, judged in found:
        if not person.enrolments:
            continue
        plan, why = _plan(person, judged, names, settings.usernames)
        if any(owners[entry.dn] > 1 for entry in judged.own):
            plan, why = Plan.CONFLICT, Reason.SEVERAL_PERSONS.of(str(judged.why))
        again = ledger.known.get(person.person_key)
        keys = again.person.keys if again else person.keys
        if again and plan in KNOWN and judged.why == CODES:
            # The code in the entry proves that the other holders of the number are this person.
            keys += again.others
        elif again and again.another:
            plan, why = Plan.CONFLICT, Reason.NUMBER_OF_ANOTHER
        newest = person.enrolments[0]
        yield Match(
            keys=keys,
            department_id=newest.department_id,
            department=newest.department_el,
            system_id=newest.system_id,
            registration_id=newest.registration_id,
            plan=plan,
            username=_username(person, judged.own, plan),
            why=why,
            found_by=found_by(person) if plan in KNOWN else (),
        )


def recognised_by(keys: KeyRing, people: Sequence[Person]) -> Callable[[Person], tuple[str, ...]]:
    """Return how to make `Match.found_by`; numbers of several persons are left out."""
    numbers = Counter(map(rekeyed.number_of, people))
    return lambda person: rekeyed.facts(keys, person, alone=numbers[rekeyed.number_of(person)] == 1)


def _username(person: Person, own: Sequence[Entry], plan: Plan) -> str | None:
    """Return the username of the person's entry; the registrar's login name if it is adopted."""
    if len(own) != 1:
        return None
    return person.login_name if plan is Plan.ADOPT and person.login_name else own[0].uid


class _Names:
    """Finds entries by username or address, of which an entry may have several."""

    def __init__(self, entries: Sequence[Entry], domain: str) -> None:
        self._domain = domain
        self._held: dict[str, set[str]] = defaultdict(set)
        self._named: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            for name in {value.lower() for value in entry.attributes.get("uid", ())}:
                self._named[name].append(entry)
            for attribute in ("uid", *ADDRESSES):
                for value in entry.attributes.get(attribute.lower(), ()):
                    self._held[value.lower()].add(entry.dn)

    def of(self, names: Iterable[str]) -> list[Entry]:
        """Return the entries with these usernames, as a directory search would."""
        return [entry for name in names for entry in self._named.get(name.lower(), ())]

    def in_use(self, name: str, but_by: str = "") -> bool:
        address = usernames.address(name, self._domain) or name
        return bool((self._held.get(name, set()) | self._held.get(address, set())) - {but_by})


def _plan(
    person: Person, judged: Judgement[Entry], names: _Names, policy: Usernames
) -> tuple[Plan, str | None]:
    login = person.login_name
    refused = usernames.refusal(login, policy.reserved, shared=person.login_of_several)
    match judged.outcome:
        case Outcome.CANNOT_TELL:
            return Plan.CANNOT_TELL, judged.why
        case Outcome.ANOTHERS:
            return Plan.CONFLICT, judged.why
        case Outcome.FREE if refused:
            return Plan.CONFLICT, refused
        case Outcome.FREE:
            taken = login and names.in_use(login)
            return (Plan.CONFLICT, Reason.LOGIN_IN_USE) if taken else (Plan.NEW, None)
    unusable = bool(login and usernames.unusable(login, policy.reserved))
    return _plan_of_own(judged, login, unusable, names)


def _plan_of_own(
    judged: Judgement[Entry], login: str | None, refused: bool, names: _Names
) -> tuple[Plan, str]:
    """Return the plan for the single entry that is certainly the person's, and why."""
    (entry,) = judged.own
    name = login or entry.uid.lower()
    plan, why = Plan.CONFLICT, str(judged.why)
    if not entry.uid:
        why = Reason.WITHOUT_UID.of(why)
    elif names.in_use(entry.uid.lower(), but_by=entry.dn):
        why = Reason.NAME_OF_ANOTHER.of(why)
    elif judged.outcome is Outcome.OWNED_BY_SAME:
        plan = Plan.ALREADY_ACTIVE
    elif refused or not entry.is_named(name):
        why = Reason.UNDER_ANOTHER_NAME.of(why)
    elif usernames.unusable(name) or not entry.adoptable:
        why = Reason.UNADOPTABLE.of(why)
    else:
        plan = Plan.ADOPT
    return plan, why
