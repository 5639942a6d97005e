"""Those who are refused a start come again at the pace at which starts find places."""

import heapq
from collections import Counter
from collections.abc import Callable

import pytest

from starter.portal.admission import LATEST, SOONEST, Admission


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def admission(clock: Clock) -> Admission:
    return Admission(clock)


def admit(admission: Admission, clock: Clock, *, a_second: float, seconds: int = 10) -> None:
    for _ in range(int(a_second * seconds)):
        clock.now += 1 / a_second
        admission.admitted()


def test_a_single_one_comes_again_at_once(admission: Admission, clock: Clock) -> None:
    assert admission.retry_after() == SOONEST
    admit(admission, clock, a_second=4)
    clock.now += 3600
    assert admission.retry_after() == SOONEST


@pytest.mark.parametrize("a_second", [1, 4, 8])
@pytest.mark.parametrize("crowd", [30, 300, 3000])
def test_no_second_has_more_of_a_crowd_than_find_places(
    admission: Admission, clock: Clock, crowd: int, a_second: int
) -> None:
    admit(admission, clock, a_second=a_second)
    told = [admission.retry_after() for _ in range(crowd)]
    assert min(told) >= SOONEST
    assert max(told) <= LATEST
    rounds = crowd // (a_second * (LATEST - SOONEST)) + 1
    assert max(Counter(told).values()) <= (a_second + 1) * rounds


def test_the_pace_is_that_of_late(admission: Admission, clock: Clock) -> None:
    admit(admission, clock, a_second=8)
    admit(admission, clock, a_second=1, seconds=60)
    assert [admission.retry_after() for _ in range(5)] == [SOONEST + n for n in range(5)]


def test_before_any_start_and_after_a_long_silence_a_crowd_is_spread_all_the_same(
    admission: Admission, clock: Clock
) -> None:
    for _ in range(2):
        told = [admission.retry_after() for _ in range(100)]
        assert max(Counter(told).values()) <= 21
        admit(admission, clock, a_second=20, seconds=1)
        clock.now += 3600


@pytest.mark.parametrize(
    "a_second",
    [
        lambda _: 1,
        lambda _: 4.2,
        lambda _: 20,
        lambda after: 0.7 if after < 20 else 6,
        lambda after: 8 if after < 20 else 2,
        lambda after: 0.3 if 10 < after < 25 else 5,
    ],
    ids=["slow", "steady", "fast", "slow at first", "fast at first", "held up"],
)
def test_a_crowd_is_in_about_as_soon_as_the_workers_can(
    admission: Admission, clock: Clock, a_second: Callable[[float], float]
) -> None:
    crowd, places, begun = 300, 20, clock.now
    at_best = free_at = begun
    for _ in range(crowd):
        at_best += 1 / a_second(at_best - begun)
    under_way: list[float] = []
    coming = [begun + n / 1000 for n in range(crowd)]
    while coming:
        clock.now = heapq.heappop(coming)
        while under_way and under_way[0] <= clock.now:
            heapq.heappop(under_way)
        if len(under_way) == places:
            heapq.heappush(coming, clock.now + admission.retry_after())
            continue
        admission.admitted()
        free_at = max(free_at, clock.now)
        free_at += 1 / a_second(free_at - begun)
        heapq.heappush(under_way, free_at)
    assert free_at - at_best < 2 * SOONEST
