"""Whose a login name is: one human's however many rows they have, or several humans'."""

import pytest

from domain.contracts.people import SharedLogin
from domain.registrar.login_names import LoginNames
from domain.registrar.rows import Row
from domain.registrar.students import ContactQuery, holds_login_name, persons


def row(name: str | None, year: int = 2026, status: str = "active") -> Row:
    return {
        "systemid": "SIS",
        "registrationid": str(year),
        "inscriptionacyear": str(year),
        "enrollmentstatus": status,
        "loginname": name,
    }


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ([row("abc"), row(" ABC", 2020)], [row("abd")], None),
        ([row("abc")], [row(" ABC\u200b")], SharedLogin.GIVEN),
        ([row("abc")], [row("abc", 2020), row("abd")], SharedLogin.ON_FILE),
        ([row("abc")], [row("abc", status="ended")], SharedLogin.ON_FILE),
        ([row("abc")], [row("abc", status="ended"), row("abc", 2025)], SharedLogin.GIVEN),
        ([row("abc"), row("abd", 2020)], [row("abd")], None),
        ([row(None)], [row("-")], None),
    ],
)
def test_a_login_name_of_today_is_compared_with_every_row_of_others(
    one: list[Row], other: list[Row], shared: SharedLogin | None
) -> None:
    names = LoginNames([one, other])
    assert names.shared("abc" if one[0]["loginname"] else None) is shared


@pytest.mark.parametrize(
    ("other", "shared", "of_several"),
    [
        ([row("abd", 2020)], None, False),
        ([row("abc", 2020, status="ended")], SharedLogin.ON_FILE, False),
        ([row("abc", 2020)], SharedLogin.GIVEN, True),
    ],
)
def test_a_person_is_marked_whose_login_name_is_another_humans(
    other: list[Row], shared: SharedLogin | None, *, of_several: bool
) -> None:
    mine = {**row("abc"), "mobilephone": "6912345678", "firstnameel": "Νίκος", "lastnameel": "Ππ"}
    (person,) = persons([mine], ContactQuery("+306912345678", None, "GR"), str)
    marked = LoginNames([[mine], other]).marked(person)
    assert (marked.login_shared, marked.login_of_several) == (shared, of_several)
    assert marked.shared_logins == (("abc",) if shared else ())
    assert holds_login_name(mine, "abc")
    assert not holds_login_name(mine, "abd")


def test_a_former_login_name_that_another_human_has_now_is_marked() -> None:
    more = {"mobilephone": "6912345678", "firstnameel": "Μαρία", "lastnameel": "Ππ"}
    facts = more | {"fatherfirstnameel": "Πέτρος", "birthdate": "20050201"}
    mine = [{**row(None), **facts}, {**row("abc", 2020, "ended"), **facts}]
    (person,) = persons(mine, ContactQuery("+306912345678", None, "GR"), str)
    marked = LoginNames([mine, [row("abc", 2021)]]).marked(person)
    assert (marked.login_name, marked.login_shared) == (None, None)
    assert marked.shared_logins == ("abc",)
