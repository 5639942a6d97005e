"""The same engine for another institution: only a file of settings differs."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from temporalio.testing import ActivityEnvironment

from activities.accounts import DirectoryActivities
from activities.fencing import fence
from activities.registrar import RegistrarActivities
from adapters.directory.ldap_client import LdapClient
from adapters.directory.wiring import directory_of
from adapters.messaging.message_templates import Words
from adapters.registrar.wiring import registrar_of
from domain import contacts, personal
from domain.consent import review
from domain.contracts.account_io import (
    AccountOutcome,
    ProvisionAccount,
    ProvisionOutcome,
    RecordConsent,
    ResolveAccount,
)
from domain.contracts.people import Enrolment, FindStudent, Person
from domain.contracts.vocabulary import Choice, Language
from domain.passwords import judge
from domain.rules import InputRule
from domain.usernames import candidates
from ledger import consents, passwords
from postgres import connect
from security.purposes import User
from security.sealing import seal
from settings import Settings
from tests.activities.case import begun
from tests.gsm import is_one_part
from tests.stack import TestStack

PROFILE = Path(__file__).with_name("cyprus.toml")
PASSWORD = "Chroma-zontana-kila-89"
REFERENCE = "A-PAPH-0S01"


@pytest.fixture(scope="module")
def settings(stack: TestStack) -> Settings:
    """Lay the profile over the addresses of the parts under test."""
    del stack
    return Settings(**tomllib.loads(PROFILE.read_text("utf-8")))


@pytest.fixture
def person(stack: TestStack) -> Person:
    enrolment = Enrolment(
        system_id="SIS",
        registration_id="PT-77",
        department_id="CS",
        department_el="Πληροφορικής",
        department_en="Computing",
    )
    return Person(
        person_key=stack.keys.index("person", "SIS/PT-77"),
        enrolments=(enrolment,),
        first_name_el="Ανδρέας",
        last_name_el="Χριστοδούλου",
        first_name_latin="Andreas",
        last_name_latin="Christodoulou",
        birth_date=date(2006, 12, 8),
        citizenship="CY",
        login_name=None,
        insurance_scheme=None,
        insurance_number=None,
        mobile="+35799000077",
        email="andreas@mail.example",
        sms_to="+35799000077",
        email_to=None,
    )


def test_the_profile_is_read(stack: TestStack, settings: Settings) -> None:
    assert settings.institution.default_language is Language.EN
    assert settings.policy.terms_version == "2026-09"
    assert settings.policy.deadline == timedelta(days=2)
    assert settings.policy.pin_tries == stack.settings.policy.pin_tries
    assert settings.directory.urls == stack.settings.directory.urls


def test_usernames_follow_the_patterns_and_the_reserved_names(settings: Settings) -> None:
    policy = settings.usernames
    names = candidates("Andreas", "Christodoulou", "PT-77", policy.patterns, policy.reserved)
    assert names == ["a.christodoulou", "pt77"]


def test_messages_name_the_institution_its_portal_and_its_times(settings: Settings) -> None:
    given = {"reference": "A-7K3F-92QD", "group": "A-7K3F", "code": "012345", "username": "x"}
    sms = Words(settings).sms("pin", Language.EN, minutes=5, **given)
    assert is_one_part(sms)
    assert "PAPHOS TECH" in sms
    assert sms.endswith("@start.paphos-tech.ac.cy #012345")
    assert "5 min" in sms
    letter = Words(settings).letter("active", Language.EN, **given)
    assert "Paphos Institute of Technology" in letter.text
    assert "helpdesk@paphos-tech.ac.cy" in letter.text


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Aphrodite2026", [InputRule.PASSWORD_COMMON, InputRule.PASSWORD_WEAK]),
        ("kato pafos 2026", [InputRule.PASSWORD_COMMON]),
        ("chroma-pafou-zontana-89", [InputRule.PASSWORD_INSTITUTION]),
        ("chroma-paphos-zontana-89", [InputRule.PASSWORD_INSTITUTION]),
        ("chroma-institouto-zontana-89", []),
        ("chroma-tripoli-zontana-89", []),
    ],
)
def test_passwords_are_judged_by_the_words_of_the_institution(
    settings: Settings, password: str, broken: list[InputRule]
) -> None:
    named = settings.institution
    names = personal.without((named.name_el, named.name_en, "paphos-tech"), named.plain_words)
    assert judge(password, [], names, named.common_words) == broken


def test_a_password_common_in_greece_is_common_everywhere_one_of_a_town_only_there() -> None:
    assert InputRule.PASSWORD_COMMON in judge("thessaloniki12", [])
    assert InputRule.PASSWORD_COMMON not in judge("tripoli123456", [])
    assert InputRule.PASSWORD_COMMON in judge("tripoli123456", [], (), ["Τρίπολη"])


def test_contacts_are_those_outside_the_institution(settings: Settings) -> None:
    own = settings.institution.mail_domains
    assert contacts.is_at("a@mail.paphos-tech.ac.cy", own)
    assert contacts.is_at("a@paphos-old.ac.cy", own)
    assert not contacts.is_at("a@ac.cy", own)


async def test_mobiles_without_a_country_code_are_cypriot(
    stack: TestStack, settings: Settings
) -> None:
    records = await asyncpg.connect(stack.registrar_dsn)
    await records.execute(
        "INSERT INTO v_vd_sis (systemid, registrationid, lastnameel, enrollmentstatus, mobilephone)"
        " VALUES ('PT', 'PT-78', 'Κυπριανού', 'active', '99 000078')"
    )
    await records.close()
    asked = FindStudent(mobile="+35799000078", email=None)
    async with registrar_of(settings.registrar) as view:
        registrar = RegistrarActivities(
            registrar=view, keys=stack.keys_of(User.MAIN), settings=settings
        )
        found = await ActivityEnvironment().run(registrar.find_student, asked)
    assert [person.sms_to for person in found.persons] == ["+35799000078"]


async def test_the_account_belongs_to_the_institutions_domain(
    stack: TestStack, settings: Settings, person: Person
) -> None:
    ledger = await connect(stack.ledger_dsn)
    activities = DirectoryActivities(
        pool=ledger,
        keys=stack.keys_of(User.DIRECTORY),
        settings=settings,
        directory=directory_of(settings.directory, fence),
    )
    run = begun().run
    resolved = await run(
        activities.resolve_account, ResolveAccount(reference=REFERENCE, person=person)
    )
    assert resolved.outcome is AccountOutcome.USERNAME
    name = str(resolved.username)
    assert name == "a.christodoulou"
    agreed = RecordConsent(
        reference=REFERENCE,
        person_key=person.person_key,
        shown=review(person, name, settings.policy.terms_version),
        choices=tuple(Choice),
        language=Language.EN,
        accepted_at=datetime.now(UTC),
    )
    await consents.record(ledger, stack.keys, agreed)
    await passwords.put(
        ledger,
        reference=REFERENCE,
        sealed_id="1",
        sealed=seal(stack.keys, REFERENCE, PASSWORD),
        ttl=timedelta(hours=1),
    )
    account = ProvisionAccount(
        reference=REFERENCE, person=person, username=name, sealed_id="1", language=Language.EN
    )
    made = await run(activities.provision_account, account)
    assert made.outcome is ProvisionOutcome.ACTIVE
    ldap = LdapClient(settings.directory)
    (found,) = ldap.search(settings.directory.people_dn, f"(uid={name})", ["*"])
    ldap.close()
    entry = found.attributes
    assert entry["mail"] == ["a.christodoulou@paphos-tech.ac.cy"]
    assert entry["schachomeorganization"] == ["paphos-tech.ac.cy"]
    assert entry["schacpersonaluniquecode"] == [
        "urn:schac:personalUniqueCode:cy:paphos-tech.ac.cy:SIS:PT-77"
    ]
    assert entry["preferredlanguage"] == ["en"]
    assert entry["homephone"] == [person.mobile]
    assert entry["edupersonentitlement"] == ["urn:mace:example:paphos-tech.ac.cy:listed"]
    assert "labeleduri" not in entry
    assert "mobile" not in entry
    await activities.close()
    await ledger.close()
