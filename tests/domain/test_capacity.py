"""What a number of students needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import capacity
from domain.capacity import Ceilings, JourneyCost, Load

COST = JourneyCost(
    worker_ms=100,
    portal_ms=50,
    temporal_ms=100,
    ledger_ms=20,
    directory_ms=10,
    transitions=20,
    history_kb=20,
    ledger_kb=10,
)
LOADS = st.builds(
    Load, students=st.integers(1, 10**6), days=st.floats(0.1, 30), busiest_hour=st.floats(0.05, 1)
)


def test_the_busiest_hour_decides() -> None:
    """20,000 students in 5 days are 4,000 a day, 800 of them in one hour."""
    assert Load(20_000, 5, busiest_hour=0.2).peak == pytest.approx(800 / 3600)


def test_cores_processes_messages_and_space() -> None:
    load = Load(360_000, 10, busiest_hour=0.5, messages=1.5, by_sms=0.5)
    plan = capacity.plan(load, COST, Ceilings(busy=0.25, sms_per_second=3))
    assert plan.peak == pytest.approx(5)
    assert plan.cores["worker"] == pytest.approx(0.5)
    assert (plan.workers, plan.portals) == (2, 2)
    assert plan.transitions == pytest.approx(100)
    assert plan.sms_per_second == pytest.approx(3.75)
    assert plan.sms == 270_000
    assert (plan.history_gb, plan.ledger_gb) == pytest.approx((7.2, 3.6))
    assert plan.stops == (capacity.DEVELOPMENT_SERVER, capacity.GATEWAY)


@pytest.mark.parametrize(
    ("students", "stops"),
    [
        (1, ()),
        (20_000, (capacity.DEVELOPMENT_SERVER,)),
        (
            10_000_000,
            (
                capacity.DEVELOPMENT_SERVER,
                capacity.CLUSTER,
                capacity.LEDGER,
                capacity.GATEWAY,
            ),
        ),
    ],
)
def test_what_is_beyond_its_limit(students: int, stops: tuple[str, ...]) -> None:
    """Of students who all come in one hour."""
    assert capacity.plan(Load(students, 1, busiest_hour=1), COST, Ceilings()).stops == stops


@given(LOADS, st.integers(1, 10**6))
def test_more_students_never_need_less(load: Load, more: int) -> None:
    least = capacity.plan(load, COST, Ceilings())
    larger = Load(load.students + more, load.days, load.busiest_hour)
    most = capacity.plan(larger, COST, Ceilings())
    assert most.workers >= least.workers >= 2
    assert most.portals >= least.portals >= 2
    assert {*most.stops} >= {*least.stops}
    assert most.sms >= least.sms
