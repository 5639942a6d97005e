"""A campaign on the demo goes on by itself after its gateway was away."""

import os

import pytest

from tests.campaign.play import AT_ANY_HOUR, Play
from tests.stack import WholeStack


def test_after_an_outage_of_the_gateway_each_student_has_one_message(
    whole_stack: WholeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in AT_ANY_HOUR.items():
        monkeypatch.setitem(os.environ, name, value)
    played = Play(whole_stack, students=40, active=3).run(6, kill=False)
    assert played.messages == {1: 37}
    assert played.to_the_active == 0
    assert played.states == {"sent": 37, "active": 3}
