"""The walkthrough plays a student to a login that works, and can be played again."""

from demo.walkthrough import play
from tests.stack import WholeStack


def _play(demo: WholeStack, language: str) -> list[str]:
    told: list[str] = []
    play(demo.folder, language, told.append)
    return told


def test_two_students_one_after_the_other_get_a_working_login(whole_stack: WholeStack) -> None:
    first, second = _play(whole_stack, "el"), _play(whole_stack, "en")
    for told in (first, second):
        assert any("== /done ==" in line for line in told)
        assert told[-1] == "The login with the new password works."
    assert first[0] != second[0]
