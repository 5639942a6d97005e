"""What staff may do to an activation: each act has a reason, an audit row and a plain result."""

import secrets
from datetime import UTC, datetime
from typing import Protocol

from domain.contracts import CancelRequest, RetryRequest, Verdict
from ledger import audit
from ledger.pool import Pool
from starter.activations import ActivationEnded, Activations
from starter.support.cases import UnknownReference


class Refused(Exception):
    """The action is impossible now; the text says why."""


class Action(Protocol):
    async def __call__(
        self, activations: Activations, pool: Pool, *, reference: str, actor: str, reason: str
    ) -> bool: ...


async def retry(
    activations: Activations, pool: Pool, *, reference: str, actor: str, reason: str
) -> bool:
    """Let the engine try now whatever it waits for.

    Returns False when it was taken in but counts only when a worker is back. Raises `Refused`
    or `UnknownReference`; nothing happens without its audit row.
    """
    return await _act(
        activations,
        pool,
        RetryRequest(**_new()),
        reference=reference,
        actor=actor,
        reason=reason,
        impossible="the engine waits for nothing: it is the student's turn",
    )


async def cancel(
    activations: Activations, pool: Pool, *, reference: str, actor: str, reason: str
) -> bool:
    """End the activation, unless its account is being made; returns and raises as `retry`."""
    return await _act(
        activations,
        pool,
        CancelRequest(**_new()),
        reference=reference,
        actor=actor,
        reason=reason,
        impossible="the account is being made: it can no longer be cancelled",
    )


async def _act(
    activations: Activations,
    pool: Pool,
    request: RetryRequest | CancelRequest,
    *,
    reference: str,
    actor: str,
    reason: str,
    impossible: str,
) -> bool:
    """Hand the request in through the door of its name, once it is in the audit."""
    if await activations.stands(reference) is None:
        raise UnknownReference(reference)
    await audit.record(pool, actor=actor, action=request.kind, reference=reference, reason=reason)
    try:
        answer = await activations.submit(reference, request.kind, request)
    except ActivationEnded:
        raise Refused("the activation has ended") from None
    if answer and answer.verdict is Verdict.OUT_OF_STEP:
        raise Refused(impossible)
    return answer is not None


def _new() -> dict[str, object]:
    return {"submission_id": secrets.token_hex(16), "received_at": datetime.now(UTC)}
