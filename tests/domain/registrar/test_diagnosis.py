"""One outcome a check: the first obstacle, in the order in which it has to be mended."""

import pytest

from domain.contracts.vocabulary import ContactKind
from domain.registrar.diagnosis import (
    AccountSeen,
    Diagnosis,
    Lack,
    TypedContacts,
    human,
    misses,
    outcome,
)
from domain.registrar.rows import Row
from domain.unreadable import Fault

MOBILE, EMAIL = "6955000123", "nikos@mail.example"


def row(**columns: str) -> Row:
    return {
        "systemid": "SIS",
        "registrationid": "1",
        "lastnameel": "Παππάς",
        "departmentid": "401",
        "enrollmentstatus": "active",
        **columns,
    }


def judged(typed: TypedContacts, *rows: Row, **more: object) -> Diagnosis:
    facts: dict[str, object] = {"account": AccountSeen.NONE, "under_way": False, "shared": False}
    return outcome([*rows], typed, "GR", **facts | more)  # type: ignore[arg-type] # named below


@pytest.mark.parametrize(
    ("columns", "typed", "more", "expected"),
    [
        ({"mobilephone": MOBILE}, TypedContacts(), {}, Diagnosis.FINE),
        ({}, TypedContacts(), {"account": AccountSeen.ACTIVE}, Diagnosis.ALREADY_ACTIVE),
        ({"enrollmentstatus": "graduated"}, TypedContacts(MOBILE), {}, Diagnosis.INACTIVE),
        ({}, TypedContacts(MOBILE), {"account": AccountSeen.IN_THE_WAY}, Diagnosis.NO_CONTACT),
        ({"mobilephone": "2710372128"}, TypedContacts(), {}, Diagnosis.UNREADABLE),
        (
            {"mobilephone": MOBILE},
            TypedContacts(MOBILE),
            {"account": AccountSeen.IN_THE_WAY, "shared": True},
            Diagnosis.IN_THE_WAY,
        ),
        ({"mobilephone": MOBILE}, TypedContacts(), {"login_refused": True}, Diagnosis.LOGIN_NAME),
        (
            {"mobilephone": MOBILE},
            TypedContacts(),
            {"account": AccountSeen.ACTIVE, "number_of_another": True},
            Diagnosis.INSURANCE_NUMBER,
        ),
        (
            {"mobilephone": "2710372128", "extemail": EMAIL},
            TypedContacts(MOBILE),
            {},
            Diagnosis.UNREADABLE,
        ),
        (
            {"mobilephone": "2710372128", "extemail": EMAIL},
            TypedContacts(MOBILE, EMAIL),
            {},
            Diagnosis.FINE,
        ),
        ({"extemail": EMAIL}, TypedContacts(MOBILE), {}, Diagnosis.DIFFERS),
        (
            {"mobilephone": MOBILE},
            TypedContacts("6955000124"),
            {"shared": True},
            Diagnosis.NEAR_MISS,
        ),
        (
            {"mobilephone": MOBILE},
            TypedContacts(MOBILE),
            {"shared": True, "under_way": True},
            Diagnosis.UNDER_WAY,
        ),
        ({"mobilephone": MOBILE}, TypedContacts(MOBILE), {"shared": True}, Diagnosis.SHARED),
        (
            {"mobilephone": MOBILE},
            TypedContacts(),
            {"account": AccountSeen.UNKNOWN},
            Diagnosis.FINE,
        ),
        (
            {"mobilephone": MOBILE},
            TypedContacts(),
            {"account": AccountSeen.GONE},
            Diagnosis.ACCOUNT_GONE,
        ),
        (
            {"mobilephone": MOBILE},
            TypedContacts(),
            {"account": AccountSeen.GONE, "recreates": True},
            Diagnosis.FINE,
        ),
    ],
)
def test_the_first_obstacle_is_told(
    columns: dict[str, str], typed: TypedContacts, more: dict[str, object], expected: Diagnosis
) -> None:
    assert judged(typed, row(**columns), **more) is expected


OWN = "st1@mail.uni.example"


@pytest.mark.parametrize(
    ("columns", "typed", "expected"),
    [
        ({"extemail": OWN}, TypedContacts(), Diagnosis.OWN_ADDRESS),
        ({"extemail": OWN}, TypedContacts(MOBILE, OWN), Diagnosis.OWN_ADDRESS),
        ({"extemail": OWN, "mobilephone": "2710372128"}, TypedContacts(), Diagnosis.OWN_ADDRESS),
        ({"extemail": OWN, "mobilephone": MOBILE}, TypedContacts(email=OWN), Diagnosis.OWN_ADDRESS),
        ({"extemail": EMAIL}, TypedContacts(email=OWN), Diagnosis.OWN_ADDRESS),
        ({"extemail": OWN, "mobilephone": MOBILE}, TypedContacts(MOBILE), Diagnosis.FINE),
        ({"extemail": f"{OWN} {EMAIL}"}, TypedContacts(), Diagnosis.FINE),
    ],
)
def test_an_address_at_the_institution_is_told_as_what_it_is(
    columns: dict[str, str], typed: TypedContacts, expected: Diagnosis
) -> None:
    assert judged(typed, row(**columns), own=("uni.example",)) is expected
    (only,) = human([row(extemail=OWN)], "GR", lambda _: True, ("uni.example",)).rows
    assert [(each.mask, each.fault) for each in only.on_file] == [(None, Fault.OWN_ADDRESS)]


def test_the_contact_of_an_ended_enrolment_does_not_count() -> None:
    ended = row(registrationid="0", enrollmentstatus="graduated", mobilephone=MOBILE)
    assert judged(TypedContacts(MOBILE), ended, row()) is Diagnosis.NO_CONTACT
    assert misses([ended, row()], TypedContacts("6955000124"), "GR") == ()


def test_several_contacts_and_a_broken_one_are_all_described() -> None:
    group = [row(mobilephone=f"{MOBILE} / 6955000124", extemail="nikos.mail.example")]
    described = human(group, "GR", lambda _: True)
    (only,) = described.rows
    assert [(each.kind, each.mask, each.fault) for each in only.on_file] == [
        (ContactKind.MOBILE, "+30 •••••••23", None),
        (ContactKind.MOBILE, "+30 •••••••24", None),
        (ContactKind.EMAIL, None, Fault.NO_AT),
    ]


def test_rows_of_departments_not_seen_are_counted_only() -> None:
    group = [row(mobilephone=MOBILE), row(registrationid="2", departmentid="402")]
    described = human(group, "GR", lambda department: department == "402")
    assert [each.number for each in described.rows] == ["SIS/2"]
    assert described.elsewhere == 1


@pytest.mark.parametrize(
    ("columns", "many", "lacks"),
    [
        ({"mobilephone": MOBILE}, (), ()),
        ({"extemail": EMAIL, "birthdate": "1/2/2005"}, (), ()),
        ({}, (), (Lack.CONTACT,)),
        ({"mobilephone": "2710372128"}, (), (Lack.CONTACT,)),
        ({"mobilephone": MOBILE}, ("+306955000123",), (Lack.CONTACT,)),
        ({"mobilephone": MOBILE, "extemail": EMAIL}, ("+306955000123",), ()),
        ({"mobilephone": MOBILE, "birthdate": "200511"}, (), (Lack.BIRTH_DATE,)),
        ({"mobilephone": MOBILE, "lastnameel": "-"}, (), (Lack.NAME,)),
        ({"mobilephone": MOBILE, "lastnameel": "-", "firstnameen": "Nikos"}, (), ()),
        ({"enrollmentstatus": "-", "birthdate": "31/2/2005", "lastnameel": "-"}, (), (*Lack,)),
    ],
)
def test_a_row_says_what_it_lacks(
    columns: dict[str, str], many: tuple[str, ...], lacks: tuple[Lack, ...]
) -> None:
    (told,) = human([row(**columns)], "GR", lambda _: True, many=many).rows
    assert told.lacks == lacks
    assert [
        each.by_many for each in told.on_file if each.kind is ContactKind.MOBILE and each.mask
    ] == [bool(many) for name in columns if name == "mobilephone" and columns[name] == MOBILE]


def test_rows_that_look_alike_and_were_not_joined_are_named_where_they_may_be_seen() -> None:
    born = {"birthdate": "1/2/2005", "firstnameel": "Νίκος"}
    group = [row(**born)]
    others = [
        [row(**born, registrationid="2", fatherfirstnameel="Πέτρος")],
        [row(**born, registrationid="3", departmentid="403")],
        [row(registrationid="4", birthdate="1/2/2005", firstnameel="Άλκης")],
    ]
    assert human(group, "GR", lambda _: True, others=others).apart == ("SIS/2", "SIS/3")
    assert human(group, "GR", "401".__eq__, others=others).apart == ("SIS/2",)


@pytest.mark.parametrize("typed", [TypedContacts("694"), TypedContacts(email="nobody")])
def test_what_is_no_contact_as_it_was_typed_differs_from_what_is_on_file(
    typed: TypedContacts,
) -> None:
    assert judged(typed, row(mobilephone=MOBILE, extemail=EMAIL)) is Diagnosis.DIFFERS
