"""A slip in the settings is found when they are read, and named."""

import pytest
from pydantic import ValidationError

from domain.usernames import candidates
from settings import Registrar, Usernames


@pytest.mark.parametrize(
    "pattern",
    ["{forename}", "{last}{}", "{last", "last}", "{last:>40}", "{last!r}", "{last.upper}"],
)
def test_a_pattern_that_cannot_be_filled_is_refused_by_the_name_of_its_field(pattern: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Usernames(patterns=["{last}", pattern])
    assert [error["loc"] for error in refused.value.errors()] == [("patterns", 1)]


def test_each_placeholder_that_is_allowed_is_filled() -> None:
    allowed = Usernames(patterns=["{first}.x", "{first1}.x", "{last}.x", "{number}.x"]).patterns
    names = ["maria.x", "m.x", "pappas.x", "st123.x"]
    assert candidates("Maria", "Pappas", "123", allowed) == names


def test_a_column_that_is_not_read_is_refused_by_the_name_of_its_field() -> None:
    read = {"dsn": "postgresql://reader@127.0.0.1/sis", "columns": {"mobilephone": "gsm"}}
    assert Registrar.model_validate(read).columns == {"mobilephone": "gsm"}
    read["columns"] = {"mobile": "gsm"}
    with pytest.raises(ValidationError) as refused:
        Registrar.model_validate(read)
    assert [error["loc"][:2] for error in refused.value.errors()] == [("columns", "mobile")]
