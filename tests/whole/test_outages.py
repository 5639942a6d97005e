"""A part that is away holds an activation up, says so, and costs it nothing."""

import json
from typing import Any

from tests.stack import WholeStack
from tests.whole.student import Student, until, walking


def show(stack: WholeStack, reference: str) -> dict[str, Any]:
    shown = stack.command("support", "show", reference, "--json")
    assert shown.returncode == 0, shown.stderr
    told: dict[str, Any] = json.loads(shown.stdout)
    return told


def done(stack: WholeStack, *words: str) -> None:
    ended = stack.demo(*words)
    assert ended.returncode == 0, ended.stderr


def test_without_the_directory_support_see_why_it_waits_and_it_goes_on_by_itself(
    whole_stack: WholeStack,
) -> None:
    student = Student()
    with walking(whole_stack.env, student) as walk:
        reference = walk.to_the_code()
        done(whole_stack, "stop", "slapd")
        try:
            assert walk.prove().path in ("/review", "/progress")
            walk.arrive("/review")
            assert walk.agree().path == "/password"
            assert walk.choose_password().path == "/progress"

            def down() -> dict[str, Any] | None:
                told = show(whole_stack, reference)
                return told if told["wait_reason"] == "DIRECTORY_DOWN" else None

            told = until(down)
            assert told["step"] == "provisioning"
            assert told["next_try_at"] or show(whole_stack, reference)["next_try_at"]
            assert student.mobile not in json.dumps(told)
        finally:
            done(whole_stack, "start", "slapd")
        walk.arrive("/done")
    assert student.logs_in(whole_stack.env)


def test_a_code_typed_while_the_worker_is_dead_counts_when_it_is_back(
    whole_stack: WholeStack,
) -> None:
    student = Student()
    with walking(whole_stack.env, student) as walk:
        reference = walk.to_the_code()
        done(whole_stack, "kill", "worker")
        try:
            page = walk.prove()
            assert page.path == "/progress"
            assert any("λάβαμε" in line.lower() for line in page.lines), page.lines
            assert show(whole_stack, reference)["step"] == "pin"
        finally:
            done(whole_stack, "start", "worker")
        walk.arrive("/review")
        assert walk.agree().path == "/password"
        walk.choose_password()
        walk.arrive("/done")
    assert student.logs_in(whole_stack.env)
    assert show(whole_stack, reference)["step"] == "active"
