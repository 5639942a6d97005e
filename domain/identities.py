"""Compares a person's codes, names and dates with those of a directory entry; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import product
from typing import Self
from urllib.parse import unquote

from domain import dates, student_codes
from domain.contracts.people import Enrolment, Person
from domain.entry_values import (
    CODES,
    FEWEST_WORDS,
    FIRST,
    LAST,
    NAMES,
    born_of,
    codes_of,
    compared,
    is_another_first_name,
    name_words,
    words_of,
)
from domain.match_rules import Attributes, Rule, folded, held
from domain.names import is_spelled_like
from domain.student_codes import plain
from domain.student_numbers import other_forms
from domain.usernames import unusable


@dataclass(frozen=True)
class Identity:
    """A person's codes, and the values of the match rules' placeholders.

    `scope` is the prefix of every code of this university. `rows` has system and number of each
    enrolment, `known` the other values; both include former enrolments. `login_name` is the
    registrar's current one; `shared_logins` are those, also of former rows, that another human in
    the registrar has too. `names` are usernames that the ledger has for the person, independent of
    the rules. `used_again`: the ledger knows that one of their numbers was another person's before,
    so a code alone proves nothing. `born` is the birth date written to an entry made for them.
    `alike` is the identity of others who may be the same human.
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
    born: date | None = None
    shared_logins: tuple[str, ...] = ()
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
            shared_logins=person.shared_logins,
            today=today,
            born=person.birth_date,
            called=(
                (person.last_name_el, *(each.last_name_latin for each in every)),
                (person.first_name_el, *(each.first_name_latin for each in every)),
            ),
        )

    def with_codes(self, codes: Iterable[str]) -> Self:
        """Return the person with codes of rows that the registrar no longer has."""
        return replace(self, codes=(*self.codes, *codes))

    def with_names(self, names: Iterable[str]) -> Self:
        """Return the person with usernames of entries known to be theirs."""
        return replace(self, names=(*self.names, *names))

    def with_current_login_only(self) -> Self:
        """Return the person with the current login name only."""
        names = (self.login_name,) if self.login_name else ()
        return replace(self, known={**self.known, "login_name": names})

    def with_own_logins_only(self) -> Self:
        """Return the person without the login names that another human has too."""
        own = [name for name in self.known["login_name"] if name not in self.shared_logins]
        return replace(self, known={**self.known, "login_name": tuple(own)})

    @property
    def everyone(self) -> tuple["Identity", ...]:
        """Return the person, and the identity of those who may be the same human."""
        return (self, self.alike) if self.alike else (self,)

    def owns(self, entry: Attributes) -> bool:
        """Tell whether the entry has one of the person's codes, percent-encoded or not."""
        return not codes_of(entry).isdisjoint(map(plain, self.codes))

    def is_of_earlier_owner(self, entry: Attributes) -> bool:
        """Tell whether an entry with the person's code belongs to an earlier owner of the number.

        One corrected name or birth date is not enough: of surname, first name and birth date more
        must differ than agree, including the birth date and a name. Unless the birth date is known
        to be the same, a first name that is not similar at all is enough. If the number is known to
        be used again, another first name (twins) or another birth date (namesakes) is enough.
        """
        born = compared(born_of(entry, self.today), self.births)
        if not born and self.has_another_first_name(entry):
            return True
        if born is None and not self.used_again:
            return self.has_other_names(entry)
        if not (self.used_again or born is False):
            return False
        last, first = (
            compared(
                words_of(value for name in held_by for value in held(entry, name)), words_of(own)
            )
            for held_by, own in zip((LAST, FIRST), self.called, strict=True)
        )
        facts = (last, first, born)
        if self.used_again:
            return False in (first, born) or facts.count(True) <= facts.count(False)
        return False in (last, first) and facts.count(False) > facts.count(True)

    def may_be_of_earlier_owner(self, entry: Attributes) -> bool:
        """As `is_of_earlier_owner`, and true too if a namesake may have had the number.

        If the number is known to be used again, the person's own entry has their birth date.
        """
        unproved = self.used_again and self.born and not self.has_same_birth_date(entry)
        return bool(unproved) or self.is_of_earlier_owner(entry)

    def has_code_of_another_number(self, entry: Attributes) -> bool:
        """Tell whether an entry has a code of this university with another person's number."""
        codes = (code for code in codes_of(entry) if code.startswith(plain(self.scope)))
        return not all(map(self.ends_with_own_number, codes))

    def has_same_birth_date(self, entry: Attributes) -> bool | None:
        """Tell whether the birth date is the same, or has day and month swapped; None: unknown."""
        exchanged = {other for born in self.births if (other := dates.swapped(born))}
        return compared(born_of(entry, self.today), self.births | exchanged)

    @cached_property
    def code_forms(self) -> tuple[str, ...]:
        """Return the codes in every form in which other tools write them."""
        return student_codes.written(self.codes, self.scope)

    @cached_property
    def _plain_forms(self) -> frozenset[str]:
        return frozenset(map(plain, self.code_forms))

    def has_code_of_another_form(self, entry: Attributes) -> bool:
        return not codes_of(entry).isdisjoint(self._plain_forms)

    def ends_with_own_number(self, code: str) -> bool:
        """Tell whether a code ends with one of the person's numbers, in any system."""
        return plain(code).endswith(self._endings)

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        numbers = [unquote(code.rpartition(":")[2]) for code in self.codes]
        every = (form for number in numbers for form in (number, *other_forms(number)))
        return tuple(":" + folded(form) for form in every)

    def has_known_username(self, entry: Attributes) -> bool:
        return not held(entry, "uid").isdisjoint(map(folded, self.names))

    def has_other_names(self, entry: Attributes) -> bool:
        """Tell whether the entry has at least two names, and none resembles one of the person's.

        If the person has only one name, one name of the entry is enough.
        """
        words = name_words(entry, NAMES)
        own = words_of(name for each in self.called for name in each)
        fewest = FEWEST_WORDS if all(map(words_of, self.called)) else 1
        return (
            len(words) >= fewest
            and bool(own)
            and not any(is_spelled_like(each, own) for each in words)
        )

    def has_another_first_name(self, entry: Attributes) -> bool:
        last, first = map(words_of, self.called)
        return is_another_first_name(entry, last, first)

    def is_another_person(self, entry: Attributes) -> bool:
        """Tell whether the names differ, and the birth date is not known to be the same."""
        same_born = compared(born_of(entry, self.today), self.births)
        return not same_born and self.has_other_names(entry)

    def searched(self, rules: Iterable[Rule]) -> Iterator[Mapping[str, str]]:
        """Yield the attribute values by which entries of the person, or of `alike`, are found."""
        for each in self.everyone:
            yield from ({CODES: code} for code in each.code_forms)
            yield from ({"uid": name} for name in each.names)
            for rule in rules:
                yield from (*each.values(rule), *each.values_of_other_forms(rule))

    def values(self, rule: Rule) -> list[dict[str, str]]:
        """Return the attribute values by which a rule matches, once for each combination."""
        return self._filled(rule, self.rows)

    def values_of_other_forms(self, rule: Rule) -> list[dict[str, str]]:
        """As `values`, with the student number in its other forms."""
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

    def matches_other_form(self, rule: Rule, entry: Attributes) -> bool:
        """As `matches`, with the student number in another form; such a match is never certain."""
        return _holds(entry, self.values_of_other_forms(rule))


def _holds(entry: Attributes, wanted: Iterable[Mapping[str, str]]) -> bool:
    """Tell whether the entry has all values of one of these combinations."""
    there: dict[str, set[str]] = {}
    for each in wanted:
        there = there or {name: held(entry, name) for name in each}
        if all(folded(value) in there[name] for name, value in each.items()):
            return True
    return False
