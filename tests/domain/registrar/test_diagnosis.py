"""One outcome a check: the first obstacle, in the order in which it has to be mended."""

import pytest

from domain.contracts.vocabulary import ContactKind
from domain.registrar.diagnosis import Account, Lack, Outcome, Typed, human, misses, outcome
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


def judged(typed: Typed, *rows: Row, **more: object) -> Outcome:
    facts: dict[str, object] = {"account": Account.NONE, "under_way": False, "shared": False}
    return outcome([*rows], typed, "GR", **facts | more)  # type: ignore[arg-type] # named below


@pytest.mark.parametrize(
    ("columns", "typed", "more", "expected"),
    [
        ({"mobilephone": MOBILE}, Typed(), {}, Outcome.FINE),
        ({}, Typed(), {"account": Account.ACTIVE}, Outcome.ALREADY_ACTIVE),
        ({"enrollmentstatus": "graduated"}, Typed(MOBILE), {}, Outcome.INACTIVE),
        ({}, Typed(MOBILE), {"account": Account.IN_THE_WAY}, Outcome.NO_CONTACT),
        ({"mobilephone": "2710372128"}, Typed(), {}, Outcome.UNREADABLE),
        (
            {"mobilephone": MOBILE},
            Typed(MOBILE),
            {"account": Account.IN_THE_WAY, "shared": True},
            Outcome.IN_THE_WAY,
        ),
        ({"mobilephone": MOBILE}, Typed(), {"login_refused": True}, Outcome.LOGIN_NAME),
        ({"mobilephone": "2710372128", "extemail": EMAIL}, Typed(MOBILE), {}, Outcome.UNREADABLE),
        ({"mobilephone": "2710372128", "extemail": EMAIL}, Typed(MOBILE, EMAIL), {}, Outcome.FINE),
        ({"extemail": EMAIL}, Typed(MOBILE), {}, Outcome.DIFFERS),
        ({"mobilephone": MOBILE}, Typed("6955000124"), {"shared": True}, Outcome.NEAR_MISS),
        (
            {"mobilephone": MOBILE},
            Typed(MOBILE),
            {"shared": True, "under_way": True},
            Outcome.UNDER_WAY,
        ),
        ({"mobilephone": MOBILE}, Typed(MOBILE), {"shared": True}, Outcome.SHARED),
        ({"mobilephone": MOBILE}, Typed(), {"account": Account.UNKNOWN}, Outcome.FINE),
        ({"mobilephone": MOBILE}, Typed(), {"account": Account.GONE}, Outcome.ACCOUNT_GONE),
        (
            {"mobilephone": MOBILE},
            Typed(),
            {"account": Account.GONE, "recreates": True},
            Outcome.FINE,
        ),
    ],
)
def test_the_first_obstacle_is_told(
    columns: dict[str, str], typed: Typed, more: dict[str, object], expected: Outcome
) -> None:
    assert judged(typed, row(**columns), **more) is expected


OWN = "st1@mail.uni.example"


@pytest.mark.parametrize(
    ("columns", "typed", "expected"),
    [
        ({"extemail": OWN}, Typed(), Outcome.OWN_ADDRESS),
        ({"extemail": OWN}, Typed(MOBILE, OWN), Outcome.OWN_ADDRESS),
        ({"extemail": OWN, "mobilephone": "2710372128"}, Typed(), Outcome.OWN_ADDRESS),
        ({"extemail": OWN, "mobilephone": MOBILE}, Typed(email=OWN), Outcome.OWN_ADDRESS),
        ({"extemail": EMAIL}, Typed(email=OWN), Outcome.OWN_ADDRESS),
        ({"extemail": OWN, "mobilephone": MOBILE}, Typed(MOBILE), Outcome.FINE),
        ({"extemail": f"{OWN} {EMAIL}"}, Typed(), Outcome.FINE),
    ],
)
def test_an_address_at_the_institution_is_told_as_what_it_is(
    columns: dict[str, str], typed: Typed, expected: Outcome
) -> None:
    assert judged(typed, row(**columns), own=("uni.example",)) is expected
    (only,) = human([row(extemail=OWN)], "GR", lambda _: True, ("uni.example",)).rows
    assert [(each.mask, each.fault) for each in only.on_file] == [(None, Fault.OWN_ADDRESS)]


def test_the_contact_of_an_ended_enrolment_does_not_count() -> None:
    ended = row(registrationid="0", enrollmentstatus="graduated", mobilephone=MOBILE)
    assert judged(Typed(MOBILE), ended, row()) is Outcome.NO_CONTACT
    assert misses([ended, row()], Typed("6955000124"), "GR") == ()


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


@pytest.mark.parametrize("typed", [Typed("694"), Typed(email="nobody")])
def test_what_is_no_contact_as_it_was_typed_differs_from_what_is_on_file(typed: Typed) -> None:
    assert judged(typed, row(mobilephone=MOBILE, extemail=EMAIL)) is Outcome.DIFFERS
