"""The walkthrough plays a student to a login that works, and can be played again."""

import pytest

from demo.control import ask
from demo.part import PartFailed
from demo.walkthrough import play
from tests.stack import WholeStack


def _play(demo: WholeStack, language: str, sample: str | None = None) -> list[str]:
    told: list[str] = []
    play(demo.folder, language, told.append, sample)
    return told


def test_two_students_one_after_the_other_get_a_working_login(whole_stack: WholeStack) -> None:
    first, second = _play(whole_stack, "el"), _play(whole_stack, "en")
    for told in (first, second):
        assert any("== /done ==" in line for line in told)
        assert told[-1] == "The login with the new password works."
    assert first[0] != second[0]


@pytest.mark.parametrize(
    ("sample", "page"), [("siblings", "== /identify =="), ("cypriot", "== /insurance/other ==")]
)
def test_who_takes_another_path_gets_there_too(
    whole_stack: WholeStack, sample: str, page: str
) -> None:
    told = _play(whole_stack, "en", sample)
    assert any(page in line for line in told)
    assert told[-1] == "The login with the new password works."


def test_a_stopped_portal_is_not_looked_for_where_another_may_answer(
    whole_stack: WholeStack,
) -> None:
    ask(whole_stack.folder, "stop", "portal")
    try:
        with pytest.raises(PartFailed, match="portal of this demo does not run"):
            _play(whole_stack, "el")
    finally:
        ask(whole_stack.folder, "start", "portal")


def test_a_sample_that_is_not_there_is_told(whole_stack: WholeStack) -> None:
    with pytest.raises(PartFailed, match="no such sample"):
        _play(whole_stack, "el", "nobody")
