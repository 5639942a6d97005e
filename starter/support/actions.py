"""What staff may do to an activation: each act has a reason, an audit row and a plain result."""

import asyncio
import random
import secrets
from datetime import UTC, datetime

from domain.contracts.submissions import CancelRequest, RetryRequest
from domain.contracts.views import Verdict
from domain.contracts.vocabulary import WaitReason
from ledger.pool import UNAVAILABLE
from starter.activations import ActivationEnded
from starter.connect import TemporalUnavailable
from starter.support import cases
from starter.support.cases import UnknownReference
from starter.support.desk import Desk
from starter.support.staff import Action

_AT_ONCE = 20
_IMPOSSIBLE = {
    "retry": "the engine waits for nothing: it is the student's turn",
    "cancel": "the account is being made: it can no longer be cancelled",
}


class Refused(Exception):
    """The action is impossible now; the text says why."""


_LET_BE: tuple[type[BaseException], ...] = (
    Refused,
    UnknownReference,
    TemporalUnavailable,
    *UNAVAILABLE,
)


async def act(
    desk: Desk, request: RetryRequest | CancelRequest, *, reference: str, reason: str
) -> bool:
    """Hand the request in through the door of its name, once it is in the audit.

    Returns False when it was taken in but counts only when a worker is back. Raises `Refused`
    or `UnknownReference`; nothing happens without its audit row.
    """
    try:
        if await desk.activations.stands(reference) is None:
            raise UnknownReference(reference)
        await desk.record(Action(request.kind), reference, reason)
        answer = await desk.activations.submit(reference, request.kind, request)
    except ActivationEnded:
        raise Refused("the activation has ended") from None
    if answer and answer.verdict is Verdict.OUT_OF_STEP:
        raise Refused(_IMPOSSIBLE[request.kind])
    return answer is not None


async def retry_all(desk: Desk, wait_reason: WaitReason, *, reason: str, over: float) -> int:
    """Wake all of one cause, each at a moment of its own within `over` seconds; how many were."""
    desk.staff.check(Action.RETRY_ALL)
    turns = asyncio.Semaphore(_AT_ONCE)

    async def wake(reference: str) -> bool:
        await asyncio.sleep(random.uniform(0, over))  # noqa: S311 - it only spreads the load
        try:
            async with turns:
                await act(desk, RetryRequest(**stamp()), reference=reference, reason=reason)
        except _LET_BE:
            return False  # It went on by itself, or will; the others still have their turn.
        return True

    references = await cases.waiting_for(desk.client, wait_reason)
    return sum(await asyncio.gather(*map(wake, references)))


def stamp() -> dict[str, object]:
    """Return what tells one act of staff from another."""
    return {"submission_id": secrets.token_hex(16), "received_at": datetime.now(UTC)}
