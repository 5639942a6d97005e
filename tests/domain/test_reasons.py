"""A reason that was put together is found again in its text."""

import pytest

from domain.reasons import Reason, worded


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("names", ["uid", "employeeNumber+schacDateOfBirth"])
def test_each_reason_is_read_as_itself(reason: Reason, names: str) -> None:
    kept = reason.of(names, attribute="mail", code=19)
    met: list[Reason] = []

    def words(each: Reason) -> str:
        met.append(each)
        return each

    assert worded(kept, words) == kept
    assert met == [reason]


def test_reasons_of_several_entries_are_read_one_by_one() -> None:
    contradicted = Reason.CONTRADICTED.of("uid", attribute="mail")
    kept = Reason.SEVERAL_PERSONS.of(Reason.NOT_CERTAIN.of(f"{contradicted}, uid"))
    assert worded(kept, lambda each: f"<{each}>") == (
        "<several persons: <not certain: <uid contradicted by mail>, uid>>"
    )


@pytest.mark.parametrize("kept", ["", "uid", "of an older version", "{names}", "%s", "a, b {"])
def test_anything_else_stays_as_it_is(kept: str) -> None:
    assert worded(kept, lambda each: each) == kept
