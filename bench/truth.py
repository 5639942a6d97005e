"""Compares the results with the expected ones of each student of `bench.untidy`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from adapters.directory.entries import CODES
from adapters.directory.port import Entry
from bench.untidy import Human
from domain.contracts.people import Person
from domain.registrar.readiness import Obstacle, Report
from recognition.comparison import KNOWN, Match

_HINDERING = frozenset(
    {
        Obstacle.LANDLINE,
        Obstacle.NO_CONTACT,
        Obstacle.MISSING_NAME,
        Obstacle.UNREADABLE_MOBILE,
        Obstacle.UNREADABLE_EMAIL,
        Obstacle.SHARED_BY_MANY,
    }
)


class Faults:
    """Counts unexpected results by kind of student, with the first of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.first: dict[tuple[str, str], tuple[Human, object]] = {}

    def note(self, human: Human, what: str, *, wrong: bool, seen: object) -> None:
        if wrong:
            self.counts[human.kind, what] += 1
            self.first.setdefault((human.kind, what), (human, seen))

    def total(self, what: str) -> int:
        return sum(n for (_, name), n in self.counts.items() if name == what)


def check_report(found: Report, humans: Iterable[Human], faults: Faults) -> None:
    reported: dict[str, set[Obstacle]] = defaultdict(set)
    for each in found.findings:
        reported[f"{each.system_id}/{each.registration_id}"].add(each.reason)
    for human in humans:
        reasons = (
            set[Obstacle]().union(*(reported[number] for number in human.numbers)) & _HINDERING
        )
        right = {human.obstacle} if human.obstacle else set[Obstacle]()
        faults.note(human, "report", wrong=reasons != right, seen=reasons)


def check_persons(people: Iterable[Person], humans: Sequence[Human], faults: Faults) -> None:
    """Find persons who were split, and persons who were merged with another."""
    person_of = {
        f"{row.system_id}/{row.registration_id}": at
        for at, person in enumerate(people)
        for row in (*person.enrolments, *person.former)
    }
    joined: dict[int, list[Human]] = defaultdict(list)
    for human in humans:
        persons = {person_of[number] for number in human.numbers}
        faults.note(human, "parted", wrong=len(persons) > 1, seen=human.rows)
        for person in persons:
            joined[person].append(human)
    for together in joined.values():
        for human in together:
            others = [each.rows for each in together]
            faults.note(human, "joined", wrong=len(together) > 1, seen=others)


def check_matches(matched: Iterable[Match], humans: Iterable[Human], faults: Faults) -> None:
    found = {f"{each.system_id}/{each.registration_id}": each for each in matched}
    for human in humans:
        of_human = [found[number] for number in human.numbers if number in found]
        right = [each.plan for each in of_human] == [human.plan]
        if right and human.plan in KNOWN:
            right = of_human[0].username == human.old_name
        faults.note(human, "match", wrong=not right, seen=of_human)


def check_reserved(
    owners: Mapping[str, str],
    matched: Iterable[Match],
    humans: Iterable[Human],
    faults: Faults,
) -> None:
    """Check that the ledger has each known account's name for its owner, and no other old name."""
    keys = {f"{each.system_id}/{each.registration_id}": each.keys for each in matched}
    for human in humans:
        if human.old_name:
            own = {key for number in human.numbers for key in keys.get(number, ())}
            owner = owners.get(human.old_name)
            right = owner in own if human.plan in KNOWN else owner is None
            faults.note(human, "import", wrong=not right, seen=owner)


def check_entries(
    entries: Iterable[Entry], domain: str, humans: Sequence[Human], faults: Faults
) -> None:
    """Find persons with two accounts, and accounts of two persons."""
    scope = f"urn:schac:personaluniquecode:gr:{domain}:"
    holder = {number.lower(): human for human in humans for number in human.numbers}
    had = {human.old_name: human for human in humans if human.plan in KNOWN}
    accounts: dict[int, set[str]] = defaultdict(set)
    for entry in entries:
        codes = (code.lower() for code in entry.attributes.get(CODES.lower(), []))
        numbers = [code.removeprefix(scope).replace(":", "/") for code in codes]
        owners = [holder[number] for number in numbers if number in holder]
        owners += [had[entry.uid]] if entry.uid in had else []
        for human in owners:
            accounts[id(human)].add(entry.dn)
            strange = any(each is not human for each in owners)
            faults.note(human, "stranger", wrong=strange, seen=entry)
    for human in humans:
        several = len(accounts[id(human)]) > 1
        faults.note(human, "second account", wrong=several, seen=accounts[id(human)])
