"""Builds `Person` models from the rows of one human; pure.

A person's key is a keyed index (HMAC) of the *first* enrolment ever, whatever its status, so that
it does not change with later enrolments, or with an AMKA that the secretariat records a year later,
which happens often. `other_keys` are those of the other enrolments: if the rows were grouped
differently before, the ledger's data of the person are under one of them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from domain import countries
from domain.contacts import emails_on_file, is_at, mobiles_on_file
from domain.contracts.people import Enrolment, Person
from domain.elot743 import ascii_fold, elot743, latin
from domain.registrar.humans import humans, people
from domain.registrar.rows import (
    Row,
    as_written,
    birth_date,
    enrolment,
    insurance_of,
    is_live,
    text,
)


@dataclass(frozen=True)
class ContactQuery:
    """The contacts the student typed, already normalised.

    `own` are the domains of the university: a mailbox there cannot be read before the account is
    active, so it is no contact, unless it was proved before the domain was in the list.
    """

    mobile: str | None
    email: str | None
    region: str
    own: tuple[str, ...] = ()


def persons(rows: Iterable[Row], typed: ContactQuery, index: Callable[[str], str]) -> list[Person]:
    """Return the persons with a live row that has a typed contact; `index` makes their keys."""
    return [
        person(group, typed, index, alike)
        for group, alike, _ in people(rows, typed.region, typed.own)
        if any(is_live(row) and holds(row, typed) for row in group)
    ]


def holds(row: Row, typed: ContactQuery) -> bool:
    """Tell whether this row has a typed contact."""
    return typed.mobile in mobiles_on_file(row.get("mobilephone"), typed.region) or (
        typed.email in emails_on_file(row.get("extemail"))
    )


def holders(
    rows: Sequence[Row],
    number: tuple[str, str],
    region: str,
    index: Callable[[str], str],
    own: Collection[str] = (),
) -> set[str]:
    """Return the keys of all persons with this insurance number on a row, owners or not."""
    marked = {enrolment(row) for row in rows if insurance_of(row) == number}
    return {
        index(enrolment(min(group, key=_age)))
        for group in humans(rows, region, own)
        if any(enrolment(row) in marked for row in group)
    }


def person(
    group: list[Row], typed: ContactQuery, index: Callable[[str], str], alike: Iterable[Row] = ()
) -> Person:
    """Return the person of these rows; without a live row they have no contacts and no number.

    `alike` are rows of others who may be the same human.
    """
    live = enrolled(group)
    former = sorted((row for row in group if not is_live(row)), key=_age, reverse=True)
    first, newest = min(group, key=_age), (live or former)[0]
    mobiles, addresses = contacts(group, typed.region)
    emails = [each for each in addresses if not is_at(each, typed.own)]
    scheme, number = next(filter(None, map(insurance_of, live)), (None, None))
    sms_to = typed.mobile if typed.mobile in mobiles else None
    email_to = typed.email if typed.email in addresses else None
    last_name, first_name = display_names(newest)
    last_name_latin, first_name_latin = map(ascii_fold, _latin(newest))
    return Person(
        person_key=index(enrolment(first)),
        other_keys=tuple(index(enrolment(row)) for row in sorted(group, key=_age)[1:]),
        enrolments=tuple(_enrolment(row, index) for row in live),
        former=tuple(_enrolment(row, index) for row in former),
        alike=tuple(_enrolment(row, index) for row in sorted(alike, key=_age, reverse=True)),
        first_name_el=first_name,
        last_name_el=last_name,
        first_name_latin=first_name_latin,
        last_name_latin=last_name_latin,
        birth_date=birth_date(newest),
        citizenship=countries.code(text(newest, "citizenship")),
        login_name=login_name(live),
        insurance_scheme=scheme,
        insurance_number=number,
        mobile=sms_to or next(iter(mobiles), None),
        email=email_to or next(iter(emails), None),
        sms_to=sms_to,
        email_to=email_to,
    )


def contacts(
    group: Iterable[Row], region: str, own: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """Return mobiles and e-mails of a human's live rows, newest first, without `own` domains."""
    live = enrolled(group)
    mobiles = _all(live, lambda row: mobiles_on_file(row.get("mobilephone"), region))
    emails = _all(live, lambda row: emails_on_file(row.get("extemail")))
    return mobiles, [each for each in emails if not is_at(each, own)]


def _enrolment(row: Row, index: Callable[[str], str]) -> Enrolment:
    greek, english = text(row, "departmentel"), text(row, "departmenten")
    last_name, first_name = _latin(row)
    scheme, number = insurance_of(row) or (None, None)
    read = Enrolment(
        system_id=as_written(row, "systemid"),
        registration_id=as_written(row, "registrationid"),
        department_id=text(row, "departmentid"),
        department_el=greek or english,
        department_en=latin(english) or elot743(greek),
        login_name=_login_name(row),
        emails=emails_on_file(row.get("extemail")),
        birth_date=birth_date(row),
        first_name_latin=first_name,
        last_name_latin=last_name,
        insurance_scheme=scheme,
        insurance_number=number,
    )
    return indexed(read, index)


def indexed(row: Enrolment, index: Callable[[str], str]) -> Enrolment:
    """Return the row with its keyed indexes."""
    number = f"{row.system_id}/{row.registration_id}"
    marked = ("row", number, row.last_name_latin, row.first_name_latin, str(row.birth_date))
    return row.model_copy(update={"row_key": index(number), "row_mark": index("\n".join(marked))})


def _login_name(row: Row) -> str | None:
    return text(row, "loginname").lower() or None


def _latin(row: Row) -> tuple[str, str]:
    """Return surname and first name in Latin letters, transcribed from Greek if missing."""
    last_name, first_name = display_names(row)
    return (
        latin(text(row, "lastnameen")) or elot743(last_name),
        latin(text(row, "firstnameen")) or elot743(first_name),
    )


def display_names(row: Row) -> tuple[str, str]:
    """Return surname and first name, in Greek if available."""
    first = text(row, "firstnameel") or text(row, "firstnameen")
    return text(row, "lastnameel") or text(row, "lastnameen"), first


def enrolled(group: Iterable[Row]) -> list[Row]:
    """Return a human's live rows, the newest first."""
    return sorted((row for row in group if is_live(row)), key=_age, reverse=True)


def login_name(live: Iterable[Row]) -> str | None:
    """Return the registrar's login name from the first row that has one, or None."""
    return next(filter(None, map(_login_name, live)), None)


def login_names(rows: Iterable[Row]) -> set[str]:
    """Return every login name of a human's rows, former ones too."""
    return {name for row in rows if (name := _login_name(row))}


def holds_login_name(row: Row, name: str) -> bool:
    return _login_name(row) == name


def _age(row: Row) -> tuple[str, ...]:
    """Return the sort key of enrolments, oldest first."""
    columns = ("inscriptionacyear", "systemid", "registrationid")
    return tuple(as_written(row, column) for column in columns)


def _all(rows: Sequence[Row], read: Callable[[Row], tuple[str, ...]]) -> list[str]:
    return list(dict.fromkeys(value for row in rows for value in read(row)))
