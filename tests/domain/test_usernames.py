import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reasons import Reason
from domain.usernames import (
    address,
    candidates,
    check_pattern,
    is_valid,
    refusal,
    unusable,
)

PATTERNS = ["{first1}{last}", "{first}.{last}", "{last}{first1}", "{number}"]


def test_patterns_are_tried_in_order() -> None:
    assert candidates("Nikos", "Papadopoulos", "2026001", PATTERNS) == [
        "npapadopoulos",
        "nikos.papadopoulos",
        "papadopoulosn",
        "st2026001",
    ]


def test_names_that_would_have_to_be_cut_are_skipped() -> None:
    names = candidates("Evangelos", "Chatzigeorgiou", "2026001", PATTERNS)
    assert names == ["echatzigeorgiou", "chatzigeorgioue", "st2026001"]


def test_a_double_surname_is_tried_joined_then_by_its_first_part() -> None:
    names = candidates("Maria Eleni", "Papadopoulou-Chatzigeorgiou", "1", ["{first1}{last}"])
    assert names == ["mpapadopoulou"]
    assert candidates("Maria", "Baltzi-Ntolka", "1", ["{last}"]) == ["baltzintolka", "baltzi"]


def test_without_a_name_only_the_number_is_left() -> None:
    assert candidates("", "", "ΠΛ-2026/01", PATTERNS) == ["pl202601"]


def test_names_of_other_alphabets_are_spelled() -> None:
    assert candidates("محمد", "علي", "ΠΛ-2026/01", PATTERNS)[0] == "maly"


def test_greek_and_accents_are_folded() -> None:
    assert candidates("Ελένη", "O'Brien", "1", ["{first1}{last}"]) == ["eobrien"]


def test_reserved_names_are_left_out() -> None:
    assert candidates("R", "Oot", "7", ["{first1}{last}", "{number}x"]) == ["st7x"]
    assert candidates("N", "Pap", "7", ["{first1}{last}"], reserved=["NPAP"]) == []


@pytest.mark.parametrize("pattern", [*PATTERNS, "x", "{{{last}}}"])
def test_a_pattern_that_can_be_filled_is_returned(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    "pattern", ["{first!r}", "{last:>9}", "{middle}", "{}", "{0}", "{last.upper}", "{last", "last}"]
)
def test_a_pattern_that_cannot_be_filled_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is for whoever set it
        check_pattern(pattern)


@given(st.lists(st.sampled_from(["{", "}", "{last}", "number", "!r", ":9", ".x", "0"])))
def test_a_pattern_that_is_returned_can_be_filled(pieces: list[str]) -> None:
    try:
        pattern = check_pattern("".join(pieces))
    except ValueError:
        return
    pattern.format_map({"first": "a", "first1": "b", "last": "c", "number": "d"})


@pytest.mark.parametrize("name", ["abc", "a.b", "st2026001", "a" * 20])
def test_allowed_names(name: str) -> None:
    assert is_valid(name)


@pytest.mark.parametrize(
    "name",
    ["", "ab", "a" * 21, "1ab", "Abc", "a b", "νίκος", "a..b", "ab.", "abc\n", "a*c", "ﬁn", "root"],
)
def test_names_that_are_not_allowed(name: str) -> None:
    assert not is_valid(name)


@given(st.text(), st.text(), st.text())
def test_every_candidate_is_allowed(first: str, last: str, number: str) -> None:
    assert all(is_valid(name) for name in candidates(first, last, number, PATTERNS))


OURS = [
    "dit_12345",
    "20261234",
    "edok77@uni.example",
    "ab",
    "a",
    "_x",
    "a-b",
    "x" * 64,
    "7",
    "a_.b",
]


@pytest.mark.parametrize("name", OURS)
def test_a_login_name_of_the_registrars_need_not_be_of_our_making(name: str) -> None:
    assert unusable(name) is None


SERVICES = ["root", "postmaster", "admin@uni.example", "own", "own@uni.example", "mailer.daemon"]
UNWRITABLE = [
    *("", "-", "-a", "a b", "γιώργος", "Big", "x" * 65, "x" * 300, "a\n", "a\0", "a/b", "é"),
    *(f"a{sign}b" for sign in ',+"\\<>;*()=#&|!~^%:'),
    *(".a", "a.", "a..b", "@", "a@", "@b.example", "a@b", "a@b@c.example", "a@b..example"),
]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, Reason.LOGIN_RESERVED) for name in SERVICES),
        *((name, Reason.LOGIN_MALFORMED) for name in UNWRITABLE),
    ],
)
def test_names_of_services_and_what_cannot_be_written_are_nobodys(name: str, why: Reason) -> None:
    assert unusable(name, ["OWN"]) is why


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("edok", "edok@uni.example"),
        ("edok@uni.example", "edok@uni.example"),
        ("edok@cs.uni.example", "edok@cs.uni.example"),
        ("edok@elsewhere.example", None),
        ("edok@notuni.example", None),
    ],
)
def test_a_username_gives_an_address_at_the_institution_only(
    name: str, expected: str | None
) -> None:
    assert address(name, "uni.example") == expected


@pytest.mark.parametrize(
    ("login_name", "refused", "if_shared"),
    [
        (None, None, None),
        ("", None, None),
        ("dit_12345", None, Reason.LOGIN_SHARED),
        ("root", Reason.LOGIN_RESERVED, Reason.LOGIN_RESERVED),
        ("theirs", Reason.LOGIN_RESERVED, Reason.LOGIN_RESERVED),
        ("a b", Reason.LOGIN_MALFORMED, Reason.LOGIN_MALFORMED),
    ],
)
def test_support_is_asked_about_a_login_name_that_cannot_be_used(
    login_name: str | None, refused: Reason | None, if_shared: Reason | None
) -> None:
    assert refusal(login_name, ("theirs",), shared=False) is refused
    assert refusal(login_name, ("theirs",), shared=True) is if_shared
