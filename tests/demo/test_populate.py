"""The crowd is the same for the same seed, and everybody ends where their fate leads."""

from collections.abc import Mapping
from contextlib import closing

import pytest

import settings
from adapters.directory.ldap_client import LdapClient
from demo.crowd import World
from demo.fates import FATES, LOCKED
from demo.part import aside
from demo.populate import Played, behind_the_scenes, come, drawn
from support.commands.terminal import staff_context
from support.verbs import cases
from tests.stack import WholeStack
from tests.whole.student import until

COUNT = 40


def numbers(crowd: list[Played]) -> list[str | None]:
    return [row["registrationid"] for played in crowd for row in played.rows]


@pytest.mark.parametrize("count", [1, 40, 200, 500])
def test_there_is_every_fate_and_about_as_many_activations_as_asked_for(count: int) -> None:
    crowd = list(drawn(count, 1, 0))
    assert {played.fate for played in crowd} == set(FATES)
    made = sum(played.fate.activations for played in crowd)
    assert count <= made <= count + len(FATES) + 2


def test_the_seed_alone_decides_who_they_are() -> None:
    first, again, other = (list(drawn(COUNT, seed, 0)) for seed in (1, 1, 2))
    assert [played.rows for played in first] == [played.rows for played in again]
    assert [played.rows for played in first] != [played.rows for played in other]


def test_another_run_brings_others() -> None:
    first = numbers(list(drawn(COUNT, 1, 0)))
    later = numbers(list(drawn(COUNT, 1, len(first))))
    assert set(first).isdisjoint(later)
    assert len(first) == len(set(first))


def test_there_are_both_languages_and_channels_several_departments_and_cries_for_help() -> None:
    crowd = list(drawn(200, 1, 0))
    assert len({played.language for played in crowd}) == 2
    assert len({played.by_email for played in crowd}) == 2
    assert any(played.asks_for_help for played in crowd)
    assert len({played.rows[0]["departmentid"] for played in crowd}) == 4


async def found(references: Mapping[Played, str]) -> dict[str, str]:
    """Return where staff find each fate, by its name."""
    async with staff_context() as opened:
        lines = {
            played.fate.name: await cases.standing(opened.client, reference)
            for played, reference in references.items()
        }
    return {name: line.wait_reason or line.step for name, line in lines.items()}


def test_everybody_ends_where_their_fate_leads(
    whole_stack: WholeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the lock, which takes a minute: a second code is not sent sooner."""
    monkeypatch.setenv("ACTIVATION_CONFIG", str(whole_stack.folder / "activation.toml"))
    monkeypatch.setattr(settings, "load", settings.Settings)
    with closing(LdapClient(settings.Settings().directory)) as ldap:
        world = World(whole_stack.env, ldap)
        known = world.enrolled()
        crowd = [each for each in drawn(1, 1, known) if each.fate is not LOCKED]
        world.enrol([row for played in crowd for row in played.rows])
        references = come(world, crowd)
    references |= aside(behind_the_scenes(crowd, references))
    expected = {played.fate.name: played.fate.stands for played in crowd}
    # Who expires does so in a second.
    until(lambda: aside(found(references)) == expected)
    assert world.enrolled() == known + sum(len(played.rows) for played in crowd)
