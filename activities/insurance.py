"""Activity that checks, stores or deletes a typed insurance number, unless it is another person's.

Ledger and registrar are asked. An account with this number may be the same person's, from a row
that the registrar has replaced; a typed number does not prove that, so support must decide.
"""

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from activities.registrar import RegistrarActivities
from domain.contracts.account_io import (
    InsuranceAct,
    InsuranceOutcome,
    InsuranceRecorded,
    RecordInsurance,
)
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import insurance, rekeyed, used_again
from postgres import UNAVAILABLE, Connection, Pool
from security.keys import KeyRing


class InsuranceActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, registrar: RegistrarActivities) -> None:
        self._pool = pool
        self._keys = keys
        self._registrar = registrar

    @activity.defn(name=ActivityName.RECORD_INSURANCE)
    async def record_insurance(self, request: RecordInsurance) -> InsuranceRecorded:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            own = await with_own_keys(self._pool, request)
            if request.act is InsuranceAct.RELEASE:
                await insurance.release(self._pool, self._keys, own)
                return InsuranceRecorded(outcome=InsuranceOutcome.FREE)
        number, theirs = (request.scheme, request.number), (request.person_key, *request.other_keys)
        if await self._registrar.somebody_else_has(*number, theirs):
            return InsuranceRecorded(outcome=InsuranceOutcome.BELONGS_TO_ANOTHER)
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            return InsuranceRecorded(outcome=await outcome(self._pool, self._keys, own))


async def with_own_keys(pool: Pool, request: RecordInsurance) -> RecordInsurance:
    """Return the request with the person's own keys and those of their former rows."""
    noted = await used_again.noted(pool, request.reference)
    own = tuple(noted.get(key, key) for key in (request.person_key, *request.other_keys))
    own += await rekeyed.former(pool, own)
    return request.model_copy(update={"person_key": own[0], "other_keys": own[1:]})


async def outcome(ledger: Connection, keys: KeyRing, request: RecordInsurance) -> InsuranceOutcome:
    """Check the number of a person with these keys, or store it."""
    own = (request.person_key, *request.other_keys)
    if await rekeyed.holders(ledger, keys, (request.scheme, request.number), own):
        return InsuranceOutcome.BELONGS_TO_ANOTHER
    if request.act is InsuranceAct.CHECK:
        others = await insurance.is_others(ledger, keys, request)
        return InsuranceOutcome.BELONGS_TO_ANOTHER if others else InsuranceOutcome.FREE
    ours = await insurance.record(ledger, keys, request)
    return InsuranceOutcome.RECORDED if ours else InsuranceOutcome.BELONGS_TO_ANOTHER
