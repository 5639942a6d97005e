"""Groups the registrar's rows into persons; pure.

Rows are one person when they share a valid social security number and two of surname, first name
and birth date agree, or, for rows without a number, when Greek names, father's name and birth date
agree. A number on the rows of persons who are not one tells nothing about any of them: it counts
as none. A person's key is an index of the *first*
enrolment there ever was, whatever its status: later enrolments do not change it, and neither does
an AMKA that the secretariat records a year later, which happens often.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeAlias

from domain import blanks, dates, insurance
from domain.contacts import emails_on_file, mobiles_on_file
from domain.contracts.requests import Enrolment, Person
from domain.elot743 import ascii_fold, elot743
from domain.rules import InvalidInput

Row: TypeAlias = Mapping[str, str | None]

LIVE = ("active", "interim")
MOST_SHARING = 20
"""Persons who may have one contact; what more have is a secretariat's own, or a placeholder."""
_COUNTRY = re.compile(r"[A-Z]{2}|EHIC")
_FACTS_THAT_AGREE = 2


@dataclass(frozen=True)
class Typed:
    """The contacts the student typed, already normalised."""

    mobile: str | None
    email: str | None
    region: str


def persons(rows: Iterable[Row], typed: Typed, index: Callable[[str], str]) -> list[Person]:
    """Return the persons with a live row that holds a typed contact; `index` makes their keys."""
    return [
        person(group, typed, index)
        for group in humans(rows)
        if any(is_live(row) and holds(row, typed) for row in group)
    ]


def holds(row: Row, typed: Typed) -> bool:
    """Whether a typed contact stands in this row."""
    return typed.mobile in mobiles_on_file(row.get("mobilephone"), typed.region) or (
        typed.email in emails_on_file(row.get("extemail"))
    )


def holders(rows: Sequence[Row], number: tuple[str, str], index: Callable[[str], str]) -> set[str]:
    """Return the keys of the persons on whose rows this number stands, rightly or not."""
    marked = {enrolment(row) for row in rows if insurance_of(row) == number}
    return {
        index(enrolment(min(group, key=_age)))
        for group in humans(rows)
        if any(enrolment(row) in marked for row in group)
    }


def enrolment(row: Row) -> str:
    return f"{as_it_stands(row, 'systemid')}/{as_it_stands(row, 'registrationid')}"


def insurance_of(row: Row) -> tuple[str, str] | None:
    """Return scheme and number when the row holds a number that can be one."""
    scheme = text(row, "ssncountry").upper() or insurance.AMKA
    if not _COUNTRY.fullmatch(scheme):
        return None
    try:
        today = datetime.now(UTC).date()
        return scheme, insurance.check(scheme, text(row, "ssn"), today)[0]
    except InvalidInput:
        return None


def alike(row: Row) -> tuple[str, ...] | None:
    """Return what tells a person without a number apart; None when too little is known."""
    names = tuple(_folded(row, name) for name in ("lastnameel", "firstnameel", "fatherfirstnameel"))
    born = birth_date(row)
    return (*names, born.isoformat()) if born and all(names[:2]) else None


def birth_date(row: Row) -> date | None:
    return dates.on_file(row.get("birthdate") or "", datetime.now(UTC).date())


def text(row: Row, column: str) -> str:
    """Return a column's value in single spaces; empty when `domain.blanks` takes it for none."""
    return blanks.value(row.get(column))


def as_it_stands(row: Row, column: str) -> str:
    """Return the value of a column that is or orders a key, which must never change."""
    return " ".join((row.get(column) or "").split())


def humans(rows: Iterable[Row]) -> list[list[Row]]:
    """Group rows by human: those with a number by it, the others with the one group alike.

    From rows whose number is several people's it is taken away, so that nobody goes by it.
    """
    numbered: dict[tuple[str, str], list[Row]] = defaultdict(list)
    unnumbered: list[Row] = []
    for row in rows:
        number = insurance_of(row)
        (numbered[number] if number else unnumbered).append(row)
    groups: list[list[Row]] = []
    for sharing in numbered.values():
        if _are_one(sharing):
            groups.append(sharing)
        else:
            unnumbered += [{**row, "ssn": None} for row in sharing]
    seen: dict[tuple[str, ...] | None, set[int]] = defaultdict(set)
    for at, group in enumerate(groups):
        for row in group:
            seen[alike(row)].add(at)
    for row in unnumbered:
        key = alike(row)
        same = seen[key] if key else set()
        if len(same) == 1:
            groups[next(iter(same))].append(row)
        else:
            same.add(len(groups))
            groups.append([row])
    return groups


def _are_one(rows: Sequence[Row]) -> bool:
    """Whether each row agrees with the first, or with one that does, and so on."""
    known, unknown = list(rows[:1]), list(rows[1:])
    for one in known:
        known += [row for row in unknown if _agree(one, row)]
        unknown = [row for row in unknown if not _agree(one, row)]
    return not unknown


def _agree(one: Row, other: Row) -> bool:
    """Whether two of three facts agree: a surname may change or a date be mistyped, not both."""
    pairs = zip(_facts(one), _facts(other), strict=True)
    return sum(bool(mine) and mine == theirs for mine, theirs in pairs) >= _FACTS_THAT_AGREE


def _facts(row: Row) -> tuple[str, str, date | None]:
    return (
        _folded(row, "lastnameel") or _folded(row, "lastnameen"),
        _folded(row, "firstnameel") or _folded(row, "firstnameen"),
        birth_date(row),
    )


def person(group: list[Row], typed: Typed, index: Callable[[str], str]) -> Person:
    """Return the human whose rows these are; who has no live row has neither contact nor number."""
    live = enrolled(group)
    former = sorted((row for row in group if not is_live(row)), key=_age, reverse=True)
    first, newest = min(group, key=_age), (live or former)[0]
    mobiles, emails = contacts(group, typed.region)
    scheme, number = next(filter(None, map(insurance_of, live)), (None, None))
    sms_to = typed.mobile if typed.mobile in mobiles else None
    email_to = typed.email if typed.email in emails else None
    last_name, first_name = called(newest)
    return Person(
        person_key=index(enrolment(first)),
        enrolments=tuple(_enrolment(row) for row in live),
        former=tuple(_enrolment(row) for row in former),
        first_name_el=first_name,
        last_name_el=last_name,
        first_name_latin=text(newest, "firstnameen") or elot743(first_name),
        last_name_latin=text(newest, "lastnameen") or elot743(last_name),
        birth_date=birth_date(newest),
        citizenship=text(newest, "citizenship").upper() or None,
        login_name=next((name for row in live if (name := text(row, "loginname").lower())), None),
        insurance_scheme=scheme,
        insurance_number=number,
        mobile=sms_to or next(iter(mobiles), None),
        email=email_to or next(iter(emails), None),
        sms_to=sms_to,
        email_to=email_to,
    )


def contacts(group: Iterable[Row], region: str) -> tuple[list[str], list[str]]:
    """Return the mobiles and the e-mails of a human's live rows, those of the newest first."""
    live = enrolled(group)
    mobiles = _all(live, lambda row: mobiles_on_file(row.get("mobilephone"), region))
    return mobiles, _all(live, lambda row: emails_on_file(row.get("extemail")))


def _enrolment(row: Row) -> Enrolment:
    greek, latin = text(row, "departmentel"), text(row, "departmenten")
    return Enrolment(
        system_id=as_it_stands(row, "systemid"),
        registration_id=as_it_stands(row, "registrationid"),
        department_id=text(row, "departmentid"),
        department_el=greek or latin,
        department_en=latin or elot743(greek),
    )


def names(row: Row) -> tuple[str, str]:
    """Return the surname in both alphabets, as far as it stands there."""
    return text(row, "lastnameel"), text(row, "lastnameen")


def called(row: Row) -> tuple[str, str]:
    """Return surname and first name, in Greek where there is one."""
    first = text(row, "firstnameel") or text(row, "firstnameen")
    return text(row, "lastnameel") or text(row, "lastnameen"), first


def is_live(row: Row) -> bool:
    return text(row, "enrollmentstatus").lower() in LIVE


def enrolled(group: Iterable[Row]) -> list[Row]:
    """Return a human's live rows, the newest first."""
    return sorted((row for row in group if is_live(row)), key=_age, reverse=True)


def _age(row: Row) -> tuple[str, ...]:
    """Order enrolments from the first to the newest."""
    columns = ("inscriptionacyear", "systemid", "registrationid")
    return tuple(as_it_stands(row, column) for column in columns)


def _all(rows: Sequence[Row], read: Callable[[Row], tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(value for row in rows for value in read(row)))


def _folded(row: Row, column: str) -> str:
    return ascii_fold(text(row, column)).lower()
