import math
import random
import re
import secrets
from itertools import combinations

import pytest

from domain.contracts.vocabulary import Language
from domain.passwords import judge
from domain.suggestions import DIGITS, WORDS, suggest, words

BOTH = pytest.mark.parametrize("language", list(Language))
# A piece of these in any word would make somebody blush, in one language or the other.
RUDE = re.compile(
    r"malak|gamo|gami[se]|mouni|skat[ao]|kolos|pousti|poutan|psoli|arxid|archid|vyzi|vlaka"
    r"|fuck|shit|cunt|^arse$|crap|piss$|damn|whore|slut|dick|penis|porn|rape$|nazi|bitch|bastard"
)


@BOTH
def test_a_list_has_its_number_of_words_that_can_be_typed(language: Language) -> None:
    known = words(language)
    assert len(known) == len(set(known)) == 2048
    assert all(re.fullmatch(r"[a-z]{4,8}", word) for word in known)
    assert [word for word in known if RUDE.search(word)] == []


@BOTH
def test_no_two_words_are_one_letter_apart(language: Language) -> None:
    shapes: dict[str, str] = {}
    known = set(words(language))
    for word in known:
        shorter = {word[:at] + word[at + 1 :] for at in range(len(word))}
        assert not shorter & known, word
        for at in range(len(word)):
            shape = f"{word[:at]}*{word[at + 1 :]}"
            assert shapes.setdefault(shape, word) == word


@BOTH
@pytest.mark.parametrize("times", [100, pytest.param(500, marks=pytest.mark.long)])
def test_every_suggestion_is_a_good_password(language: Language, times: int) -> None:
    draw = random.Random(7).randrange  # noqa: S311 - the same passwords each time
    for _ in range(times):
        password = suggest(language, draw)
        assert re.fullmatch(r"[A-Z][a-z]{3,7}(-[a-z]{4,8}){3}-\d\d", password)
        assert judge(password, []) == [], password


@BOTH
def test_chance_decides_and_there_is_enough_of_it(language: Language) -> None:
    assert WORDS * math.log2(len(words(language))) + math.log2(DIGITS) >= 50
    assert len({suggest(language, secrets.randbelow) for _ in range(50)}) == 50


def test_a_word_about_the_student_is_drawn_again() -> None:
    own = words(Language.EL)[5]
    numbers = iter([5, 1, 2, 3, 77, 6, 1, 2, 3, 77])
    suggestion = suggest(Language.EL, lambda _: next(numbers), [own])
    assert own not in suggestion.lower()


def test_suggestions_that_break_a_rule_without_end_still_end() -> None:
    own = words(Language.EN)[0]
    assert suggest(Language.EN, lambda _: 0, [own]).casefold() == f"{'-'.join([own] * 4)}-00"


def test_the_lists_do_not_share_their_words() -> None:
    for one, other in combinations(Language, 2):
        assert len(set(words(one)) & set(words(other))) < 30


def test_no_suggestion_waits_for_zxcvbn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("zxcvbn.matching.omnimatch")
    assert suggest(Language.EL, secrets.randbelow, ["Μαρία", "2026001"])
