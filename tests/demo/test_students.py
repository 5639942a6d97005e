"""The invented students are many, the same everywhere, and their numbers are right."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from stdnum import luhn

from demo import students
from demo.samples import SAMPLES, all_rows
from demo.students import COLUMNS, amka, invented_rows
from domain.contacts import emails_on_file, mobiles_on_file
from domain.insurance import check


def test_there_are_at_least_three_hundred_in_several_departments() -> None:
    rows = invented_rows()
    assert len(rows) >= 300
    assert len({row["departmentid"] for row in rows}) >= 2
    assert {"GR", "CY"} <= {row["citizenship"] for row in rows}


def test_every_row_has_a_key_of_its_own_and_all_published_columns() -> None:
    rows = all_rows()
    keys = {(row["systemid"], row["registrationid"]) for row in rows}
    assert len(keys) == len(rows)
    assert all(tuple(row) == tuple(COLUMNS) for row in rows)
    assert len(COLUMNS) == 31


def test_every_amka_has_its_date_and_a_right_check_digit_and_belongs_to_one_person() -> None:
    rows = [row for row in all_rows() if row["ssn"]]
    assert len(rows) >= 250
    people: dict[str, set[str | None]] = {}
    for row in rows:
        number, born = str(row["ssn"]), str(row["birthdate"])
        assert len(number) == 11
        assert luhn.is_valid(number)
        assert number[:6] == born[6:8] + born[4:6] + born[2:4]
        people.setdefault(number, set()).add(row["lastnameel"])
    assert all(len(names) == 1 for names in people.values())


def test_the_same_seed_draws_the_same_students() -> None:
    again = tuple(students._invented())
    assert again == invented_rows()


def test_contacts_are_usable_though_written_in_many_ways_and_only_siblings_share_one() -> None:
    rows = all_rows()
    mobiles = Counter(found for row in rows for found in mobiles_on_file(row["mobilephone"], "GR"))
    assert len(mobiles) >= 250
    assert [mobile for mobile, times in mobiles.items() if times > 1] == [
        "+306940000006",
        "+306940000008",
    ]
    emails = Counter(found for row in rows for found in emails_on_file(row["extemail"]))
    assert len(emails) >= 250
    written = [str(row["mobilephone"]) for row in rows if row["mobilephone"]]
    assert sum(text.startswith(("0030", "+30")) or " " in text for text in written) >= 20


def test_each_sample_is_special_in_both_languages_and_findable_unless_said_otherwise() -> None:
    for sample in SAMPLES:
        assert sample.special_el
        assert sample.special_en
        assert sample.mobile or sample.email
        live = any(row["enrollmentstatus"] == "active" for row in sample.rows)
        assert live is (sample.key != "inactive")


def test_the_engine_takes_the_insurance_numbers_of_the_samples() -> None:
    today = datetime.now(UTC).date()
    given = [(each.scheme, each.number) for each in SAMPLES if each.scheme and each.number]
    assert [(scheme, check(scheme, number, today)[0]) for scheme, number in given] == given


@pytest.mark.parametrize("gender", ["M", "F"])
def test_five_thousand_students_born_on_one_day_have_numbers_of_their_own(gender: str) -> None:
    numbers = {amka(date(2006, 1, 1), serial, gender=gender) for serial in range(5000)}
    assert len(numbers) == 5000
    odd = {int(number[9]) % 2 == 1 for number in numbers}
    assert odd == {gender == "M"}
