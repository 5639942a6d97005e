"""Each process writes one JSON object a line, with the time, and says which activation it means."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from domain.contracts.vocabulary import ActivityName
from tests.stack import WholeStack
from tests.whole.student import Student, until, walking

PROCESSES = ("portal", "support", "worker", "alerts")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OF_ONE = frozenset({"activity", "attempt", "step"})
"""Fields of lines that are about one activation, unless their activity is about many."""
OF_MANY = frozenset(
    {
        *(ActivityName.NEXT_INVITATIONS, ActivityName.SEND_INVITATIONS),
        *(ActivityName.COMPARE_DIRECTORY, ActivityName.COMPARE_RUNS),
        *(ActivityName.FIND_LEFT_BEHIND, ActivityName.SWEEP_EXPIRED),
        ActivityName.MAIL_STUCK_REPORT,
    }
)

Line = Mapping[str, Any]


def lines(stack: WholeStack, process: str) -> list[Line]:
    text = (stack.folder / "logs" / f"{process}.log").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def reference(whole_stack: WholeStack) -> str:
    """Give the activation of a student who comes while the directory is away."""
    with walking(whole_stack.env, Student()) as walk:
        reference = walk.to_the_code()
        walk.prove()
        walk.arrive("/review")
        walk.agree()
        assert whole_stack.demo("stop", "slapd").returncode == 0
        try:
            walk.choose_password()
            until(lambda: [line for line in lines(whole_stack, "worker") if _fails(line)])
        finally:
            assert whole_stack.demo("start", "slapd").returncode == 0
        walk.arrive("/done")
    return reference


def _fails(line: Line) -> bool:
    return line.get("activity") == "provision_account"


@pytest.mark.parametrize("process", PROCESSES)
def test_each_line_is_an_object_with_the_time(
    whole_stack: WholeStack, reference: str, process: str
) -> None:
    del reference
    said = lines(whole_stack, process)
    assert said
    for line in said:
        assert {"event", "level", "logger", "timestamp"} <= line.keys()
        assert TIME.fullmatch(line["timestamp"])


def test_the_lines_of_a_failure_have_the_reference(whole_stack: WholeStack, reference: str) -> None:
    said = [line for line in lines(whole_stack, "worker") if _fails(line)]
    assert {line.get("reference") for line in said} == {reference}
    assert any(line["logger"] == "temporalio.activity" for line in said)


def test_whatever_is_about_one_activation_has_a_reference(
    whole_stack: WholeStack, reference: str
) -> None:
    del reference
    for process in PROCESSES:
        for line in lines(whole_stack, process):
            about_one = OF_ONE & line.keys() and line.get("activity") not in OF_MANY
            if about_one or "workflow" in line["event"]:
                assert line.get("reference"), line
