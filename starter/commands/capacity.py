"""`activation capacity`: says what a number of students needs, from the measured journey."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from domain import capacity
from domain.capacity import Capacity, Ceilings, JourneyCost, Load
from starter.output import Json, show_json, tell

MEASURED = JourneyCost(
    worker_ms=112,
    portal_ms=40,
    temporal_ms=87,
    ledger_ms=20,
    directory_ms=38,
    transitions=18,
    history_kb=24,
    ledger_kb=24,
)
"""The figures of docs/performance.md."""


def command(
    *,
    students: Annotated[int, typer.Option(min=1, help="How many activate.")] = 20_000,
    days: Annotated[float, typer.Option(min=0.01, help="Within how many days.")] = 5,
    busiest_hour: Annotated[
        float, typer.Option(min=0.01, max=1, help="Part of a day's students in its busiest hour.")
    ] = Load.busiest_hour,
    sms_price: Annotated[float, typer.Option(min=0, help="Price of one SMS, in euro.")] = 0.05,
    sms_per_second: Annotated[
        float, typer.Option(min=0.1, help="What the SMS gateway takes.")
    ] = Ceilings.sms_per_second,
    json: Json = False,
) -> None:
    """Say how many processes, cores, messages and gigabytes a number of students needs."""
    load = Load(students, days, busiest_hour)
    plan = capacity.plan(load, MEASURED, Ceilings(sms_per_second=sms_per_second))
    if json:
        show_json({**asdict(plan), "sms_cost": plan.sms * sms_price})
        return
    table = Table("what", "needed", title=f"{students:,} students in {days:g} days")
    for name, needed in lines(plan, sms_price):
        table.add_row(name, needed)
    Console().print(table)
    for stop in plan.stops:
        tell(f"Beyond {stop}.")


def lines(plan: Capacity, sms_price: float) -> list[tuple[str, str]]:
    """Return the rows of the table; cores are those of the busiest hour."""
    cores = [(f"cores of {part}", f"{number:.2f}") for part, number in plan.cores.items()]
    return [
        ("journeys a second in the busiest hour", f"{plan.peak:.2f}"),
        ("processes of the worker", str(plan.workers)),
        ("processes of the portal", str(plan.portals)),
        *cores,
        ("state transitions a second of Temporal", f"{plan.transitions:.0f}"),
        ("SMS a second", f"{plan.sms_per_second:.2f}"),
        ("SMS, and their price", f"{plan.sms:,}, {plan.sms * sms_price:,.0f} EUR"),
        ("space for Temporal, GB", f"{plan.history_gb:.1f}"),
        ("space for the ledger, GB", f"{plan.ledger_gb:.1f}"),
    ]
