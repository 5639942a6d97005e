"""Whose a login name is: one human's however many rows they have, or several humans'."""

import pytest

from domain.contracts.people import SharedLogin
from domain.registrar.login_names import LoginNames
from domain.registrar.rows import Row


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
