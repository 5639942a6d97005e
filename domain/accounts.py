"""Which entry of the directory is a person's own, by rules that each university sets; pure.

The engine's own attribute always decides first: an entry with one of a person's codes is theirs.
Entries made by other means are recognised by `Rule`s. A certain rule is enough to take an entry
for the person's; any other makes a case for support, so that nobody gets a second entry. An entry
with another person's code, birth date or insurance number is never taken without support's word.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from enum import Enum, StrEnum, auto
from functools import cached_property
from itertools import product
from typing import Generic, Protocol, Self, TypeVar
from urllib.parse import unquote

from domain import dates, insurance, names, student_codes
from domain.contracts.requests import Enrolment, Person
from domain.elot743 import ascii_fold
from domain.match_rules import Attributes, Rule, folded, held, insurance_numbers
from domain.reasons import Reason
from domain.student_codes import plain
from domain.student_numbers import other_forms
from domain.usernames import unusable

CODES = "schacPersonalUniqueCode"
BIRTH_DATE = "schacDateOfBirth"
NUMBER_USED_AGAIN = Reason.NUMBER_USED_AGAIN.of(CODES)
_OF_ANOTHER_FORM = Reason.OF_ANOTHER_FORM.of(CODES)
_ESI = Reason.OF_STUDENT_IDENTIFIER.of(CODES)
_NAME = "cn"
_LAST = ("sn", _NAME, "displayName")
_FIRST = ("givenName", _NAME, "displayName")
NAMES = frozenset((*_LAST, *_FIRST))
_SHORTEST_WORD = 3
_FEWEST_WORDS = 2
BY_NAME = Rule(attributes={"uid": "{login_name}"}, certain=True)
"""How an entry counts whose username the ledger knows as the person's."""


@dataclass(frozen=True)
class Identity:
    """What an entry may hold of one person: their codes, and values for the placeholders.

    `scope` is how every code of this university begins. `rows` has system and number of each
    enrolment, `known` what any enrolment tells of the person: former ones count as well.
    `login_name` is the one that the registrar gives them now. `names` are usernames of entries that
    the ledger knows to be theirs, whatever the rules look for. `used_again`: the ledger knows that
    a number of theirs was somebody else's before, so a code proves nothing by itself. `alike` is
    what others tell who may be the same human.
    """

    codes: tuple[str, ...]
    scope: str
    rows: tuple[Mapping[str, str], ...]
    known: Mapping[str, tuple[str, ...]]
    births: frozenset[date]
    insured: frozenset[tuple[str, str]]
    login_name: str | None
    today: date
    names: tuple[str, ...] = ()
    called: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Surnames and first names, in every spelling."""
    used_again: bool = False
    alike: "Identity | None" = None

    @classmethod
    def of(cls, person: Person, codes: Sequence[str], domain: str, today: date) -> Self:
        enrolments = (*person.enrolments, *person.former)
        every: tuple[Person | Enrolment, ...] = (person, *enrolments)
        known: dict[str, list[str | None]] = {
            "login_name": [
                None if unusable(each.login_name or "") else each.login_name for each in every
            ],
            "email": [person.email, *(email for each in enrolments for email in each.emails)],
            "birth_date": [f"{born:%Y%m%d}" for each in every if (born := each.birth_date)],
            "first_name": [each.first_name_latin for each in every],
            "last_name": [each.last_name_latin for each in every],
            "insurance_number": [each.insurance_number for each in every],
            "domain": [domain],
        }
        return cls(
            codes=tuple(codes),
            scope=codes[0].rsplit(":", 2)[0] + ":",
            rows=tuple(
                {"system": each.system_id, "number": each.registration_id} for each in enrolments
            ),
            known={
                name: tuple(dict.fromkeys(each for each in values if each))
                for name, values in known.items()
            },
            births=frozenset(born for each in every if (born := each.birth_date)),
            insured=frozenset(
                (each.insurance_scheme, each.insurance_number)
                for each in every
                if each.insurance_scheme and each.insurance_number
            ),
            login_name=person.login_name,
            today=today,
            called=(
                (person.last_name_el, *(each.last_name_latin for each in every)),
                (person.first_name_el, *(each.first_name_latin for each in every)),
            ),
        )

    def with_codes(self, codes: Iterable[str]) -> Self:
        """Return the person with codes of rows that the registrar has no more."""
        return replace(self, codes=(*self.codes, *codes))

    def with_names(self, names: Iterable[str]) -> Self:
        """Return the person with usernames of entries that are known to be theirs."""
        return replace(self, names=(*self.names, *names))

    def currently(self) -> Self:
        """Return the person without the login names of rows that do not decide it any more."""
        names = (self.login_name,) if self.login_name else ()
        return replace(self, known={**self.known, "login_name": names})

    @property
    def everyone(self) -> tuple["Identity", ...]:
        """Return the person, and those who may be the same."""
        return (self, self.alike) if self.alike else (self,)

    def owns(self, entry: Attributes) -> bool:
        """Whether the entry holds one of the person's codes, percent-encoded or not."""
        return not _codes(entry).isdisjoint(map(plain, self.codes))

    def is_of_who_had_the_number(self, entry: Attributes) -> bool:
        """Whether an entry with the person's code is of whoever had the number before.

        A corrected name or birth date alone leaves the entry theirs: more of surname, first name
        and birth date must differ than agree, among them the birth date and a name. Where no birth
        date is known, no word of the names may be like another. Twins differ in the first name
        alone, which is enough where the number is known to be used again.
        """
        born = _compared(_born(entry, self.today), self.births)
        if born is None and not self.used_again:
            return self.is_called_otherwise(entry)
        if not (self.used_again or born is False):
            return False
        last, first = (
            _compared(_words(value for name in held_by for value in held(entry, name)), _words(own))
            for held_by, own in zip((_LAST, _FIRST), self.called, strict=True)
        )
        told = (last, first, born)
        if self.used_again:
            return first is False or told.count(True) <= told.count(False)
        return False in (last, first) and told.count(False) > told.count(True)

    @cached_property
    def code_forms(self) -> tuple[str, ...]:
        """Return the codes, also as other tools write them."""
        return student_codes.written(self.codes, self.scope)

    @cached_property
    def _plain_forms(self) -> frozenset[str]:
        return frozenset(map(plain, self.code_forms))

    def has_code_of_another_form(self, entry: Attributes) -> bool:
        return not _codes(entry).isdisjoint(self._plain_forms)

    def may_be_meant(self, code: str) -> bool:
        """Whether a code ends with one of the person's numbers, whatever its system is."""
        return plain(code).endswith(self._endings)

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        numbers = [unquote(code.rpartition(":")[2]) for code in self.codes]
        every = (form for number in numbers for form in (number, *other_forms(number)))
        return tuple(":" + folded(form) for form in every)

    def is_known_by_name(self, entry: Attributes) -> bool:
        return not held(entry, "uid").isdisjoint(map(folded, self.names))

    def is_called_otherwise(self, entry: Attributes) -> bool:
        """Whether the entry tells two names or more, and no word of them is like the person's.

        A username or number that stands in place of a name tells nothing.
        """
        every = {value for name in NAMES for value in held(entry, name)} - held(entry, "uid")
        words = _words(each for each in every if not any(map(str.isdigit, each)))
        told = [word for word in words if len(word) >= _SHORTEST_WORD]
        own = _words(name for each in self.called for name in each)
        return (
            len(told) >= _FEWEST_WORDS
            and bool(own)
            and not any(get_close_matches(each, own) for each in told)
        )

    def is_somebody_else(self, entry: Attributes) -> bool:
        """Whether the entry is called otherwise and not known to be of the person's birth date."""
        same_born = _compared(_born(entry, self.today), self.births)
        return not same_born and self.is_called_otherwise(entry)

    def values(self, rule: Rule) -> list[dict[str, str]]:
        """Return what the attributes of a rule hold in an entry of this person's, each way once."""
        return self._filled(rule, self.rows)

    def values_otherwise(self, rule: Rule) -> list[dict[str, str]]:
        """As `values`, with the student numbers in other forms."""
        return self._filled(rule, self._other_rows) if "number" in rule.placeholders else []

    @cached_property
    def _other_rows(self) -> tuple[Mapping[str, str], ...]:
        return tuple(
            {**row, "number": form} for row in self.rows for form in other_forms(row["number"])
        )

    def _filled(self, rule: Rule, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
        filled = (
            {name: text.format_map(values) for name, text in rule.attributes.items()}
            for values in self._combined(rule.placeholders, rows)
        )
        return [dict(each) for each in dict.fromkeys(tuple(each.items()) for each in filled)]

    def _combined(
        self, fields: frozenset[str], rows: Sequence[Mapping[str, str]]
    ) -> Iterator[dict[str, str]]:
        """Yield values for these placeholders; system and number are always of one enrolment."""
        of_person = sorted(fields & self.known.keys())
        for row in rows:
            if all(row[name] for name in fields & row.keys()):
                for values in product(*(self.known[name] for name in of_person)):
                    yield {**row, **dict(zip(of_person, values, strict=True))}

    def matches(self, rule: Rule, entry: Attributes) -> bool:
        return _holds(entry, self.values(rule))

    def matches_otherwise(self, rule: Rule, entry: Attributes) -> bool:
        """As `matches`, with a student number in another form, which is never certain."""
        return _holds(entry, self.values_otherwise(rule))


class Password(StrEnum):
    """Whether an entry has a password. `hidden`: it cannot be seen whether it has."""

    NONE = "none"
    SET = "set"
    HIDDEN = "hidden"


class Entry(Protocol):
    @property
    def attributes(self) -> Attributes: ...

    @property
    def password(self) -> Password: ...


E = TypeVar("E", bound=Entry)


class Outcome(StrEnum):
    """Whose the account is: nobody's yet, the same person's without or with a password, or not."""

    FREE = "free"
    RESERVED_BY_SAME = "reserved_by_same_person"
    OWNED_BY_SAME = "owned_by_same_person"
    ANOTHERS = "anothers"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True)
class Judgement(Generic[E]):
    """`own` are the entries that are certainly the person's: one, or several in a conflict.

    `why` names rules and attributes and nobody's data: the rule that matched, or what keeps the
    entry from being taken for the person's. `doubtful` are the entries that this is about, and
    `of_alike` tells that they are of others who may be the same human.
    """

    outcome: Outcome
    own: tuple[E, ...] = ()
    why: str | None = None
    doubtful: tuple[E, ...] = ()
    of_alike: bool = False


def judge(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Tell whose account it is; an entry that no rule matches is left out."""
    placed = [(_placed(identity, rules, entry.attributes), entry) for entry in entries]
    own, refused, doubtful = (
        [(str(why), entry) for (place, why), entry in placed if place is wanted]
        for wanted in (_Place.OWN, _Place.ANOTHERS, _Place.DOUBTFUL)
    )
    if len(own) > 1:
        return _told(Outcome.CANNOT_TELL, Reason.SEVERAL_ENTRIES, own, own=own)
    if own:
        ((rule_name, entry),) = own
        free = entry.password is Password.NONE
        outcome = Outcome.RESERVED_BY_SAME if free else Outcome.OWNED_BY_SAME
        return Judgement(outcome, (entry,), rule_name)
    if refused:
        return _told(Outcome.ANOTHERS, Reason.ANOTHERS, refused)
    if doubtful:
        return _told(Outcome.CANNOT_TELL, Reason.NOT_CERTAIN, doubtful)
    return _of_alike(identity, rules, entries)


def _of_alike(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Tell whether somebody who may be the same human has an entry, or may have one."""
    theirs = judge(identity.alike, rules, entries) if identity.alike else Judgement(Outcome.FREE)
    if theirs.outcome in (Outcome.FREE, Outcome.ANOTHERS):
        return Judgement(Outcome.FREE)
    found = [(str(theirs.why), entry) for entry in theirs.own or theirs.doubtful]
    told = _told(Outcome.CANNOT_TELL, Reason.OF_ALIKE, found)
    return replace(told, of_alike=True)


def _told(
    outcome: Outcome,
    what: Reason,
    found: Sequence[tuple[str, E]],
    own: Sequence[tuple[str, E]] = (),
) -> Judgement[E]:
    names = ", ".join(dict.fromkeys(name for name, _ in found))
    entries = tuple(entry for _, entry in found)
    return Judgement(outcome, tuple(entry for _, entry in own), what.of(names), entries)


class _Place(Enum):
    OWN = auto()
    ANOTHERS = auto()
    DOUBTFUL = auto()
    LEFT_OUT = auto()


def _placed(
    identity: Identity, rules: Sequence[Rule], entry: Attributes
) -> tuple[_Place, str | None]:
    """Tell of one entry whose it is, and why.

    What contradicts a match that is certain makes the entry another's, who stands in the way. A
    code of another person's says so for good. Another birth date or insurance number beside the
    person's own student number, or under a name that was once theirs, is for support; beside a
    mailbox, which families share, the entry is somebody else's. Whatever contradicts a name that
    the ledger knows as the person's is for support.
    """
    if identity.owns(entry):
        if identity.is_of_who_had_the_number(entry):
            return _Place.DOUBTFUL, NUMBER_USED_AGAIN
        return _Place.OWN, CODES
    matching = [rule for rule in rules if identity.matches(rule, entry)]
    if identity.is_known_by_name(entry):
        matching.append(BY_NAME)
    against = _contradiction(identity, rules, entry)
    if against == _OF_ANOTHER_FORM and matching:
        return _Place.DOUBTFUL, against
    if not matching:
        return _resembling(identity, rules, entry, against)
    matching.sort(key=lambda rule: (not rule.certain, rule.of_a_mailbox))
    if against is None:
        return _uncontradicted(identity, matching, entry)
    return _contradicted(identity, matching, entry, against)


def _resembling(
    identity: Identity, rules: Sequence[Rule], entry: Attributes, against: str | None
) -> tuple[_Place, str | None]:
    """Tell of an entry that has a number or code of the person's in another form, at most.

    Two students may have numbers that differ in nothing else: whatever contradicts, their names
    too, makes it the other's.
    """
    if against not in (None, _OF_ANOTHER_FORM) or identity.is_somebody_else(entry):
        return _Place.LEFT_OUT, None
    if identity.has_code_of_another_form(entry):
        return _Place.DOUBTFUL, _OF_ANOTHER_FORM
    for rule in rules:
        if identity.matches_otherwise(rule, entry):
            return _Place.DOUBTFUL, Reason.OF_ANOTHER_FORM.of(rule.name)
    return _Place.LEFT_OUT, None


def _uncontradicted(
    identity: Identity, matching: Sequence[Rule], entry: Attributes
) -> tuple[_Place, str | None]:
    """Tell of an entry that rules match, the most certain first, and that has no other facts.

    Names are asked for where the number, or a name that was once the person's, may have gone to
    somebody else: in another system too, or with the mailbox of a family.
    """
    first = matching[0]
    if not first.certain:
        if _is_somebody_elses(identity, matching, entry):
            return _Place.LEFT_OUT, None
        return _Place.DOUBTFUL, first.name
    current = identity.currently()
    if any(rule.certain and _is_given_now(current, rule, entry) for rule in matching):
        return _Place.OWN, first.name
    if not identity.is_of_who_had_the_number(entry):
        return _Place.OWN, first.name
    if "number" in first.placeholders:
        return _Place.DOUBTFUL, Reason.NUMBER_USED_AGAIN.of(first.name)
    return _Place.DOUBTFUL, Reason.CONTRADICTED.of(first.name, attribute=_NAME)


def _is_given_now(current: Identity, rule: Rule, entry: Attributes) -> bool:
    """Whether a certain match is by an insurance number, a login name of today, or the ledger."""
    if rule is BY_NAME or "insurance_number" in rule.placeholders:
        return True
    return "login_name" in rule.placeholders and current.matches(rule, entry)


def _is_somebody_elses(identity: Identity, matching: Sequence[Rule], entry: Attributes) -> bool:
    """Whether only a number without its system, or a mailbox, speaks for it, and the names do not.

    Whose birth date is the same may have other names by now.
    """
    alone = (all(rule.of_a_number for rule in matching), matching[0].of_a_mailbox)
    return any(alone) and identity.is_somebody_else(entry)


def _contradicted(
    identity: Identity, matching: Sequence[Rule], entry: Attributes, against: str
) -> tuple[_Place, str | None]:
    """Tell of an entry that rules match, the most certain first, and a fact contradicts."""
    current = identity.currently()
    for rule in matching:
        if rule.certain and current.matches(rule, entry):
            return _Place.ANOTHERS, Reason.CONTRADICTED.of(rule.name, attribute=against)
    left_out = against == CODES or matching[0].of_a_mailbox
    if (
        left_out or _is_somebody_elses(identity, matching, entry)
    ) and not identity.is_known_by_name(entry):
        return _Place.LEFT_OUT, None
    return _Place.DOUBTFUL, Reason.CONTRADICTED.of(matching[0].name, attribute=against)


def _contradiction(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    """Return the attribute that says that this entry is somebody else's.

    A code with the person's number and another system, or none, may be theirs: another tool wrote
    it, or the system changed its name; where the names are another's, so is the code. An ESI may
    hold what is no number of the registrar's: one that is not the person's weighs as much as
    another birth date.
    """
    held_codes = _codes(entry)
    otherwise = _other_facts(identity, rules, entry)
    if codes := [code for code in held_codes if code.startswith(plain(identity.scope))]:
        meant = all(map(identity.may_be_meant, codes)) and not identity.is_somebody_else(entry)
        return _OF_ANOTHER_FORM if meant and not otherwise else CODES
    scopes = tuple(map(plain, student_codes.esi_scopes(identity.scope)))
    identifiers = [code for code in held_codes if code.startswith(scopes)]
    meant = not identifiers or any(map(identity.may_be_meant, identifiers))
    return otherwise if meant else _ESI


def _other_facts(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    if _differ(_born(entry, identity.today), identity.births):
        return BIRTH_DATE
    return next((rule.name for rule in rules if _insured_otherwise(identity, rule, entry)), None)


def _insured_otherwise(identity: Identity, rule: Rule, entry: Attributes) -> bool:
    """Whether person and entry have insurance numbers of one kind, and none in common."""
    held = list(insurance_numbers(rule, entry))
    for scheme in {scheme for scheme, _ in identity.insured}:
        there = {insurance.surely(scheme, raw, identity.today) for raw in held} - {None}
        if _differ(there, {number for kind, number in identity.insured if kind == scheme}):
            return True
    return False


def _holds(entry: Attributes, wanted: Iterable[Mapping[str, str]]) -> bool:
    """Whether the entry holds all values of one of these."""
    there: dict[str, set[str]] = {}
    for each in wanted:
        there = there or {name: held(entry, name) for name in each}
        if all(folded(value) in there[name] for name, value in each.items()):
            return True
    return False


def _codes(entry: Attributes) -> set[str]:
    return set(map(plain, held(entry, CODES)))


def _born(entry: Attributes, today: date) -> frozenset[date]:
    return frozenset().union(*(dates.in_entry(value, today) for value in held(entry, BIRTH_DATE)))


def _words(spellings: Iterable[str]) -> set[str]:
    """Return the words of names in Latin letters."""
    return {word for each in spellings for word in names.words(ascii_fold(each))}


def _compared(one: Collection[object], other: Collection[object]) -> bool | None:
    """Whether both have something in common; None where one is not known."""
    return not set(one).isdisjoint(other) if one and other else None


def _differ(one: Collection[object], other: Collection[object]) -> bool:
    """Whether both are known and have nothing in common."""
    return _compared(one, other) is False
