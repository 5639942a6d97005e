"""Recognises a person whose row the registrar has replaced, and their directory entry.

A person whose number was another's before has an own key in the ledger (`ledger.used_again`). The
claim of an activation and the comparison of all persons before the term use the same functions.
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
    """A person with every key that the ledger has for them.

    `same` are keys found by the insurance number, `others` those of other persons with it, and
    `account` is the active one in the ledger. `settled`: the owner of the number was decided
    before, when the person got an account, or an import found theirs. `own_keys` maps registrar
    keys that are another person's in the ledger to the person's own ones. `apart` are keys of
    persons who are not this one by a decision of staff.
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
        """Tell whether the person's insurance number may be another person's."""
        return not self.apart.issuperset(self.others) and not self.settled


async def known(
    pool: Pool,
    keys: KeyRing,
    person: Person,
    gone: str | None = None,
    reference: str | None = None,
) -> Known:
    """Find a person's account by every row, then by the insurance number.

    An account of the activation `gone` is ignored. `reference` is the activation that asks.
    """
    if await rekeyed.is_new(pool, keys, person):
        return Known(person, (), None)
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
    """Return the account in the ledger; None if it is that of the activation `gone`.

    Under the keys of former rows an account that was not made by the engine counts too, because the
    match rules may no longer recognise it.
    """
    account = await activations.active_account(pool, keys, *person.keys)
    if account is None and former:
        account = await activations.active_account(
            pool, keys, *former, ends=activations.WITH_ACCOUNT
        )
    return None if account and account.reference == gone else account


async def known_by_former_rows(
    pool: Pool, keys: KeyRing, people: Sequence[Person]
) -> dict[str, Known]:
    """Return, by key, the persons of whom the ledger knows more than their rows show.

    Most persons are not in the ledger; only those found in batches are then looked up one by one.
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
        held = [key for each in some for key in each.keys]
        facts = await used_again.facts_of(pool, held)
        erased = await used_again.owners_of(pool, held)
        for person in some:
            noted = (facts[key] for key in person.keys if key in facts)
            if any(rekeyed.contradicts(keys, person, each) for each in noted) or any(
                not rekeyed.is_owner(keys, person, erased[key])
                for key in erased.keys() & {*person.keys}
            ):
                wanted[person.person_key] = person
    return {key: await known(pool, keys, person) for key, person in wanted.items()}


@dataclass(frozen=True)
class Kept:
    """Usernames that the ledger keeps for a person's former rows.

    `theirs` belong to entries known to be the person's; in those of `coded` the codes are known to
    be theirs too. An entry with the name in `held` may be another person's now, unless the engine
    made it.
    """

    theirs: frozenset[str] = frozenset()
    coded: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        return sorted(self.theirs | self.held)


async def kept(pool: Pool, keys: KeyRing, former: Sequence[str]) -> Kept:
    """Return the usernames that the ledger keeps under the keys of former rows."""
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


def with_former_rows(own: Identity, kept: Kept, entries: Sequence[Entry]) -> Identity:
    """Return the identity with the usernames and codes of the person's former rows.

    The codes are taken from the entries with the kept usernames, but only if the engine made the
    entry or its codes are known to be the person's; another one may be another person's.
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
    """Return the entries with this main username, else the only one that has it as a further one.

    An entry may have several usernames, and two entries may have the same one.
    """
    named = [entry for entry in entries if entry.is_named(name)]
    exactly = [entry for entry in named if entry.uid.lower() == name.lower()]
    return exactly or (named if len(named) == 1 else [])


async def recognition(
    pool: Pool, keys: KeyRing, directory: Directory, own: Identity, former: Sequence[str]
) -> Identity:
    """As `with_former_rows`, reading ledger and directory; `former` are the keys of these rows."""
    of_former = await kept(pool, keys, former)
    if not of_former.names:
        return own
    entries = await directory.run(directory.find_by_uids, of_former.names)
    return with_former_rows(own, of_former, entries)


@dataclass(frozen=True)
class Ledger:
    """Data of the ledger about all persons of the registrar, by person key.

    `known` and `kept` come from former rows. `alike` has, for persons about whom staff decided, the
    rows of others that may still be theirs.
    """

    known: Mapping[str, Known]
    kept: Mapping[str, Kept]
    alike: Mapping[str, tuple[Enrolment, ...]] = field(default_factory=dict)

    @classmethod
    async def of(cls, pool: Pool, keys: KeyRing, people: Sequence[Person]) -> "Ledger":
        again = await known_by_former_rows(pool, keys, people)
        by_key = {each.person_key: each for each in people}
        of_former = {key: await kept(pool, keys, each.former) for key, each in again.items()}
        asked = {key: again[key].person if key in again else each for key, each in by_key.items()}
        return cls(again, of_former, await told_apart.rows_left(pool, asked))

    def told_apart(self, person: Person) -> Person:
        """Return the person without similar rows that are another person's by staff's decision."""
        alike = self.alike.get(person.person_key, person.alike)
        return person.model_copy(update={"alike": alike})
