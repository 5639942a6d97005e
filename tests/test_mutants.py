"""Each mutant of security has its place and its test; `make mutants` sees that it is killed."""

import ast
from collections import Counter

import pytest

from tests.mutants import ROOT, Mutant, table

MUTANTS = table()


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.name for each in MUTANTS])
def test_its_place_is_the_only_one_and_its_test_is_there(mutant: Mutant) -> None:
    assert ast.dump(ast.parse(mutant.mutated)) != ast.dump(ast.parse(mutant.text))
    file, _, test = mutant.test.partition("::")
    assert ROOT.joinpath(file).is_file()
    # A contract's tests stand in a module of their own, which others import.
    found = (each.read_text("utf-8") for each in ROOT.joinpath(file).parents[1].rglob("*.py"))
    assert any(f"def {test}(" in text for text in found)


def test_there_are_twenty_and_none_twice() -> None:
    assert len(MUTANTS) >= 20
    assert max(Counter(each.name for each in MUTANTS).values()) == 1
    assert not any(each.file.startswith("tests/") for each in MUTANTS)
