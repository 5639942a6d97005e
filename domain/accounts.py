"""Which entry of the directory is a person's own, by rules that each university sets; pure.

The engine's own attribute always decides first: an entry with one of a person's codes is theirs.
Entries made by other means are recognised by `Rule`s. A certain rule is enough to take an entry
for the person's; any other makes a case for support, so that nobody gets a second entry. An entry
with another person's code, birth date or insurance number is never the person's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from string import Formatter
from typing import Annotated, Generic, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.contracts.requests import Enrolment, Person
from domain.usernames import unusable

Attributes = Mapping[str, Sequence[str]]

CODES = "schacPersonalUniqueCode"
BIRTH_DATE = "schacDateOfBirth"
_NAMES = frozenset({"first_name", "last_name"})
_PLACEHOLDERS = _NAMES | {
    *("system", "number", "login_name", "email", "birth_date", "insurance_number", "domain"),
}
_ALONE_UNCERTAIN = "by itself this is never certain"


class Rule(BaseModel):
    """Attributes of an entry and what each must hold; an entry matches when all of them do.

    `certain`: a match is enough. Otherwise it is a case for support.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    attributes: Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$")], str], Field(min_length=1)
    ]
    certain: bool = False

    @property
    def name(self) -> str:
        return "+".join(self.attributes)

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset().union(*map(_fields, self.attributes.values()))

    @model_validator(mode="after")
    def _check(self) -> Self:
        for template in self.attributes.values():
            used = _fields(template)
            if not used - {"domain"} or used - _PLACEHOLDERS:
                known = ", ".join(sorted(_PLACEHOLDERS))
                raise ValueError(f"a value needs placeholders in braces; there are {known}")
        if self.certain and not self._identifies():
            raise ValueError(_ALONE_UNCERTAIN)
        return self

    def _identifies(self) -> bool:
        """Whether this may be certain.

        A student number without its system, and a mail, count only with another datum.
        """
        used = self.placeholders
        if used & {"insurance_number", "login_name"} or used >= {"system", "number"}:
            return True
        kinds = {"name" if field in _NAMES else field for field in used - {"domain", "system"}}
        return len(kinds) > 1 and not kinds.isdisjoint({"number", "email"})


@dataclass(frozen=True)
class Identity:
    """What an entry may hold of one person: their codes, and values for the placeholders.

    `scope` is how every code of this university begins. `rows` has system and number of each
    enrolment, `known` what any enrolment tells of the person: former ones count as well.
    """

    codes: tuple[str, ...]
    scope: str
    rows: tuple[Mapping[str, str], ...]
    known: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, person: Person, codes: Sequence[str], domain: str) -> Self:
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
        )

    def owns(self, entry: Attributes) -> bool:
        """Whether the entry holds one of the person's codes."""
        return not _held(entry, CODES).isdisjoint(map(_folded, self.codes))

    def values(self, rule: Rule) -> list[dict[str, str]]:
        """Return what the attributes of a rule hold in an entry of this person's, each way once."""
        filled = [
            {name: text.format_map(values) for name, text in rule.attributes.items()}
            for values in self._combined(rule.placeholders)
        ]
        return [each for at, each in enumerate(filled) if each not in filled[:at]]

    def _combined(self, fields: frozenset[str]) -> Iterator[dict[str, str]]:
        """Yield values for these placeholders; system and number are always of one enrolment."""
        of_person = sorted(fields & self.known.keys())
        for row in self.rows:
            if all(row[name] for name in fields & row.keys()):
                for values in product(*(self.known[name] for name in of_person)):
                    yield {**row, **dict(zip(of_person, values, strict=True))}

    def matches(self, rule: Rule, entry: Attributes) -> bool:
        return any(
            all(_folded(value) in _held(entry, name) for name, value in each.items())
            for each in self.values(rule)
        )


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
    entry from being taken for the person's. `doubtful` are the entries that this is about.
    """

    outcome: Outcome
    own: tuple[E, ...] = ()
    why: str | None = None
    doubtful: tuple[E, ...] = ()


def judge(identity: Identity, rules: Sequence[Rule], entries: Sequence[E]) -> Judgement[E]:
    """Tell whose account it is; an entry that no rule matches is left out."""
    own: list[tuple[str, E]] = []
    doubtful: list[tuple[str, E]] = []
    refused: list[tuple[str, E]] = []
    for entry in entries:
        if identity.owns(entry.attributes):
            own.append((CODES, entry))
            continue
        rule = _matching(identity, rules, entry.attributes)
        against = _contradiction(identity, rules, entry.attributes) if rule else None
        match rule, against:
            case Rule(certain=True), None:
                own.append((rule.name, entry))
            case Rule(certain=True), str(attribute):
                refused.append((f"{rule.name} contradicted by {attribute}", entry))
            case Rule(certain=False), None:
                doubtful.append((rule.name, entry))
    if len(own) > 1:
        return _told(Outcome.CANNOT_TELL, "several entries", own, own=own)
    if own:
        ((rule_name, entry),) = own
        free = entry.password is Password.NONE
        outcome = Outcome.RESERVED_BY_SAME if free else Outcome.OWNED_BY_SAME
        return Judgement(outcome, (entry,), rule_name)
    if refused:
        return _told(Outcome.ANOTHERS, "another person's", refused)
    if doubtful:
        return _told(Outcome.CANNOT_TELL, "not certain", doubtful)
    return Judgement(Outcome.FREE)


def _told(
    outcome: Outcome,
    what: str,
    found: Sequence[tuple[str, E]],
    own: Sequence[tuple[str, E]] = (),
) -> Judgement[E]:
    names = ", ".join(dict.fromkeys(name for name, _ in found))
    entries = tuple(entry for _, entry in found)
    return Judgement(outcome, tuple(entry for _, entry in own), f"{what}: {names}", entries)


def _matching(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> Rule | None:
    """Return the first rule that matches, a certain one before any other."""
    matching = [rule for rule in rules if identity.matches(rule, entry)]
    return next(iter(sorted(matching, key=lambda rule: not rule.certain)), None)


def _contradiction(identity: Identity, rules: Sequence[Rule], entry: Attributes) -> str | None:
    """Return the attribute that says that this entry is somebody else's."""
    scope = _folded(identity.scope)
    if any(value.startswith(scope) for value in _held(entry, CODES)):
        return CODES
    born = {re.sub(r"\D", "", value) for value in _held(entry, BIRTH_DATE)} - {""}
    if born and born.isdisjoint(identity.known["birth_date"] or born):
        return BIRTH_DATE
    insurance = [rule for rule in rules if "insurance_number" in rule.placeholders]
    return next((rule.name for rule in insurance if _differs(identity, rule, entry)), None)


def _differs(identity: Identity, rule: Rule, entry: Attributes) -> bool:
    """Whether person and entry both have this datum, and not the same."""
    both = identity.values(rule) and all(_held(entry, name) for name in rule.attributes)
    return bool(both) and not identity.matches(rule, entry)


def _held(entry: Attributes, name: str) -> set[str]:
    """Return an entry's values of an attribute, those with options (`;lang-el`) too."""
    wanted = name.lower()
    return {
        _folded(value)
        for held, values in entry.items()
        if held.partition(";")[0] == wanted
        for value in values
    }


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def _fields(template: str) -> frozenset[str]:
    return frozenset(_named(template))


def _named(template: str) -> Iterator[str]:
    for _, name, form, conversion in Formatter().parse(template):
        if form or conversion:
            raise ValueError("a placeholder is a name in braces and nothing more")
        if name is not None:
            yield name
