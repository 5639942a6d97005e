"""provision_account, on the real directory and ledger."""

import asyncio
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from activities.records import conflict
from adapters.directory.entries import CODES, attributes, codes
from adapters.directory.ldap_client import LdapClient
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Provisioned,
    ProvisionOutcome,
)
from domain.contracts.vocabulary import Choice, Language, PasswordRefusal
from domain.personal import contained
from postgres import Pool
from tests.activities.case import ACTIVE, PASSWORD, Case, named, others
from tests.activities.conftest import RESET, MakePerson, ruled, writing
from tests.stack import TestStack


def refused(why: PasswordRefusal) -> Provisioned:
    return Provisioned(outcome=ProvisionOutcome.PASSWORD_REFUSED, refusal=why)


async def test_the_account_stands_and_opens(activities: DirectoryActivities, case: Case) -> None:
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert entry["sn;lang-el"] == ["Χατζηγεωργίου"]
    assert entry[CODES.lower()] == codes(case.person, case.domain)
    assert case.can_bind(PASSWORD)
    assert not case.can_bind("Another-password-12")


async def test_any_number_of_tries_end_the_same(
    activities: DirectoryActivities, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    for _ in range(3):
        assert await case.provision(activities, sealed) == ACTIVE
    assert case.can_bind(PASSWORD)


async def test_overlapping_tries_end_the_same(activities: DirectoryActivities, case: Case) -> None:
    sealed = await case.choose(PASSWORD)
    tries = [case.provision(activities, sealed) for _ in range(3)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert ACTIVE in ended
    assert await case.provision(activities, sealed) == ACTIVE
    assert len(case.ldap.search(case.people, f"(uid={case.name})", ["uid"])) == 1


async def test_nothing_happens_without_a_consent(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    case = Case(stack, pool, make_person(), "A-NO-CONSENT")
    sealed = await case.choose(PASSWORD)
    made = await case.provision(activities, sealed)
    assert made == Provisioned(outcome=ProvisionOutcome.NO_CONSENT)
    assert case.entry() is None
    case.ldap.close()


async def test_a_password_that_is_gone_or_not_ours_is_asked_for_again(
    activities: DirectoryActivities, case: Case
) -> None:
    expired = refused(PasswordRefusal.EXPIRED)
    assert await case.provision(activities, "never-sealed") == expired
    past = await case.choose(PASSWORD, hours=-1)
    assert await case.provision(activities, past) == expired
    moved = await case.choose(PASSWORD, for_reference="A-SOMEONE-ELSE")
    assert await case.provision(activities, moved) == expired
    assert case.entry() is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", PasswordRefusal.TOO_SHORT),
        ("**********", PasswordRefusal.POLICY),
        ("", PasswordRefusal.POLICY),
    ],
)
async def test_a_refused_password_comes_back_with_its_reason(
    activities: DirectoryActivities, case: Case, password: str, why: PasswordRefusal
) -> None:
    assert await case.provision(activities, await case.choose(password)) == refused(why)
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE


async def test_a_password_with_a_name_or_number_of_ones_own_comes_back_and_nothing_is_made(
    activities: DirectoryActivities, case: Case
) -> None:
    for own in case.request("").password_context:
        if contained(own, [own]):
            sealed = await case.choose(f"Vrachos {own} kymata-77")
            assert await case.provision(activities, sealed) == refused(PasswordRefusal.PERSONAL)
    assert case.entry() is None
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE


async def test_an_older_password_was_used_before(
    activities: DirectoryActivities, case: Case
) -> None:
    first = await case.choose(PASSWORD)
    with ruled(case.stack, *RESET):
        await case.provision(activities, first)
        await case.provision(activities, await case.choose("Another-password-12"))
        assert await case.provision(activities, first) == refused(PasswordRefusal.USED_BEFORE)
    assert case.can_bind("Another-password-12")


async def test_passwords_outside_ascii_are_sent_as_they_were_typed(
    activities: DirectoryActivities, case: Case
) -> None:
    typed = "Θάλασσα-Å-ﬁve-µ-77"
    assert await case.provision(activities, await case.choose(typed)) == ACTIVE
    assert case.can_bind(typed)


@pytest.mark.parametrize(
    ("prescribed", "outcome"),
    [(False, ProvisionOutcome.USERNAME_TAKEN), (True, ProvisionOutcome.CONFLICT)],
)
async def test_a_name_somebody_else_has_is_taken_or_the_registrars_matter(
    activities: DirectoryActivities, case: Case, prescribed: bool, outcome: ProvisionOutcome
) -> None:
    if not prescribed:
        case.person = case.person.model_copy(update={"login_name": None})
    case.plant(case.name, mail=["other@university.example"], **others(case))
    before = case.entry()
    made = await case.provision(activities, await case.choose(PASSWORD))
    assert made.outcome is outcome
    assert case.entry() == before


async def test_what_we_left_half_made_is_always_finished(
    stack: TestStack, pool: Pool, case: Case
) -> None:
    case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    async with writing(stack, pool, adopt=False) as strict:
        assert await case.resolve(strict) == named(case.name)
        assert await case.provision(strict, await case.choose(PASSWORD)) == ACTIVE


async def test_what_others_made_is_adopted_unless_the_settings_forbid_it(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, case: Case, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("of the root DN")
    others = {"bind_dn": "cn=admin,dc=university,dc=example", "bind_password_file": password}
    ours, case.ldap = case.ldap, LdapClient(stack.settings.directory.model_copy(update=others))
    with ruled(stack, "maxsize", f'rootpw "{password.read_text()}"\nmaxsize'):
        case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    case.ldap.close()
    case.ldap = ours
    before = case.entry()
    sealed = await case.choose(PASSWORD)
    async with writing(stack, pool, adopt=False) as strict:
        assert await case.resolve(strict) == conflict(f"{CODES}, not to be adopted")
        made = await case.provision(strict, sealed)
    assert made.outcome is ProvisionOutcome.CONFLICT
    assert case.entry() == before
    assert await case.resolve(activities) == named(case.name)
    assert await case.provision(activities, sealed) == ACTIVE


async def test_two_entries_of_one_person_are_a_conflict(
    activities: DirectoryActivities, case: Case, make_person: MakePerson
) -> None:
    second = make_person().enrolments
    case.person = case.person.model_copy(update={"enrolments": (*case.person.enrolments, *second)})
    first_code, second_code = codes(case.person, case.domain)
    case.plant(case.name, **{CODES: [first_code]})
    case.plant(f"z{case.name}", **{CODES: [second_code]})
    before = case.entry()
    why = f"several entries: {CODES}"
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CANNOT_TELL, why=why
    )
    made = await case.provision(activities, await case.choose(PASSWORD))
    assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)
    assert case.entry() == before


async def test_an_entry_of_who_may_be_the_same_person_keeps_a_second_from_being_made(
    activities: DirectoryActivities, case: Case, make_person: MakePerson
) -> None:
    """Until staff say that they are two persons: then nothing of the other is asked for."""
    other = make_person().enrolments
    before = case.person
    case.person = before.model_copy(update={"alike": other})
    theirs = case.person.model_copy(update={"enrolments": other, "former": ()})
    case.plant(f"z{case.name}", **{CODES: codes(theirs, case.domain)})
    why = f"of a row that may be the same person's: {CODES}"
    assert await case.resolve(activities) == AccountResolved(
        outcome=AccountOutcome.CANNOT_TELL, why=why, of_alike=True
    )
    sealed = await case.choose(PASSWORD)
    made = await case.provision(activities, sealed)
    assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)
    assert case.entry() is None
    case.person = before
    assert await case.resolve(activities) == named(case.name)
    assert await case.provision(activities, sealed) == ACTIVE


async def test_a_person_with_another_name_is_a_conflict(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(f"x{case.name}", **{CODES: codes(case.person, case.domain)})
    made = await case.provision(activities, await case.choose(PASSWORD))
    why = f"{CODES}, under another name"
    assert made == Provisioned(outcome=ProvisionOutcome.CONFLICT, why=why)
    assert case.entry() is None


async def test_the_persons_own_entry_is_completed_and_keeps_what_it_has(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(
        case.name,
        displayName=["Vangelis"],
        mail=["old@university.example", "older@university.example"],
        description=["written by the library"],
        jpegPhoto=["not a picture"],
        **{CODES: codes(case.person, case.domain)},
    )
    before = case.entry()
    assert before
    sealed = await case.choose(PASSWORD)
    for _ in ("made", "its answer was lost"):
        made = await case.provision(activities, sealed)
        assert made == ACTIVE.model_copy(update={"address": "old@university.example"})
    entry = case.entry()
    assert entry
    assert entry["objectclass"][: len(before["objectclass"])] == before.pop("objectclass")
    assert {name: entry[name] for name in before} == before
    assert entry["cn;lang-el"] == ["Ευάγγελος Χατζηγεωργίου"]
    wanted = attributes(case.person, case.name, case.domain, Language.EL)
    assert entry["edupersonprincipalname"] == wanted["eduPersonPrincipalName"]


async def test_a_name_that_is_none_is_never_written(
    activities: DirectoryActivities, case: Case
) -> None:
    with pytest.raises(ApplicationError) as raised:
        await case.provision(activities, await case.choose(PASSWORD), name="a,ou=staff")
    assert raised.value.non_retryable


async def test_an_absent_directory_is_waited_for(
    stack: TestStack, activities: DirectoryActivities, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    stack.stop("slapd")
    try:
        with pytest.raises(ApplicationError) as raised:
            await case.provision(activities, sealed)
    finally:
        stack.start("slapd")
    assert raised.value.type == "DIRECTORY_DOWN"
    for text in (case.name, PASSWORD, case.person.last_name_el, case.person.last_name_latin):
        assert text not in repr(raised.value)
    assert await case.provision(activities, sealed) == ACTIVE


async def test_an_account_made_active_elsewhere_keeps_its_password(
    activities: DirectoryActivities, case: Case
) -> None:
    case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    case.ldap.set_password(case.dn, b"Chosen-elsewhere-44")
    await case.consent()
    already = Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
    before = case.entry()
    assert await case.provision(activities, await case.choose(PASSWORD)) == already
    assert case.entry() == before
    assert case.can_bind("Chosen-elsewhere-44")
    assert (await case.resolve(activities)).outcome is AccountOutcome.ALREADY_ACTIVE


async def test_a_restarted_directory_costs_no_try_however_many_connections_were_open(
    stack: TestStack, activities: DirectoryActivities, case: Case
) -> None:
    sealed = await case.choose(PASSWORD)
    await asyncio.gather(*(case.resolve(activities) for _ in range(4)))
    stack.stop("slapd")
    stack.start("slapd")
    assert await case.provision(activities, sealed) == ACTIVE


async def test_choices_have_their_effect_however_often_it_is_tried(
    stack: TestStack, pool: Pool, activities: DirectoryActivities, make_person: MakePerson
) -> None:
    case = Case(stack, pool, make_person(), "A-CHOICES-1")
    await case.consent(*Choice)
    case.plant(
        case.name,
        objectClass=["inetOrgPerson", "schacLinkageIdentifiers", "eduPerson"],
        eduPersonEntitlement=["https://elsewhere.example/library"],
        **{CODES: codes(case.person, case.domain)},
    )
    sealed = await case.choose(PASSWORD)
    for _ in range(2):
        assert await case.provision(activities, sealed) == ACTIVE
    entry = case.entry()
    assert entry
    assert entry["mobile"] == [case.person.mobile]
    assert entry["labeleduri"] == [f"mailto:{case.person.email} recovery"]
    assert entry["edupersonentitlement"] == [
        "https://elsewhere.example/library",
        f"https://{case.domain}/entitlement/listed",
    ]
    case.ldap.close()


async def test_a_value_that_differs_only_for_us_is_let_be(
    activities: DirectoryActivities, case: Case
) -> None:
    await case.consent(*Choice)
    spaced = f"{str(case.person.mobile)[:3]} {str(case.person.mobile)[3:]}"
    case.plant(case.name, mobile=[spaced], **{CODES: codes(case.person, case.domain)})
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert entry["mobile"] == [spaced]
    assert entry["labeleduri"]


async def test_what_was_not_chosen_is_not_written(
    activities: DirectoryActivities, case: Case
) -> None:
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
    entry = case.entry()
    assert entry
    assert not entry.keys() & {"mobile", "labeleduri", "edupersonentitlement"}
