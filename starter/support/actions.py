"""What staff may do to an activation: each act has a reason, an audit row and a plain result."""

import secrets
from datetime import UTC, datetime

from domain.contracts import RetryRequest, Verdict
from ledger import audit
from ledger.pool import Pool
from starter.activations import ActivationEnded, Activations
from starter.support.cases import UnknownReference


class Refused(Exception):
    """The action is impossible now; the text says why."""


async def retry(
    activations: Activations, pool: Pool, *, reference: str, actor: str, reason: str
) -> bool:
    """Let the engine try now whatever it waits for.

    Returns False when it was taken in but counts only when a worker is back. Raises `Refused`
    or `UnknownReference`; nothing happens without its audit row.
    """
    if await activations.stands(reference) is None:
        raise UnknownReference(reference)
    await audit.record(pool, actor=actor, action="retry", reference=reference, reason=reason)
    request = RetryRequest(submission_id=secrets.token_hex(16), received_at=datetime.now(UTC))
    try:
        answer = await activations.submit(reference, "retry", request)
    except ActivationEnded:
        raise Refused("the activation has ended") from None
    if answer and answer.verdict is Verdict.OUT_OF_STEP:
        raise Refused("the engine waits for nothing: it is the student's turn")
    return answer is not None
