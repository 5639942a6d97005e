"""record_insurance: keeps a typed number, unless the ledger or the registrar has it for another."""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from activities.failures import guarded
from activities.registrar import RegistrarActivities
from domain.contracts.requests import InsuranceOutcome, InsuranceRecorded, RecordInsurance
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import insurance
from ledger.pool import UNAVAILABLE, Pool
from security.keys import KeyRing


class InsuranceActivities:
    def __init__(self, *, pool: Pool, keys: KeyRing, registrar: RegistrarActivities) -> None:
        self._pool = pool
        self._keys = keys
        self._registrar = registrar

    def all(self) -> list[Callable[..., Any]]:
        return [self.record_insurance]

    @activity.defn(name=ActivityName.RECORD_INSURANCE)
    async def record_insurance(self, request: RecordInsurance) -> InsuranceRecorded:
        another = InsuranceRecorded(outcome=InsuranceOutcome.BELONGS_TO_ANOTHER)
        if await self._registrar.somebody_else_has(
            request.scheme, request.number, (request.person_key, *request.other_keys)
        ):
            return another
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            ours = await insurance.record(self._pool, self._keys, request)
        return InsuranceRecorded(outcome=InsuranceOutcome.RECORDED) if ours else another
