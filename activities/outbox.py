"""Activity that finds requests for help in the ledger's outbox that Temporal did not receive."""

from temporalio import activity

from activities.errors import guarded
from activities.registered import Activities
from domain.contracts.outbox import FindLeftBehind, LeftBehind
from domain.contracts.vocabulary import ActivityName, FailureType
from ledger import support_requests
from postgres import UNAVAILABLE, Pool


class OutboxActivities(Activities):
    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    @activity.defn(name=ActivityName.FIND_LEFT_BEHIND)
    async def find_left_behind(self, _: FindLeftBehind) -> LeftBehind:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            return LeftBehind(
                requests=tuple(await support_requests.left_behind(self._pool)),
                replies=tuple(await support_requests.answers_left_behind(self._pool)),
            )
