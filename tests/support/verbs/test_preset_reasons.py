"""The usual reasons that staff choose."""

import pytest

from support.verbs.preset_reasons import CHOSEN_FIRST, PRESETS
from support.verbs.staff import Action


@pytest.mark.parametrize("action", sorted(CHOSEN_FIRST))
def test_what_is_chosen_before_anybody_reads_it_attests_no_check(action: Action) -> None:
    assert "identified" not in PRESETS[action][0]
