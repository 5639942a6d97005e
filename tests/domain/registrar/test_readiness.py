from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.registrar import humans as humans_of_rows
from domain.registrar.humans import humans, people
from domain.registrar.readiness import Obstacle, StudentFinding, report
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row, birth_date
from domain.registrar.students import ContactQuery, enrolled, persons
from tests.domain.registrar.untidy import untidy

PAPPAS = {"lastnameel": "Παππάς", "fatherfirstnameel": "Πέτρος"}


def row(number: str, **more: str | None) -> Row:
    return {
        "systemid": "SIS",
        "registrationid": number,
        "firstnameel": "Νίκος",
        "lastnameel": f"Παππάς{number}",
        "departmentid": "401",
        "departmentel": "Φιλολογίας",
        "enrollmentstatus": "active",
        **more,
    }


def reasons(*rows: Row) -> dict[str, tuple[Obstacle, int]]:
    found = report(rows, "GR").findings
    return {each.registration_id: (each.reason, each.shared_with) for each in found}


def test_students_without_a_contact_that_can_be_read_are_told_with_the_reason() -> None:
    assert reasons(
        row("1"),
        row("2", mobilephone="2710372128"),
        row("3", mobilephone="694"),
        row("4", extemail="nobody"),
        row("5", mobilephone="6940000005"),
        row("6", mobilephone="δεν έχει", extemail="six@mail.example"),
        row("7", enrollmentstatus="graduated"),
        row("8", firstnameel=" ", lastnameel=None, mobilephone="6940000008"),
        row("9", mobilephone="6940000009", loginname="Root"),
        row("10", mobilephone="6940000010", loginname="dit_12345"),
        row("11", mobilephone="6940000011", loginname="Twice"),
        row("12", mobilephone="6940000012", loginname="twice"),
    ) == {
        "1": (Obstacle.NO_CONTACT, 0),
        "2": (Obstacle.LANDLINE, 0),
        "3": (Obstacle.UNREADABLE_MOBILE, 0),
        "4": (Obstacle.UNREADABLE_EMAIL, 0),
        "8": (Obstacle.MISSING_NAME, 0),
        "9": (Obstacle.UNUSABLE_LOGIN_NAME, 0),
        "11": (Obstacle.SHARED_LOGIN_NAME, 0),
        "12": (Obstacle.SHARED_LOGIN_NAME, 0),
    }


def test_an_address_at_the_institution_is_no_contact() -> None:
    own = ("uni.example", "old.example")
    rows = [
        row("1", extemail="st1@uni.example"),
        row("2", extemail="ST2@Mail.Uni.Example; st2@old.example"),
        row("3", extemail="st3@uni.example, mine@mail.example"),
        row("4", extemail="st4@uni.example", mobilephone="6940000004"),
        row("5", extemail="st5@notuni.example"),
        row("6", extemail="st6@uni.example", mobilephone="2710372128"),
    ]
    found = report(rows, "GR", own=own)
    told = [(each.registration_id, each.reason) for each in found.findings]
    assert told == [
        ("6", Obstacle.LANDLINE),
        *((number, Obstacle.OWN_ADDRESS) for number in ("1", "2", "6")),
    ]
    assert found.departments[0].unable == 3
    assert report(rows[:5], "GR").findings == ()


def test_a_shared_contact_is_told_with_how_many_share_it_and_is_no_obstacle() -> None:
    rows = [row(str(n), mobilephone="6940000001") for n in range(3)]
    assert reasons(*rows) == {str(n): (Obstacle.SHARED_CONTACT, 2) for n in range(3)}
    (department,) = report(rows, "GR").departments
    assert (department.students, department.unable) == (3, 0)


def test_one_question_more_is_told_of_who_has_no_contact_of_their_own() -> None:
    shared, own = {"extemail": "home@mail.example"}, "694000000"
    rows = [row("1", mobilephone=f"{own}1", **shared), row("2", **shared)]
    twice = {"mobilephone": f"{own}3", "extemail": "both@mail.example"}
    rows += [row("3", **twice), row("4", **twice)]
    assert reasons(*rows) == {
        "1": (Obstacle.SHARED_BESIDE_OWN, 1),
        **dict.fromkeys(("2", "3", "4"), (Obstacle.SHARED_CONTACT, 1)),
    }
    assert report(rows, "GR").departments[0].unable == 0


def test_a_persons_several_enrolments_count_once_and_share_nothing() -> None:
    same = {"ssn": "01010500013", "birthdate": "20050101", "extemail": "one@mail.example"}
    old = row("1", inscriptionacyear="2020", departmentid="402", **same)
    new = row("2", inscriptionacyear="2026", **same)
    found = report([old, new], "GR")
    assert found.findings == ()
    assert [(each.department_id, each.students) for each in found.departments] == [("401", 1)]


def test_another_enrolments_contact_is_enough() -> None:
    same = {"ssn": "01010500013", "birthdate": "20050101"}
    assert reasons(row("1", mobilephone="6940000001", **same), row("2", **same)) == {}


def test_departments_are_counted_and_nothing_personal_is_told() -> None:
    rows = [row("1", extemail="wrong@"), row("2", departmentid="402", mobilephone="6940000001")]
    found = report(rows, "GR")
    first, second = found.departments
    assert (first.students, first.unable, first.reasons) == (1, 1, {"unreadable_email": 1})
    assert (second.students, second.unable, second.reasons) == (1, 0, {})
    assert found.findings == (StudentFinding("401", "SIS", "1", Obstacle.UNREADABLE_EMAIL),)
    assert "Παππάς" not in repr(found)
    assert "wrong" not in repr(found)


def told(*rows: Row) -> list[tuple[str, Obstacle, int]]:
    return [(f.registration_id, f.reason, f.shared_with) for f in report(rows, "GR").findings]


def test_more_than_one_person_on_a_contact_is_told_beside_every_other_reason() -> None:
    nameless = row("1", firstnameel=None, lastnameel="-", mobilephone="6940000001")
    rows = [nameless, row("2", mobilephone="6940000001")]
    assert told(*rows) == [
        ("1", Obstacle.MISSING_NAME, 0),
        ("1", Obstacle.SHARED_CONTACT, 1),
        ("2", Obstacle.SHARED_CONTACT, 1),
    ]
    (department,) = report(rows, "GR").departments
    assert (department.students, department.unable) == (2, 0)


def test_namesakes_on_one_contact_are_two_students_that_share_it() -> None:
    same = {"lastnameel": "Παππάς", "birthdate": "20050101", "mobilephone": "6940000001"}
    fathers = ({"fatherfirstnameel": name} for name in ("Πέτρος", "Παύλος"))
    rows = [row(str(n), **same | father) for n, father in enumerate(fathers)]
    assert told(*rows) == [(str(n), Obstacle.SHARED_CONTACT, 1) for n in range(2)]


def test_a_birth_date_that_cannot_be_read_is_told_and_is_no_obstacle() -> None:
    written = ("200511", "00000000", "-", "01-01-2005", "2005/01/01", "19000101", "1/13/2005")
    rows = [
        row(str(n), birthdate=each, mobilephone=f"694000000{n}") for n, each in enumerate(written)
    ]
    assert told(*rows) == [(n, Obstacle.UNREADABLE_BIRTH_DATE, 0) for n in ("0", "5", "6")]
    assert report(rows, "GR").departments[0].unable == 0


def test_a_login_name_is_told_of_the_row_that_has_it() -> None:
    same = {"ssn": "01010500013", "birthdate": "20050101", "mobilephone": "6940000001"}
    older = row("1", inscriptionacyear="2020", departmentid="402", loginname="root", **same)
    found = report([older, row("2", inscriptionacyear="2026", **same)], "GR")
    assert found.findings == (StudentFinding("402", "SIS", "1", Obstacle.UNUSABLE_LOGIN_NAME),)
    counted = [(each.department_id, each.students, each.unable) for each in found.departments]
    assert counted == [("401", 1, 1), ("402", 0, 0)]
    assert found.departments[1].reasons == {"unusable_login_name": 1}


@pytest.mark.parametrize(
    ("reason", "amiss", "more"),
    [
        (Obstacle.LANDLINE, {"mobilephone": "2710372128"}, {}),
        (Obstacle.UNREADABLE_MOBILE, {"mobilephone": "694"}, {}),
        (Obstacle.UNREADABLE_EMAIL, {"extemail": "nobody"}, {}),
        (Obstacle.OWN_ADDRESS, {"extemail": "st1@uni.example"}, {}),
        (Obstacle.UNREADABLE_BIRTH_DATE, {"birthdate": "200511"}, {"mobilephone": "6940000001"}),
        (Obstacle.SHARED_BESIDE_OWN, {"extemail": "x@y.example"}, {"mobilephone": "6940000001"}),
        (Obstacle.SHARED_CONTACT, {"extemail": "x@y.example"}, {}),
        (Obstacle.NO_CONTACT, {}, {}),
    ],
)
def test_a_finding_names_the_row_that_has_to_be_mended(
    reason: Obstacle, amiss: dict[str, str], more: dict[str, str]
) -> None:
    same = {"ssn": "01010500013", "birthdate": "20050101", "lastnameel": "Ένας"}
    rows = [
        row("1", **same | {"inscriptionacyear": "2020", "departmentid": "402"} | amiss),
        row("2", **same, inscriptionacyear="2026", **more),
    ]
    if "shared" in reason:
        rows.append(row("3", **amiss, departmentid="403", mobilephone="6940000003"))
    found = report(rows, "GR", own=("uni.example",))
    named = [each.registration_id for each in found.findings if each.reason is reason]
    assert [each for each in named if each != "3"] == (["1"] if amiss else ["2"])
    students = {each.department_id: (each.students, each.unable) for each in found.departments}
    assert students["401"] == (1, int(not more and "shared" not in reason))


def test_each_status_that_does_not_count_is_told_with_its_rows() -> None:
    statuses = ["Active.", "ενεργός", "1", "1", "graduated", None, "ACTIVE", "interim"]
    rows = [row(str(n), enrollmentstatus=status) for n, status in enumerate(statuses)]
    others = {"Active.": 1, "ενεργός": 1, "1": 2, "graduated": 1, "": 1}
    assert report(rows, "GR").not_active == others


def test_the_report_tells_who_has_no_other_contact_than_one_of_many() -> None:
    shared = {"mobilephone": "6940000001"}
    rows = [row(str(n), **shared) for n in range(MOST_SHARING)]
    rows.append(row("own", extemail="own@mail.example", **shared))
    found = report(rows, "GR")
    told = {each.registration_id: (each.reason, each.shared_with) for each in found.findings}
    assert told.pop("own") == (Obstacle.SHARED_BESIDE_OWN, MOST_SHARING)
    assert set(told.values()) == {(Obstacle.SHARED_BY_MANY, MOST_SHARING)}
    assert found.departments[0].reasons == {"shared_by_many": MOST_SHARING, "shared_beside_own": 1}
    assert found.departments[0].unable == MOST_SHARING


@pytest.mark.parametrize("status", ["active", "graduated"])
@pytest.mark.parametrize("written", [None, "-", "31/2/2005", "δεν υπάρχει", "0000-00-00"])
@pytest.mark.parametrize(("others", "told_of"), [(5, []), (6, ["0"])])
def test_a_row_without_a_date_that_fits_many_is_told(
    status: str, written: str | None, others: int, told_of: list[str]
) -> None:
    """Nobody is asked about it before an account is made."""
    rows = [
        row("0", **PAPPAS, birthdate=written, enrollmentstatus=status, departmentid="402"),
        *(
            row(f"{n}", **PAPPAS, birthdate=f"{n}/1/2005", mobilephone=f"694000000{n}")
            for n in range(1, others + 1)
        ),
    ]
    found = report(rows, "GR")
    passed_over = [each for each in found.findings if each.reason is Obstacle.UNDATED_FITS_MANY]
    assert [each.registration_id for each in passed_over] == told_of
    students_in = {each.department_id: each.students for each in found.departments}
    counted = {"402": int(status == "active")} if told_of or status == "active" else {}
    assert students_in == {"401": others} | counted


UNDATED = [
    row("u0", birthdate=None, **PAPPAS, enrollmentstatus="graduated"),
    *(row(f"u{n}", birthdate=f"1/{n}/2003", **PAPPAS) for n in range(1, 6)),
]
"""With a row more, that without a date fits more than anybody is asked about."""


def _number(row: Row) -> str:
    return str(row["registrationid"])


def _by_twos(rows: list[Row]) -> set[frozenset[str]]:
    """Return the humans by twos who may be one, each by all their rows."""
    return {
        frozenset((",".join(sorted(map(_number, each.rows))), _number(other)))
        for each in people(rows, "GR")
        for other in each.alike
    }


@given(rows=untidy())
def test_the_report_and_an_activation_agree_on_who_can_activate(rows: list[Row]) -> None:
    live = {_number(own[0]) for each in humans(rows, "GR") if (own := enrolled(each))}
    found = report(rows, "GR")
    unable = {each.registration_id for each in found.findings if each.reason == "no_contact"}
    typed = [ContactQuery(f"+30{each}", None, "GR") for each in ("6971234567", "6981234567")]
    activating = {
        person.enrolments[0].registration_id
        for each in typed
        for person in persons(rows, each, str)
    }
    assert activating == live - unable
    assert sum(each.unable for each in found.departments) == len(unable)


@given(rows=untidy(), more=st.booleans(), of=st.sampled_from(["1/9/2003", "31/2/2003", "1/1/2003"]))
def test_whoever_is_passed_over_is_told(rows: list[Row], of: str, *, more: bool) -> None:
    rows = [*rows, *UNDATED, row("u9", birthdate=of, **PAPPAS)] if more else rows
    told_of = {
        each.registration_id
        for each in report(rows, "GR").findings
        if each.reason is Obstacle.UNDATED_FITS_MANY
    }
    asked = _by_twos(rows)
    with patch.object(humans_of_rows, "MOST_FITTING", len(rows)):
        passed_over = _by_twos(rows) - asked
    for each in passed_over:
        assert told_of & {number for some in each for number in some.split(",")}
    assert told_of <= {_number(each) for each in rows if birth_date(each) is None}
    assert told_of or not (more and of == "1/9/2003")
