"""What discards the numbers is called as what shows them."""

from inspect import signature

from domain.counting import Counting, not_counted


def test_what_discards_the_numbers_takes_all_that_is_told() -> None:
    _, *told = signature(Counting.__call__).parameters.values()
    assert [*signature(not_counted).parameters.values()] == told
    not_counted(1)
    not_counted(1, of=2)
