"""How many operations the directory gets for one journey; no time counts."""

from collections import Counter

from bench import directory
from tests.stack import WholeStack
from tests.whole.student import Student, walking

MOST = {"SRCH": 11, "ADD": 1, "MOD": 1, "EXT": 1, "BIND": 1}
"""A tenth above what was reached; what is not named here is not asked at all. EXT sets a password,
and BIND proves it."""


def test_a_journey_takes_few_operations_of_the_directory(whole_stack: WholeStack) -> None:
    def walked() -> Counter[str]:
        begun = log.stat().st_size
        with walking(whole_stack.env, Student()) as walk:
            walk.walk()
        return Counter(directory.operations(log, begun))

    with directory.logging(whole_stack.folder) as log:
        walked()  # Opens connections to the restarted server.
        # The fewest of three: an attempt on a busy machine may be repeated.
        walks = [walked() for _ in range(3)]
    fewest = {kind: min(each[kind] for each in walks) for each in walks for kind in each}
    assert {kind: n for kind, n in fewest.items() if n > MOST.get(kind, 0)} == {}
    assert fewest["ADD"] == 1
