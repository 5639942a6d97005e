"""What a gateway's callback says, whatever shape and words it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.receipts import Receipt, meaning, value_at

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("delivered", Receipt.DELIVERED),
        (" DELIVRD ", Receipt.DELIVERED),
        ("Not Delivered", Receipt.FAILED),
        ("UNDELIV", Receipt.FAILED),
        ("Expired", Receipt.EXPIRED),
        ("sent", Receipt.PENDING),
        ("8", Receipt.DELIVERED),
        ("read", None),
        ("", None),
        ("delivered" * 10, None),
    ],
)
def test_words_of_gateways_are_known_in_any_case_and_their_own_are_settings(
    said: str, state: Receipt | None
) -> None:
    assert meaning(said, {"8": Receipt.DELIVERED}) is state


@pytest.mark.parametrize("said", ["Not Reached", "not-reached", "NOT_REACHED", " not  reached "])
def test_a_gateways_own_words_are_known_however_they_are_written(said: str) -> None:
    own = {"Not Reached": Receipt.EXPIRED}
    assert meaning(said, own) is Receipt.EXPIRED


def test_a_number_and_its_negative_are_two() -> None:
    own = {"1": Receipt.DELIVERED, "-1": Receipt.FAILED}
    assert [meaning(said, own) for said in ("1", "-1")] == [Receipt.DELIVERED, Receipt.FAILED]


def test_a_gateways_own_meaning_of_a_word_is_preferred() -> None:
    assert meaning("sent", {"SENT": Receipt.DELIVERED}) is Receipt.DELIVERED


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "sent"),
        ("data.0.status.code", "7"),
        ("a.b", "dotted"),
        ("data.1.status", ""),
        ("data.-1.status", ""),
        ("data.x", ""),
        ("status.name", ""),
        ("data", ""),
        ("yes", ""),
        ("", ""),
    ],
)
def test_a_path_leads_to_a_text_or_a_number_and_to_nothing_else(path: str, value: str) -> None:
    told = {"status": "sent", "data": [{"status": {"code": 7}}], "a.b": "dotted", "yes": True}
    assert value_at(told, path) == value


@given(told=JSON, path=st.text() | st.from_regex(r"[0-9a.]{1,9}", fullmatch=True))
def test_whatever_is_told_is_read_without_an_error(told: object, path: str) -> None:
    meaning(value_at(told, path), {})
