"""Builds the attributes of a person's directory entry, and what identifies their entry; pure.

The person's key in the directory is `schacPersonalUniqueCode`, with one value for each present or
former enrolment: entries or persons that share a value are the same human. The AMKA is never
written, a contact only if the student chose so.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from domain import entry_values, usernames
from domain.contacts import is_at
from domain.contracts.people import Person
from domain.contracts.vocabulary import Choice, Language
from domain.countries import ISO
from domain.elot743 import ascii_fold
from domain.identities import Identity
from domain.text import has_greek

Attributes = dict[str, list[str]]

CODES = entry_values.CODES
PASSWORD = "userPassword"  # noqa: S105 - the name of an attribute
ADDRESSES = ("mail", "eduPersonPrincipalName")
"""The attributes that may hold a username's address."""

OBJECT_CLASSES = (
    "inetOrgPerson",
    "eduPerson",
    "schacPersonalCharacteristics",
    "schacContactLocation",
    "schacLinkageIdentifiers",
)
ROW_PARTS = 2
"""System and number, which a code ends with."""
COUNTRY = "gr"
"""The default country of the institution's codes."""


def codes(person: Person, domain: str, country: str = COUNTRY) -> list[str]:
    """Return the URN of each enrolment, former ones too; reserved characters percent-encoded."""
    rows = [(each.system_id, each.registration_id) for each in (*person.enrolments, *person.former)]
    parts = [[quote(part, safe="") for part in (domain, *row)] for row in rows]
    return [":".join((f"urn:schac:personalUniqueCode:{country}", *each)) for each in parts]


def numbers(present: Attributes, domain: str, country: str = COUNTRY) -> list[str]:
    """Return `SYSTEM/NUMBER` of each code of this university that the engine may have written."""
    scope = f"urn:schac:personalUniqueCode:{country}:{domain}:"
    own = [each for each in present.get(CODES.lower(), []) if each.startswith(scope)]
    parts = [each.removeprefix(scope).split(":") for each in own]
    return ["/".join(map(unquote, each)) for each in parts if len(each) == ROW_PARTS]


def identity(person: Person, domain: str, country: str = COUNTRY) -> Identity:
    """Return what identifies a person's entry, and entries of possibly the same human."""
    today = datetime.now(UTC).date()
    own = Identity.of(person, codes(person, domain, country), domain, today)
    if not person.alike:
        return own
    nothing = ("login_name", "email", "insurance_scheme", "insurance_number")
    of_others = {"enrolments": person.alike, "former": (), **dict.fromkeys(nothing)}
    others = person.model_copy(update=of_others)
    return replace(own, alike=Identity.of(others, codes(others, domain, country), domain, today))


def attributes(
    person: Person, username: str, domain: str, language: Language, country: str = COUNTRY
) -> Attributes:
    """Return all attributes of the entry but the password; unknown ones are left out."""
    first, last = ascii_fold(person.first_name_latin), ascii_fold(person.last_name_latin)
    if not first + last:
        last = username
    citizenship = person.citizenship or ""
    address = usernames.address(username, domain)
    entry: dict[str, list[str | None]] = {
        "objectClass": [*OBJECT_CLASSES],
        "uid": [username],
        **_names("", first, last),
        **_names(";lang-en", first, last),
        "displayName": [f"{person.first_name_el} {person.last_name_el}".strip()],
        "mail": [address],
        "preferredLanguage": [language.value],
        "departmentNumber": list(dict.fromkeys(each.department_id for each in person.enrolments)),
        "eduPersonPrincipalName": [address],
        "eduPersonAffiliation": ["student", "member"],
        "eduPersonPrimaryAffiliation": ["student"],
        "eduPersonScopedAffiliation": [f"student@{domain}", f"member@{domain}"],
        "schacHomeOrganization": [domain],
        "schacDateOfBirth": [f"{person.birth_date:%Y%m%d}" if person.birth_date else None],
        "schacCountryOfCitizenship": [citizenship if citizenship in ISO else None],
        CODES: [*codes(person, domain, country)],
    }
    if has_greek(person.first_name_el + person.last_name_el):
        entry |= _names(";lang-el", person.first_name_el, person.last_name_el)
    kept = {name: [value for value in values if value] for name, values in entry.items()}
    return {name: values for name, values in kept.items() if values}


def address_told(
    present: Attributes, username: str, domain: str, own: Collection[str]
) -> str | None:
    """Return the entry's address if it differs from that of its username, else None.

    Empty: all its e-mails are at domains other than the institution's `own`.
    """
    there = present.get("mail", [])
    made = usernames.address(username, domain) or ""
    if not there or made.lower() in map(str.lower, there):
        return None
    return next((each for each in there if is_at(each.lower(), own)), "")


def chosen(
    person: Person, domain: str, choices: Iterable[Choice], mapping: Mapping[Choice, str]
) -> Attributes:
    """Return the attributes that the choices write: `attribute=value`, if all parts are known."""
    known = {"{email}": person.email, "{mobile}": person.mobile, "{domain}": domain}
    written: Attributes = {}
    for choice in choices:
        name, _, value = mapping.get(choice, "").partition("=")
        used = {field: known[field] for field in known if field in value}
        if name and all(used.values()):
            for field, datum in used.items():
                value = value.replace(field, str(datum))
            written.setdefault(name, []).append(value)
    return written


def missing(wanted: Attributes, present: Attributes, more: Attributes) -> Attributes:
    """Return absent attributes, classes and codes; chosen values (`more`) join existing ones."""
    lacking = {}
    both = {name: [*wanted.get(name, []), *values] for name, values in more.items()}
    for name, values in (wanted | both).items():
        there = {value.lower() for value in present.get(name.lower(), [])}
        several = name in ("objectClass", CODES) or name in more
        new = [value for value in values if value.lower() not in there]
        if new and (several or not there):
            lacking[name] = new
    return lacking


def taken_back(
    present: Attributes,
    domain: str,
    withdrawn: Iterable[Choice],
    standing: Iterable[Choice],
    mapping: Mapping[Choice, str],
) -> Attributes:
    """Return the values that withdrawn choices may have written, without those of standing ones.

    The contact that was written is no longer known, so `{email}` and `{mobile}` match any value.
    """
    gone = _written(present, domain, withdrawn, mapping)
    kept = _written(present, domain, standing, mapping)
    left = {
        name: [value for value in gone[name] if value not in kept.get(name, [])] for name in gone
    }
    return {name: values for name, values in left.items() if values}


def _written(
    present: Attributes, domain: str, choices: Iterable[Choice], mapping: Mapping[Choice, str]
) -> Attributes:
    """Return the values that match what these choices write."""
    like: Attributes = {}
    for choice in choices:
        name, _, value = mapping.get(choice, "").lower().partition("=")
        parts = re.split(r"\{(?:email|mobile)\}", value.replace("{domain}", domain.lower()))
        pattern = re.compile(".+".join(map(re.escape, parts)), re.IGNORECASE)
        found = like.setdefault(name, [])
        found += [
            each for each in present.get(name, []) if pattern.fullmatch(each) and each not in found
        ]
    return like


def _names(option: str, first: str, last: str) -> dict[str, list[str | None]]:
    """Return the name attributes; a single name is also the surname, which LDAP requires."""
    return {
        f"cn{option}": [f"{first} {last}".strip()],
        f"sn{option}": [last or first],
        f"givenName{option}": [first],
    }
