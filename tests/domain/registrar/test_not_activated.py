"""Every enrolment is counted once, with why its student has no account, and since which week."""

from datetime import date

import pytest

from domain.registrar.not_activated import (
    ContactHolders,
    DepartmentCount,
    StudentProgress,
    Tally,
    WhyNot,
    YearCount,
    why_not,
)
from domain.registrar.readiness import Obstacle, unreachable
from domain.registrar.row_facts import MOST_SHARING
from domain.registrar.rows import Row
from tests.domain.registrar.test_readiness import row

OWN = ("uni.example",)
NOBODY = StudentProgress()
MONDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 4)
"""Of one week."""


def holders(*rows: Row) -> ContactHolders:
    counted = ContactHolders("GR", OWN)
    for each in rows:
        counted.add(each)
    return counted


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, WhyNot.NO_CONTACT),
        ({"extemail": "me@mail.uni.example"}, WhyNot.OWN_ADDRESS),
        ({"mobilephone": "2710372128"}, WhyNot.LANDLINE),
        ({"mobilephone": "694", "extemail": "me@uni.example"}, WhyNot.UNREADABLE_MOBILE),
        ({"extemail": "nobody"}, WhyNot.UNREADABLE_EMAIL),
        ({"mobilephone": "6940000005"}, WhyNot.NOT_TRIED),
        ({"mobilephone": "6940000005", "lastnameel": "", "firstnameel": ""}, WhyNot.NOT_TRIED),
    ],
)
def test_who_never_tried_has_no_account_for_what_the_registrar_lacks(
    more: dict[str, str], why: WhyNot
) -> None:
    enrolled = row("1", **more)
    assert why_not(enrolled, NOBODY, holders(enrolled)) is why


def test_every_reason_why_nobody_can_be_reached_is_a_reason() -> None:
    harmless = {
        *(Obstacle.MISSING_NAME, Obstacle.UNUSABLE_LOGIN_NAME, Obstacle.SHARED_LOGIN_NAME),
        *(Obstacle.SHARED_CONTACT, Obstacle.SHARED_BESIDE_OWN),
        *(Obstacle.UNREADABLE_BIRTH_DATE, Obstacle.UNDATED_FITS_MANY),
    }
    words = {why.value for why in WhyNot if not why.startswith("stopped_at_")}
    assert {*Obstacle} - harmless == words - {WhyNot.NOT_TRIED}
    assert unreachable([row("1", mobilephone="6940000005")], "GR") is None


@pytest.mark.parametrize("others", [MOST_SHARING - 1, MOST_SHARING])
def test_a_contact_that_many_have_proves_nothing(others: int) -> None:
    placeholder = "6900000001"
    every = [row(str(n), mobilephone=placeholder) for n in range(others + 1)]
    seen = holders(*every)
    many = others == MOST_SHARING
    assert why_not(every[0], NOBODY, seen) is (WhyNot.SHARED_BY_MANY if many else WhyNot.NOT_TRIED)
    own = row("own", mobilephone=placeholder, extemail="me@mail.example")
    seen.add(own)
    assert why_not(own, NOBODY, seen) is WhyNot.NOT_TRIED


def test_how_far_a_student_came_counts_before_what_the_registrar_lacks_now() -> None:
    nothing = row("1")
    for step in (WhyNot.STOPPED_AT_CODE, WhyNot.STOPPED_AT_DETAILS, WhyNot.STOPPED_AT_PASSWORD):
        assert why_not(nothing, StudentProgress(stopped_at=step), holders(nothing)) is step
    assert why_not(nothing, StudentProgress(has_account=True), holders(nothing)) is None


def test_enrolments_are_counted_by_department_year_reason_and_week() -> None:
    tally = Tally()
    newer = {"departmenten": "Philology", "inscriptionacyear": " 2026 "}
    for told, progress in (
        (row("1", **newer), StudentProgress(has_account=True, activated_on=FRIDAY)),
        (row("2", **newer), StudentProgress(has_account=True, activated_on=date(2026, 11, 29))),
        (row("3", **newer), NOBODY),
        (row("4", **newer), StudentProgress(stopped_at=WhyNot.STOPPED_AT_CODE)),
        (row("5", inscriptionacyear="2025"), StudentProgress(has_account=True)),
        (row("6", departmentid="402", departmentel="", departmenten="Law"), NOBODY),
    ):
        tally.add(told, progress, why_not(told, progress, holders(told)))
    assert tally.departments(MONDAY, 3) == (
        DepartmentCount(
            "401",
            "Φιλολογίας",
            "Philology",
            (
                YearCount("2026", 4, 2, {"no_contact": 1, "stopped_at_code": 1}),
                YearCount("2025", 1, 1, {}),
            ),
            {date(2026, 11, 16): 4, date(2026, 11, 23): 3, MONDAY: 2},
        ),
        DepartmentCount(
            "402",
            "",
            "Law",
            (YearCount("", 1, 0, {"no_contact": 1}),),
            {date(2026, 11, 16): 1, date(2026, 11, 23): 1, MONDAY: 1},
        ),
    )
