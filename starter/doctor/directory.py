"""Checks each directory server: connection, schema, rights of the service account, policy."""

import asyncio
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import uuid4

from adapters.directory.entries import OBJECT_CLASSES, PASSWORD, attributes, chosen
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import DRY_RUN_DONE, NO_RIGHT, SUCCESS
from adapters.errors import AdapterError
from adapters.findings import Finding, Findings
from domain.contracts.people import Enrolment, Person
from domain.contracts.vocabulary import Choice, Language
from domain.passwords import MIN_LENGTH
from settings import Settings
from starter.doctor import clocks, recognition
from starter.doctor.recognition import PART

_NAMES = re.compile(r"NAME\s+(?:'([^']+)'|\(([^)]+)\))")
_TIME_ATTRIBUTES = (
    ("cn=Current,cn=Time,cn=Monitor", "monitorTimestamp"),
    ("cn=monitor", "currentTime"),
    ("", "currentTime"),
)
"""The entries with the current time in OpenLDAP, 389 Directory Server and Active Directory."""
_NO_DRY_RUN = (SUCCESS, 12)
_FIRST_SHOWS = "the first activation shows it"
_READ_ONLY = (10, 53)
_SCHEMA_VIOLATION = 65
"""LDAP objectClassViolation: an attribute is missing, or not allowed by the classes."""


async def check(settings: Settings) -> Findings:
    """Check each server separately, because the client uses only the first that answers."""
    for url in settings.directory.urls:
        one = settings.model_copy(
            update={"directory": settings.directory.model_copy(update={"urls": [url]})}
        )
        for finding in await asyncio.to_thread(_check_server, one, url):
            yield finding


def _check_server(settings: Settings, url: str) -> list[Finding]:
    try:
        with closing(LdapClient(settings.directory)) as ldap:
            return _findings(ldap, settings, url)
    except AdapterError as failure:
        mend = (
            f"{failure.message}: see to the server and the way there, directory.ca_file,"
            " directory.bind_dn and directory.bind_password_file"
        )
        return [Finding(PART, f"{url} takes the service account", mend)]


def _findings(ldap: LdapClient, settings: Settings, url: str) -> list[Finding]:
    root = ldap.read("", ["subschemaSubentry"])
    people = ldap.read(settings.directory.people_dn, ["1.1", "objectClass"])
    there = "" if people else "it cannot be seen: see to directory.people_dn and to its rights"
    found = [
        Finding(PART, f"{url} takes the service account"),
        Finding(PART, f"{settings.directory.people_dn} at {url}", there),
    ]
    schema = _schema(ldap, root)
    lacking = sorted(name for name in _needed_names(settings) if _base_name(name) not in schema)
    mend = f"it does not know {', '.join(lacking)}: load the schemas" if lacking else ""
    found.append(Finding(PART, f"schema of {url}", mend))
    if people and not lacking:
        found += _rights(ldap, settings, url)
        found += recognition.check(ldap, settings.directory, url, schema)
    if people:
        found.append(_read_all(ldap, settings, url))
    found.append(Finding(PART, f"password policy of {url}", _policy(ldap, settings)))
    found.append(_clock(ldap, url))
    return found


def _schema(ldap: LdapClient, root: dict[str, list[str]]) -> set[str]:
    """Return the names, in lower case, of the classes and attributes in the server's schema."""
    schema = ldap.read(
        root.get("subschemasubentry", ["cn=Subschema"])[0], ["objectClasses", "attributeTypes"]
    )
    lines = chain(schema.get("objectclasses", []), schema.get("attributetypes", []))
    return {name.strip("'").lower() for line in lines for name in _quoted(line)}


def _quoted(line: str) -> list[str]:
    match = _NAMES.search(line)
    return (match[2] or match[1]).split() if match else []


def _needed_names(settings: Settings) -> set[str]:
    """Return the names of the classes and attributes of an entry, except the password."""
    return {*OBJECT_CLASSES, *_entry(settings, "doctor")} - {PASSWORD}


def _base_name(name: str) -> str:
    return name.partition(";")[0].lower()


def _entry(settings: Settings, username: str) -> dict[str, list[str]]:
    """Return the complete entry of a sample person."""
    enrolment = Enrolment(
        system_id="doctor",
        registration_id=username,
        department_id="0",
        department_el="-",
        department_en="-",
    )
    person = Person(
        person_key="doctor",
        enrolments=(enrolment,),
        first_name_el="Δοκιμή",
        last_name_el="Δοκιμή",
        first_name_latin="Doctor",
        last_name_latin="Doctor",
        birth_date=date(2000, 1, 1),
        citizenship="GR",
        login_name=None,
        insurance_scheme=None,
        insurance_number=None,
        mobile="+306900000000",
        email="doctor@localhost",
        sms_to=None,
        email_to=None,
    )
    domain, country = settings.institution.domain, settings.institution.code_country
    return attributes(person, username, domain, Language.EL, country) | chosen(
        person, domain, Choice, settings.directory.choices
    )


def _rights(ldap: LdapClient, settings: Settings, url: str) -> Iterator[Finding]:
    """Check the rights to add and to change entries, by dry runs that change nothing."""
    anybody = ldap.anybody()
    if anybody is None:
        yield Finding(PART, f"rights at {url} (not tried: nobody is there; {_FIRST_SHOWS})")
        return
    yield _to_add(ldap, settings, url)
    yield _to_set_passwords(ldap, url)
    yield _to_change(ldap, settings, url, anybody.dn)


def _clock(ldap: LdapClient, url: str) -> Finding:
    """Compare the server's clock with ours, if the server has a readable time attribute."""
    whose = f"the directory's at {url}"
    for dn, attribute in _TIME_ATTRIBUTES:
        before = clocks.now()
        with suppress(AdapterError):
            for value in ldap.read(dn, [attribute]).get(attribute.lower(), []):
                measured = datetime.strptime(f"{value[:14]}Z", "%Y%m%d%H%M%S%z")
                return clocks.compare(whose, before, measured, timedelta(seconds=1))
    return Finding("clocks", f"{whose} (not told: let directory.bind_dn read cn=Time,cn=Monitor)")


def _to_add(ldap: LdapClient, settings: Settings, url: str) -> Finding:
    """Check by a dry run whether entries may be added, with the attributes already in use."""
    about = f"right to add entries at {url}"
    name = f"doctor{uuid4().hex[:12]}"
    entry = _entry(settings, name)
    new = sorted(each for each in entry if not _is_stored(ldap, each))
    nobodys = f"{', '.join(new)}, which nobody has yet; {_FIRST_SHOWS}"
    stored = {each: values for each, values in entry.items() if each not in new}
    code = ldap.try_add(f"uid={name},{settings.directory.people_dn}", stored).code
    if code == DRY_RUN_DONE:
        return Finding(PART, f"{about} (but for {nobodys})" if new else about)
    if code in _NO_DRY_RUN:
        return Finding(PART, f"{about} (not tried: it has no dry run; {_FIRST_SHOWS})")
    if code == _SCHEMA_VIOLATION and new:
        return Finding(PART, f"{about} (not tried: {nobodys})")
    if code in _READ_ONLY:
        return Finding(
            PART, about, f"LDAP {code}: it is a read-only copy; name the one that takes writes"
        )
    mend = f"LDAP {code}: let directory.bind_dn add entries under directory.people_dn"
    return Finding(PART, about, mend)


def _read_all(ldap: LdapClient, settings: Settings, url: str) -> Finding:
    """Page through all entries as `activation accounts` does, without their attributes."""
    about, count = f"reading all entries at {url}", 0
    try:
        for page in ldap.pages(settings.directory.people_dn, "(objectClass=*)", ["1.1"]):
            count += len(page)
    except AdapterError as failure:
        mend = (
            f"{failure.message} after {count}: let the size limit of directory.bind_dn be none, of"
            " a page and in all, or `activation accounts` cannot compare them"
        )
        return Finding(PART, about, mend)
    return Finding(PART, f"{about} ({count})")


def _is_stored(ldap: LdapClient, attribute: str) -> bool:
    """Whether some entry has this attribute, with the same options."""
    found = ldap.anybody(attribute)
    return found is not None and attribute.lower() in found.attributes


def _to_set_passwords(ldap: LdapClient, url: str) -> Finding:
    """Check whether a password may be set in an entry that has none; others are not its to set."""
    about = f"right to set passwords at {url}"
    without = ldap.anybody(without_password=True)
    if without is None:
        return Finding(PART, f"{about} (not tried: everybody has one; {_FIRST_SHOWS})")
    return _change_of(ldap, without.dn, {PASSWORD: secrets.token_urlsafe(24)}, about)


def _to_change(ldap: LdapClient, settings: Settings, url: str, dn: str) -> Finding:
    """Check whether what students choose may be written in an existing entry."""
    entry = _entry(settings, "doctor")
    choices = {choice.partition("=")[0] for choice in settings.directory.choices.values()}
    chosen = {name: entry[name][0] for name in sorted(choices & entry.keys())}
    return _change_of(ldap, dn, chosen, f"right to write what students choose at {url}")


def _change_of(ldap: LdapClient, dn: str, values: Mapping[str, str], about: str) -> Finding:
    refused = [each for each in values if ldap.try_change(dn, each, values[each]).code == NO_RIGHT]
    mend = f"LDAP {NO_RIGHT}: let directory.bind_dn write {', '.join(refused)}" if refused else ""
    return Finding(PART, about, mend)


def _policy(ldap: LdapClient, settings: Settings) -> str:
    """Compare the readable password policies with the minimum length shown to students.

    Returns what to do; empty when they agree or none is readable.
    """
    base = settings.directory.people_dn.partition(",")[2] or settings.directory.people_dn
    try:
        policies = ldap.search(base, "(objectClass=pwdPolicy)", ["pwdMinLength"])
    except AdapterError:
        return ""
    longest = max(
        (int(value) for each in policies for value in each.attributes.get("pwdminlength", [])),
        default=0,
    )
    if longest <= MIN_LENGTH:
        return ""
    return f"it wants {longest} characters, and students are told {MIN_LENGTH}: bring it down"
