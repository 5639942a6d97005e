"""The diagram of docs/architecture.md and the reference's reasons are the code's, and no other."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from domain.contracts.vocabulary import Step
from workflows.steps import ENDS, REASONS, TRANSITIONS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
OUTSIDE = "[*]"


def arrows() -> list[tuple[str, str]]:
    (diagram,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", TEXT, re.DOTALL)
    lines = [line.partition(":")[0] for line in diagram.splitlines() if "-->" in line]
    return [(old.strip(), new.strip()) for old, new in (line.split("-->") for line in lines)]


def test_the_diagram_has_every_transition_and_no_other() -> None:
    drawn = {(old, new) for old, new in arrows() if OUTSIDE not in (old, new)}
    assert drawn == {(old.value, new.value) for old in TRANSITIONS for new in TRANSITIONS[old]}


def test_no_arrow_is_drawn_twice() -> None:
    assert len(arrows()) == len(set(arrows()))


def test_the_diagram_begins_and_ends_where_an_activation_does() -> None:
    assert [new for old, new in arrows() if old == OUTSIDE] == [Step.LOOKUP]
    assert {old for old, new in arrows() if new == OUTSIDE} == {end.value for end in ENDS}


def told_reasons() -> dict[str, set[str | None]]:
    page = (ROOT / "docs" / "reference" / "states.md").read_text("utf-8")
    told: dict[str, set[str | None]] = defaultdict(set)
    for step, reason in re.findall(
        r"^\| `(\w+)` \| (?:`([A-Z_]+)` )?\|.*\|.*\|$", page, re.MULTILINE
    ):
        told[step].add(reason or None)
    return told


@pytest.mark.parametrize("step", Step)
def test_each_step_waits_for_the_reasons_the_table_tells(step: Step) -> None:
    waits = {reason.value if reason else None for reason in REASONS[step]}
    assert told_reasons()[step.value] == waits


def test_the_map_names_every_room() -> None:
    rooms = {
        folder.name
        for folder in ROOT.iterdir()
        if folder.is_dir() and re.fullmatch(r"[a-z]+", folder.name)
    }
    readme = (ROOT / "README.md").read_text("utf-8")
    assert {room for room in rooms if f"`{room}/`" not in readme} == set()
