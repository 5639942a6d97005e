"""Knows a person again whose row the registrar has replaced, and recognises their entry.

Whose number the registrar has used again is known by a key of their own (`ledger.used_again`).

The claim of an activation and the comparison of everybody before the term ask here alike.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.directory.entries import CODES
from adapters.directory.port import Directory, Entry
from domain.contracts.people import Enrolment, Person
from domain.identities import Identity
from ledger import activations, imports, rekeyed, told_apart, used_again, usernames
from ledger.activations import ActiveAccount
from postgres import Pool
from security.keys import KeyRing

_BATCH = 500


@dataclass(frozen=True)
class Known:
    """A person with every key under which the ledger knows them.

    `same` are keys that the insurance number tells anew, `others` those of others who have it, and
    `account` is the one that the ledger calls active. `settled`: whose the number is was settled
    before, for the person came to an account, or an import found theirs. `own_keys` stand for keys
    of the registrar's that are somebody else's here. `apart` are keys of those of whom staff said
    that they are not the person.
    """

    person: Person
    former: tuple[str, ...]
    account: ActiveAccount | None
    same: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    settled: bool = False
    own_keys: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()

    @property
    def another(self) -> bool:
        """Whether somebody else may have the person's insurance number."""
        return not self.apart.issuperset(self.others) and not self.settled


async def known(
    pool: Pool,
    keys: KeyRing,
    person: Person,
    gone: str | None = None,
    reference: str | None = None,
) -> Known:
    """Look for a person's account by every row, then by the number; `gone` counts as none.

    `reference` is the activation that asks.
    """
    own = await used_again.own_keys(pool, keys, person, reference)
    person = used_again.with_own(person, own)
    former = await rekeyed.former(pool, person.keys)
    person = rekeyed.with_keys(person, former)
    account = await account_of(pool, keys, person, former, gone)
    if account:
        return Known(person, former, account, own_keys=own)
    settled = await activations.has_account(pool, person.keys) or bool(
        await imports.accounts(pool, person.keys)
    )
    same, others = await rekeyed.recognised(pool, keys, person)
    person, former = rekeyed.with_keys(person, same), (*former, *same)
    account = await account_of(pool, keys, person, former, gone) if same else None
    apart = await told_apart.others(pool, person.keys) if others else frozenset()
    return Known(person, former, account, same, others, settled, own, apart)


async def account_of(
    pool: Pool, keys: KeyRing, person: Person, former: Sequence[str], gone: str | None
) -> ActiveAccount | None:
    """Return what the ledger knows of an account, unless it is the one that is gone.

    Of a row that the registrar has no more, an account that others made counts as well: no rule
    may recognise it any longer.
    """
    account = await activations.active_account(pool, keys, *person.keys)
    if account is None:
        account = await activations.active_account(
            pool, keys, *former, ends=activations.WITH_ACCOUNT
        )
    return None if account and account.reference == gone else account


async def known_again(pool: Pool, keys: KeyRing, people: Sequence[Person]) -> dict[str, Known]:
    """Return, by their keys, those of whom the ledger knows more than by the rows that are there.

    Most of a registrar's persons are nobody whom it knows: only the others are asked for singly.
    """
    former = await rekeyed.all_former(pool)
    numbered: dict[str, list[Person]] = defaultdict(list)
    for person in people:
        if number := rekeyed.number_of(person):
            numbered[rekeyed.number_index(keys, number)].append(person)
    wanted = {each.person_key: each for each in people if not former.keys().isdisjoint(each.keys)}
    numbers = list(numbered)
    for begin in range(0, len(numbers), _BATCH):
        found = await rekeyed.holders_of(pool, numbers[begin : begin + _BATCH])
        for index, holders in found.items():
            for person in numbered[index]:
                if not holders.keys() <= set(person.keys):
                    wanted[person.person_key] = person
    for begin in range(0, len(people), _BATCH):
        some = people[begin : begin + _BATCH]
        facts = await used_again.facts_of(pool, [key for each in some for key in each.keys])
        for person in some:
            noted = (facts[key] for key in person.keys if key in facts)
            if any(rekeyed.contradicts(keys, person, each) for each in noted):
                wanted[person.person_key] = person
    return {key: await known(pool, keys, person) for key, person in wanted.items()}


@dataclass(frozen=True)
class Kept:
    """Usernames that are kept for a person's rows that are gone.

    `theirs` are of entries that are known to be the person's, and `coded` those of them whose codes
    are. Another, `held`, may be a stranger's by now, unless the engine made the entry.
    """

    theirs: frozenset[str] = frozenset()
    coded: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        return sorted(self.theirs | self.held)


async def kept(pool: Pool, keys: KeyRing, former: Sequence[str]) -> Kept:
    """Return what the ledger keeps under the keys of a person's rows that are gone."""
    if not former:
        return Kept()
    account = await activations.active_account(pool, keys, *former, ends=activations.WITH_ACCOUNT)
    noted = {account.username: True} if account else {}
    theirs = {**await imports.accounts(pool, former), **noted}
    held = await usernames.held_by(pool, *former)
    return Kept(
        frozenset(theirs),
        frozenset(name for name, coded in theirs.items() if coded),
        frozenset([held] if held else []),
    )


def told_by(own: Identity, kept: Kept, entries: Sequence[Entry]) -> Identity:
    """Return what recognises a person's entry by rows that are gone, too.

    An entry of a username that was kept for such a row tells the codes of that row, where it was
    made here or its codes are known to be theirs: no other can be told from a stranger's.
    """
    trusted = {entry.dn for name in kept.coded for entry in _of(name, entries)}
    codes = (
        code
        for entry in entries
        if entry.made_here or entry.dn in trusted
        for code in entry.attributes.get(CODES.lower(), [])
    )
    return own.with_names(sorted(kept.theirs)).with_codes(codes)


def _of(name: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entry of this name; where only other names of entries are it, there must be one.

    An entry may have several names, and two entries may have one.
    """
    named = [entry for entry in entries if entry.is_named(name)]
    exactly = [entry for entry in named if entry.uid.lower() == name.lower()]
    return exactly or (named if len(named) == 1 else [])


async def recognition(
    pool: Pool, keys: KeyRing, directory: Directory, own: Identity, former: Sequence[str]
) -> Identity:
    """Return what recognises a person's entry by rows that are gone; `former` are their keys."""
    of_gone = await kept(pool, keys, former)
    if not of_gone.names:
        return own
    return told_by(own, of_gone, await directory.run(directory.find_by_uids, of_gone.names))


@dataclass(frozen=True)
class Ledger:
    """What the ledger knows of a registrar's persons, by their keys.

    `known` and `kept` are by rows that are gone; `alike` are the rows that may still be theirs of
    those about whom staff answered.
    """

    known: Mapping[str, Known]
    kept: Mapping[str, Kept]
    alike: Mapping[str, tuple[Enrolment, ...]] = field(default_factory=dict)

    @classmethod
    async def of(cls, pool: Pool, keys: KeyRing, people: Sequence[Person]) -> "Ledger":
        again = await known_again(pool, keys, people)
        by_key = {each.person_key: each for each in people}
        of_gone = {key: await kept(pool, keys, each.former) for key, each in again.items()}
        asked = {key: again[key].person if key in again else each for key, each in by_key.items()}
        return cls(again, of_gone, await told_apart.rows_left(pool, asked))

    def told_apart(self, person: Person) -> Person:
        """Return the person without the rows of others that staff found to be somebody else's."""
        alike = self.alike.get(person.person_key, person.alike)
        return person.model_copy(update={"alike": alike})
