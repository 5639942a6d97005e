"""Some of what `make fuzz` sends: no answer but a designed one, and no change that must not be."""

import asyncio
import os
import secrets
from collections.abc import Iterator

import pytest

from tests.fuzz import pure
from tests.fuzz.__main__ import play
from tests.fuzz.portal import Tally
from tests.fuzz.seats import MAKERS, Place
from tests.stack import WholeStack

_FEW = ("pin", "review", "password", "continued")
"""Before and after the proof, at its last step, and in a browser that was left behind."""


_NUMBER = 400
"""What takes 6 seconds of two cores; `make fuzz` sends 100,000."""


@pytest.fixture(autouse=True)
def of_the_stack(whole_stack: WholeStack) -> Iterator[None]:
    """Let settings be those of the stack that is fuzzed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACTIVATION_CONFIG", str(whole_stack.folder / "activation.toml"))
        assert os.environ["ACTIVATION_CONFIG"]
        yield


def fuzz(stack: WholeStack, number: int, *states: str) -> tuple[Tally, Tally]:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    portal, console = asyncio.run(play(Place(stack, stack.env), number, seed, states))
    assert portal.violations == []
    assert console.violations == []
    return portal, console


@pytest.mark.timeout(600)
def test_some_requests_get_designed_answers_and_change_nothing_they_must_not(
    whole_stack: WholeStack,
) -> None:
    portal, console = fuzz(whole_stack, _NUMBER, *_FEW)
    assert {*portal.requests} == {*_FEW}
    assert portal.sent + console.sent >= _NUMBER


@pytest.mark.long
@pytest.mark.timeout(600)
def test_requests_at_every_state_do_so_too_and_right_answers_lead_on(
    whole_stack: WholeStack,
) -> None:
    portal, console = fuzz(whole_stack, 8_000, *MAKERS)
    assert {*portal.requests} == {*MAKERS}
    assert {"review -> password", "password -> active"} & {*portal.moves}, portal.moves
    assert len(portal.moves) > 4, portal.moves
    assert console.moves


def test_no_change_of_a_payload_is_read_and_no_validator_fails() -> None:
    assert pure.codec(1, 3_000) == 0
    assert pure.exceptions(1, 300) == 0
