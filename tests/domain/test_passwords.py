import string
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from ldap3.protocol.sasl.sasl import validate_simple_password
from zxcvbn import matching, zxcvbn
from zxcvbn.matching import dictionary_match

from domain.passwords import LONGEST_JUDGED, MIN_SCORE, MOST_WORK, judge
from domain.rules import InputRule

CONTEXT = ["echatzigeorgiou", "Ευάγγελος Χατζηγεωργίου", "Evangelos Chatzigeorgiou", "2026001234"]

GOOD = "Vrachos-kymata-77x"
INVISIBLE = ["\u00ad", "\u034f", "\u2800", "\u3164", "\ufe0f", "\u200b", "\u202e", "\ufeff"]


@pytest.mark.parametrize(
    "password", ["Chroma-zontana-kila-89", "Sk1los&gata+vroxi", "x" + "Tr4pezi! " * 14 + "x"]
)
def test_good_passwords(password: str) -> None:
    assert judge(password, CONTEXT) == []


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("", [InputRule.PASSWORD_SHORT, InputRule.PASSWORD_WEAK]),
        ("Kx7!qv", [InputRule.PASSWORD_SHORT, InputRule.PASSWORD_WEAK]),
        ("Chroma-zontana-kila-89" * 6, [InputRule.PASSWORD_LONG]),
        ("Chroma-ζωντανά-kila-89", [InputRule.PASSWORD_GREEK]),
        ("Chroma-zontaná-kila-89", [InputRule.PASSWORD_CHARACTERS]),
        ("Chroma\tzontana-kila-89", [InputRule.PASSWORD_CHARACTERS]),
        ("Password1234", [InputRule.PASSWORD_COMMON, InputRule.PASSWORD_WEAK]),
        ("kalimera!!2026!!11", [InputRule.PASSWORD_COMMON]),
        ("xq-Evangelos-vroxi-77", [InputRule.PASSWORD_CONTEXT]),
        ("Chatzigeorgiou1", [InputRule.PASSWORD_CONTEXT, InputRule.PASSWORD_WEAK]),
        ("vroxi-2026001234-kila", [InputRule.PASSWORD_CONTEXT]),
        ("aaaaaaaaaaaaaaaa", [InputRule.PASSWORD_WEAK]),
        (
            "**********",
            [InputRule.PASSWORD_SHORT, InputRule.PASSWORD_COMMON, InputRule.PASSWORD_WEAK],
        ),
        ("****************", [InputRule.PASSWORD_COMMON, InputRule.PASSWORD_WEAK]),
    ],
)
def test_every_broken_rule_is_named(password: str, broken: list[InputRule]) -> None:
    assert judge(password, CONTEXT) == broken


def test_short_words_around_the_student_do_not_count() -> None:
    assert judge("Chroma-zontana-kila-89", ["zo", "k", "", "  "]) == []


def test_length_counts_characters() -> None:
    assert InputRule.PASSWORD_SHORT in judge("Kx7!qvZ#2pL", [])
    assert InputRule.PASSWORD_SHORT not in judge("Kx7!qvZ#2pLw", [])
    assert InputRule.PASSWORD_LONG not in judge("x" * 128, [])
    assert InputRule.PASSWORD_LONG in judge("x" * 129, [])


def test_whatever_may_be_typed_is_the_same_after_saslprep() -> None:
    typable = "".join(map(chr, range(0x20, 0x7F)))
    assert InputRule.PASSWORD_CHARACTERS not in judge(typable, [])
    assert validate_simple_password(typable) == typable.encode()


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\0", "\xa0", "\u2003", "\u3000", *INVISIBLE])
@pytest.mark.parametrize("at", ["{0}{1}", "{1}{0}", "{0}{1}{0}"])
def test_a_blank_at_an_end_is_refused_with_its_own_reason(at: str, blank: str) -> None:
    broken = judge(at.format(blank, GOOD), CONTEXT)
    assert broken == ([InputRule.PASSWORD_CHARACTERS] * (blank != " ")) + [InputRule.PASSWORD_BLANK]


@given(st.text(st.characters(codec="ascii", categories=("Zs", "L", "N", "P", "S"))))
def test_a_blank_within_is_a_character_like_any_other(middle: str) -> None:
    assert InputRule.PASSWORD_BLANK not in judge(f"x{middle}x", [])


def test_the_institutions_name_is_a_reason_of_its_own() -> None:
    names = ["Πανεπιστήμιο Πελοποννήσου", "University of the Peloponnese", "uop"]
    assert judge("vrachos-mother-kymata-77", CONTEXT, names) == []
    assert judge("vrachos-Peloponnese-kymata-77", CONTEXT, names) == [
        InputRule.PASSWORD_INSTITUTION
    ]


LOOK_ALIKES = "4@8({[<3e691!|70$5+7%2"
SHAPES = st.one_of(
    st.text(LOOK_ALIKES, max_size=128),
    st.text(LOOK_ALIKES + string.ascii_letters + " -", max_size=128),
    st.text(string.printable, max_size=128),
    st.text(max_size=128),
    st.builds(lambda piece, times: (piece * times)[:128], st.text(LOOK_ALIKES), st.integers(1, 40)),
)


@given(SHAPES)
@example(LOOK_ALIKES * 5)
@example("{[(<1|!7" * 16)
def test_zxcvbn_does_a_bounded_amount_of_work_whatever_is_typed(password: str) -> None:
    """Its time goes with the readings of look-alikes times the square of the length."""
    read: list[str] = []

    def counted(text: str, *more: object, **named: object) -> Any:
        read.append(text)
        return dictionary_match(text, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "dictionary_match", counted)
        judge(password, CONTEXT)
    # Once forwards, once backwards, once a reading; and pieces that repeat on their own.
    longest = max(map(len, read), default=0)
    assert longest <= LONGEST_JUDGED
    whole = [text for text in read if len(text) == longest]
    assert (len(whole) - 2) * longest**2 <= MOST_WORK
    assert sum(len(text) ** 2 for text in read) <= 2 * (MOST_WORK + 2 * LONGEST_JUDGED**2)


@given(st.text(string.ascii_letters + string.digits + string.punctuation, min_size=14))
def test_chance_is_not_found_weak_because_only_its_beginning_is_judged(password: str) -> None:
    assume(len(set(password)) >= len(password) - 2)
    assume(int(zxcvbn(password[:72])["score"]) > MIN_SCORE)
    assert InputRule.PASSWORD_WEAK not in judge(password, [])
