"""The walkthrough plays a student to a login that works, and can be played again."""

from tests.stack import WholeStack


def test_two_students_one_after_the_other_get_a_working_login(whole_stack: WholeStack) -> None:
    first = whole_stack.demo("walkthrough")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "== /done ==" in first.stdout
    assert "The login with the new password works." in first.stdout

    second = whole_stack.demo("walkthrough", "--lang", "en")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "The login with the new password works." in second.stdout
    assert _player(first.stdout) != _player(second.stdout)


def _player(told: str) -> str:
    return next(line for line in told.splitlines() if line.startswith("Playing "))
