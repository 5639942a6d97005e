"""Activity that stores a typed insurance number unless it is another person's.

Ledger and registrar are asked. An account with this number may be the same person's, from a row
that the registrar has replaced; a typed number does not prove that, so support must decide.
"""

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from activities.registrar import RegistrarActivities
from domain.contracts.account_io import InsuranceOutcome, InsuranceRecorded, RecordInsurance
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import insurance, rekeyed, used_again
from postgres import UNAVAILABLE, Pool
from security.keys import KeyRing


class InsuranceActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, registrar: RegistrarActivities) -> None:
        self._pool = pool
        self._keys = keys
        self._registrar = registrar

    @activity.defn(name=ActivityName.RECORD_INSURANCE)
    async def record_insurance(self, request: RecordInsurance) -> InsuranceRecorded:
        another = InsuranceRecorded(outcome=InsuranceOutcome.BELONGS_TO_ANOTHER)
        number, own = (request.scheme, request.number), (request.person_key, *request.other_keys)
        if await self._registrar.somebody_else_has(*number, own):
            return another
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            noted = await used_again.noted(self._pool, request.reference)
            own = tuple(noted.get(key, key) for key in own)
            own += await rekeyed.former(self._pool, own)
            if await rekeyed.holders(self._pool, self._keys, number, own):
                return another
            request = request.model_copy(update={"person_key": own[0], "other_keys": own[1:]})
            ours = await insurance.record(self._pool, self._keys, request)
        return InsuranceRecorded(outcome=InsuranceOutcome.RECORDED) if ours else another
