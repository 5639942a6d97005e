import time

import pytest
from ldap3.protocol.sasl.sasl import validate_simple_password

from domain.passwords import judge
from domain.rules import Rule

CONTEXT = ["echatzigeorgiou", "Ευάγγελος Χατζηγεωργίου", "Evangelos Chatzigeorgiou", "2026001234"]


@pytest.mark.parametrize(
    "password", ["Chroma-zontana-kila-89", "Sk1los&gata+vroxi", "x" + "Tr4pezi! " * 14]
)
def test_good_passwords(password: str) -> None:
    assert judge(password, CONTEXT) == []


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("", [Rule.PASSWORD_SHORT, Rule.PASSWORD_WEAK]),
        ("Kx7!qv", [Rule.PASSWORD_SHORT, Rule.PASSWORD_WEAK]),
        ("Chroma-zontana-kila-89" * 6, [Rule.PASSWORD_LONG]),
        ("Chroma-ζωντανά-kila-89", [Rule.PASSWORD_GREEK]),
        ("Chroma-zontaná-kila-89", [Rule.PASSWORD_CHARACTERS]),
        ("Chroma\tzontana-kila-89", [Rule.PASSWORD_CHARACTERS]),
        ("Password1234", [Rule.PASSWORD_COMMON, Rule.PASSWORD_WEAK]),
        ("kalimera!!2026!!11", [Rule.PASSWORD_COMMON]),
        ("xq-Evangelos-vroxi-77", [Rule.PASSWORD_CONTEXT]),
        ("Chatzigeorgiou1", [Rule.PASSWORD_CONTEXT, Rule.PASSWORD_WEAK]),
        ("vroxi-2026001234-kila", [Rule.PASSWORD_CONTEXT]),
        ("aaaaaaaaaaaaaaaa", [Rule.PASSWORD_WEAK]),
        ("**********", [Rule.PASSWORD_SHORT, Rule.PASSWORD_COMMON, Rule.PASSWORD_WEAK]),
        ("****************", [Rule.PASSWORD_COMMON, Rule.PASSWORD_WEAK]),
    ],
)
def test_every_broken_rule_is_named(password: str, broken: list[Rule]) -> None:
    assert judge(password, CONTEXT) == broken


def test_short_words_around_the_student_do_not_count() -> None:
    assert judge("Chroma-zontana-kila-89", ["zo", "k", "", "  "]) == []


def test_length_counts_characters() -> None:
    assert Rule.PASSWORD_SHORT in judge("Kx7!qvZ#2pL", [])
    assert Rule.PASSWORD_SHORT not in judge("Kx7!qvZ#2pLw", [])
    assert Rule.PASSWORD_LONG not in judge("x" * 128, [])
    assert Rule.PASSWORD_LONG in judge("x" * 129, [])


def test_whatever_may_be_typed_is_the_same_after_saslprep() -> None:
    typable = "".join(map(chr, range(0x20, 0x7F)))
    assert Rule.PASSWORD_CHARACTERS not in judge(typable, [])
    assert validate_simple_password(typable) == typable.encode()


def test_the_slowest_password_is_judged_within_a_moment() -> None:
    begun = time.process_time()
    judge("4@8({[<3e691!|70$5+7%2" * 5, CONTEXT)
    assert time.process_time() - begun < 5
