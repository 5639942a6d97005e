"""No field of any contract is shown before somebody has decided so."""

import pytest
from pydantic import BaseModel

from support.verbs.payloads import SEALED, SHOWN, unsealed
from tests.security.test_contracts import MODELS

NEVER = {
    *("pin", "answer", "answers", "number", "insurance_number", "sealed_id"),
    *("birth_date", "registration_id", "student_number", "password_context"),
    *("row_key", "row_mark"),
}


@pytest.mark.parametrize("model", MODELS)
def test_every_field_is_shown_or_sealed_and_none_is_both(model: type[BaseModel]) -> None:
    assert {*model.model_fields} - SHOWN <= NEVER
    assert not SHOWN & NEVER


def test_what_is_unknown_or_has_no_name_is_sealed() -> None:
    told = {"kind": "x", "fresh": "1", "pins": ["2"], "persons": [{"insurance_number": "3"}]}
    assert unsealed(told) == {
        "kind": "x",
        "fresh": SEALED,
        "pins": SEALED,
        "persons": [{"insurance_number": SEALED}],
    }
    assert [unsealed("4"), unsealed(["5"]), unsealed(None)] == [SEALED, [SEALED], None]
    assert unsealed({"pin": {"channel": "sms", "pin": "6"}}) == {
        "pin": {"channel": "sms", "pin": SEALED}
    }
