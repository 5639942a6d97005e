"""The usual first names: no form is of two names, whatever its spelling."""

import pytest

from domain.registrar import given_names


@pytest.mark.parametrize("names", [given_names.MEN, given_names.WOMEN])
def test_every_form_is_of_one_name(names: str) -> None:
    lines = names.strip().splitlines()
    forms = [form for line in lines for form in {*given_names.forms_of(line)}]
    assert sorted(forms) == sorted({*forms})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        *(("ioannis", "giannis", True), ("ioanis", "giannis", True), ("ergys", "ergis", True)),
        *(("georgios", "grigorios", False), ("agim", "asim", False)),
        *(("kon.", "kostas", True), ("georg.", "georgios", True), ("christ.", "christos", False)),
        *(("g.", "georgios", False), ("g.", "g.", False), ("qq.", "qq.", False)),
    ],
)
def test_forms_of_one_name_are_the_same(one: str, other: str, *, same: bool) -> None:
    assert given_names.is_same(one, other) is same
    assert given_names.is_same(other, one) is same
