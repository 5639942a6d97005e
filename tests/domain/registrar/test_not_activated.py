"""Every enrolment is counted once, with why its student has no account, and since which week."""

from datetime import date

import pytest

from domain.registrar.not_activated import (
    LATER,
    ContactRules,
    DepartmentCount,
    StudentProgress,
    Tally,
    WhyNot,
    YearCount,
    latest,
    per_cent,
    together,
    why_not,
)
from domain.registrar.readiness import Obstacle, unreachable
from tests.domain.registrar.test_readiness import row

OWN = ("uni.example",)
NOBODY = StudentProgress()
MONDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 4)
"""Of one week."""


RULES = ContactRules("GR", OWN)


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
    assert why_not(enrolled, NOBODY, RULES) is why


def test_every_reason_why_nobody_can_be_reached_is_a_reason() -> None:
    harmless = {
        *(Obstacle.MISSING_NAME, Obstacle.UNUSABLE_LOGIN_NAME, Obstacle.SHARED_LOGIN_NAME),
        *(Obstacle.SHARED_CONTACT, Obstacle.SHARED_BESIDE_OWN),
        *(Obstacle.UNREADABLE_BIRTH_DATE, Obstacle.UNDATED_FITS_MANY),
    }
    words = {why.value for why in WhyNot if not why.startswith("stopped_at_")}
    assert {*Obstacle} - harmless == words - {WhyNot.NOT_TRIED}
    assert unreachable([row("1", mobilephone="6940000005")], "GR") is None


def test_a_contact_that_many_have_proves_nothing() -> None:
    crowded = ContactRules("GR", OWN, {"+306900000001"})
    assert why_not(row("1", mobilephone="6900000001"), NOBODY, crowded) is WhyNot.SHARED_BY_MANY
    own = row("1", mobilephone="6900000001", extemail="me@mail.example")
    assert why_not(own, NOBODY, crowded) is WhyNot.NOT_TRIED


def test_how_far_a_student_came_counts_before_what_the_registrar_lacks_now() -> None:
    nothing = row("1")
    for step in (WhyNot.STOPPED_AT_CODE, WhyNot.STOPPED_AT_DETAILS, WhyNot.STOPPED_AT_PASSWORD):
        assert why_not(nothing, StudentProgress(stopped_at=step), RULES) is step
    assert why_not(nothing, StudentProgress(has_account=True), RULES) is None


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
        tally.add(told, progress, why_not(told, progress, RULES))
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


def test_a_department_has_the_name_of_most_of_its_rows_and_years_are_newest_first() -> None:
    tally = Tally()
    years = ("2024", "", "2026", "Α΄ 2027", "2025-26", "99999")
    names = ("", "Ιατρικη", "Ιατρική", "Ιατρική", "", "")
    for number, (year, name) in enumerate(zip(years, names, strict=True)):
        told = row(str(number), departmentid="", inscriptionacyear=year, departmentel=name)
        tally.add(told, NOBODY, WhyNot.NOT_TRIED)
    (counted,) = tally.departments(MONDAY, 1)
    assert (counted.department_id, counted.name_el, counted.name_en) == ("", "Ιατρική", "")
    assert [year.year for year in counted.years] == [
        "99999",
        "2026",
        "2025-26",
        "2024",
        "",
        "Α΄ 2027",
    ]


def test_several_departments_are_summed_up() -> None:
    here = YearCount("2026", 5, 2, {"no_contact": 1, "not_tried": 2})
    before = YearCount("2025", 4, 4, {})
    there = YearCount("2026", 1, 0, {"no_contact": 1})
    both = together(
        [
            DepartmentCount("401", "", "", (here, before), {MONDAY: 3}),
            DepartmentCount("402", "", "", (there,), {MONDAY: 1}),
            DepartmentCount("403", "", "", (), {}),
        ]
    )
    assert (both.students, both.activated) == (10, 6)
    assert both.reasons == {"no_contact": 2, "not_tried": 2}
    assert both.weeks == {MONDAY: 4}
    assert together([]).weeks == {}


def test_years_beyond_the_latest_are_one() -> None:
    years = [YearCount(str(2026 - n), 10, 10 - n, {"not_tried": n} if n else {}) for n in range(4)]
    assert latest(years, 4) == tuple(years)
    assert latest(years, 2) == (years[0], YearCount(LATER, 30, 24, {"not_tried": 6}))


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [(0, 0, 0), (0, 9, 0), (9, 9, 100), (1, 1000, 1), (999, 1000, 99), (1, 3, 33), (2, 3, 67)],
)
def test_a_share_is_nobody_or_everybody_only_where_that_is_so(
    part: int, whole: int, share: int
) -> None:
    assert per_cent(part, whole) == share
