"""The directory: each server's answer, its schema, the service account's rights, its policy."""

import asyncio
import re
from contextlib import closing
from datetime import date
from itertools import chain
from uuid import uuid4

from temporalio.exceptions import ApplicationError

from activities.answers import SUCCESS
from activities.entries import OBJECT_CLASSES, attributes, chosen
from activities.ldap import Wire
from domain.contracts.requests import Enrolment, Person
from domain.contracts.vocabulary import Choice, Language
from domain.passwords import MIN_LENGTH
from settings import Settings
from starter.doctor.finding import Finding, Findings

PART = "directory"
_NAMES = re.compile(r"NAME\s+(?:'([^']+)'|\(([^)]+)\))")
_DRY_RUN_DONE = 16654
_UNSUPPORTED = 12
_READ_ONLY = (10, 53)


async def check(settings: Settings) -> Findings:
    """Look at each server by itself, for behind the first one that answers the next is hidden."""
    for url in settings.directory.urls:
        one = settings.model_copy(
            update={"directory": settings.directory.model_copy(update={"urls": [url]})}
        )
        for finding in await asyncio.to_thread(_look, one, url):
            yield finding


def _look(settings: Settings, url: str) -> list[Finding]:
    try:
        with closing(Wire(settings.directory)) as wire:
            return _found(wire, settings, url)
    except ApplicationError as failure:
        mend = (
            f"{failure.message}: see to the server and the way there, directory.ca_file,"
            " directory.bind_dn and directory.bind_password_file"
        )
        return [Finding(PART, f"{url} takes the service account", mend)]
    except OSError as error:
        mend = f"{type(error).__name__}: see to the files that the settings name"
        return [Finding(PART, f"{url} takes the service account", mend)]


def _found(wire: Wire, settings: Settings, url: str) -> list[Finding]:
    root = wire.read("", ["subschemaSubentry"])
    people = wire.read(settings.directory.people_dn, ["1.1", "objectClass"])
    there = "" if people else "it cannot be seen: see to directory.people_dn and to its rights"
    found = [
        Finding(PART, f"{url} takes the service account"),
        Finding(PART, f"{settings.directory.people_dn} at {url}", there),
    ]
    schema = _schema(wire, root)
    lacking = sorted(name for name in _written(settings) if _bare(name) not in schema)
    mend = f"it does not know {', '.join(lacking)}: load the schemas" if lacking else ""
    found.append(Finding(PART, f"schema of {url}", mend))
    if people and not lacking:
        found.append(Finding(PART, f"rights at {url}", _rights(wire, settings)))
    found.append(Finding(PART, f"password policy of {url}", _policy(wire, settings)))
    return found


def _schema(wire: Wire, root: dict[str, list[str]]) -> set[str]:
    """Return the names of the classes and attributes that the server knows."""
    told = wire.read(
        root.get("subschemasubentry", ["cn=Subschema"])[0], ["objectClasses", "attributeTypes"]
    )
    lines = chain(told.get("objectclasses", []), told.get("attributetypes", []))
    return {name.strip("'").lower() for line in lines for name in _quoted(line)}


def _quoted(line: str) -> list[str]:
    match = _NAMES.search(line)
    return (match[2] or match[1]).split() if match else []


def _written(settings: Settings) -> set[str]:
    """Return the names of the classes and attributes that an entry is made of."""
    return {*OBJECT_CLASSES, *_entry(settings, "doctor")} - {"userPassword"}


def _bare(name: str) -> str:
    return name.partition(";")[0].lower()


def _entry(settings: Settings, username: str) -> dict[str, list[str]]:
    """Return the whole entry of somebody who does not exist."""
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
    domain, choices = settings.institution.domain, settings.directory.choices
    return attributes(person, username, domain, Language.EL) | chosen(
        person, domain, Choice, choices
    )


def _rights(wire: Wire, settings: Settings) -> str:
    """Try to add somebody without doing it, where the server can; returns what to mend."""
    name = f"doctor{uuid4().hex[:12]}"
    dn = f"uid={name},{settings.directory.people_dn}"
    code = wire.try_add(dn, _entry(settings, name)).code
    if code in (SUCCESS, _DRY_RUN_DONE, _UNSUPPORTED):
        return ""
    if code in _READ_ONLY:
        return f"LDAP {code}: it is a read-only copy; name the one that takes writes"
    return f"LDAP {code}: let directory.bind_dn add entries under directory.people_dn"


def _policy(wire: Wire, settings: Settings) -> str:
    """Compare the policies that can be seen with what the page tells students."""
    base = settings.directory.people_dn.partition(",")[2] or settings.directory.people_dn
    try:
        policies = wire.search(base, "(objectClass=pwdPolicy)", ["pwdMinLength"])
    except ApplicationError:
        return ""
    longest = max(
        (int(value) for each in policies for value in each.attributes.get("pwdminlength", [])),
        default=0,
    )
    if longest <= MIN_LENGTH:
        return ""
    return f"it wants {longest} characters, and students are told {MIN_LENGTH}: bring it down"
