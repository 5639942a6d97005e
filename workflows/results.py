"""Decodes results of activities, which anybody who reaches Temporal can forge."""

from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model

Outcome = TypeVar("Outcome", bound=Model)


class ForgedResult(Exception):
    """An activity was completed with a result that none of our activities returns."""


def read_result(result: RawValue | None, outcome: type[Outcome]) -> Outcome:
    """Decode the result of an activity; raises `ForgedResult`.

    Anybody who reaches Temporal can complete an activity. If the SDK decoded the result, an invalid
    one would fail this workflow task and every later one of the run.
    """
    if result is None:
        raise ForgedResult
    try:
        read = workflow.payload_converter().from_payload(result.payload, outcome)
    except Exception:  # noqa: BLE001 - a forged payload may raise anything
        raise ForgedResult from None
    if not isinstance(read, outcome):
        raise ForgedResult  # The SDK returns null and bytes unchecked.
    return read
