"""Lists, reads, answers and closes the students' requests for help.

An answer is stored in the ledger first, and a workflow of its own sends it to the student. A second
answer or closing is refused and changes nothing.
"""

from contextlib import suppress
from functools import partial

from domain.text import note
from ledger import support_requests
from ledger.support_requests import HelpRequestDetail, Waiting
from starter.client.connect import TemporalUnavailable
from starter.output import UserError
from starter.ready_answers import LONGEST_ANSWER
from support.verbs.actions import ActionRefused
from support.verbs.numbered import NumberedPage, numbered
from support.verbs.staff import Action, StaffContext
from translations import N_

PER_PAGE = 50
LONGEST_REASON = 500


class UnknownRequest(UserError):
    """The request does not exist or belongs to another department."""

    def __init__(self) -> None:
        super().__init__(N_("There is no request of this number, or it is another department's."))


async def waiting(
    ctx: StaffContext, number: int = 1, *, per_page: int = PER_PAGE
) -> NumberedPage[Waiting]:
    """Return one page of the open requests of the departments this staff member may see.

    Those of students who proved a contact come first.
    """
    ctx.staff.check(Action.REQUESTS)
    read = partial(support_requests.waiting, ctx.pool, ctx.staff.departments)
    return await numbered(number, await open_count(ctx), read, per_page=per_page)


async def open_count(ctx: StaffContext) -> int:
    """Return the number of unanswered requests; 0 for staff who may not read requests."""
    if not ctx.staff.may(Action.REQUESTS):
        return 0
    return await support_requests.open_count(ctx.pool, ctx.staff.departments)


async def read(ctx: StaffContext, request_id: str) -> HelpRequestDetail:
    """Write the audit row, then return the whole request; raises `UnknownRequest`."""
    standing = await known(ctx, request_id)
    await ctx.record(Action.REQUESTS, standing.line.reference, f"read {request_id}")
    return standing


async def answer(
    ctx: StaffContext, request_id: str, text: str, *, submission_id: str
) -> HelpRequestDetail:
    """Answer the student by e-mail, once; raises `ActionRefused` when it is settled already."""
    written = note(text)
    if not written:
        raise ActionRefused(N_("Write the answer."))
    if len(written) > LONGEST_ANSWER:
        raise ActionRefused(N_("The answer is too long."))
    standing = await _settle(ctx, request_id, submission_id, "answer", answer=written)
    with suppress(TemporalUnavailable):  # The outbox relays it later.
        await ctx.activations.mail_support_answer(request_id)
    return standing


async def close(
    ctx: StaffContext, request_id: str, *, submission_id: str, reason: str
) -> HelpRequestDetail:
    """Close a request without an answer; raises `ActionRefused` when it is settled already."""
    why = note(reason)[:LONGEST_REASON]
    if not why:
        raise ActionRefused(N_("Write the reason."))
    return await _settle(ctx, request_id, submission_id, f"close: {why}", closing=why)


async def _settle(
    ctx: StaffContext, request_id: str, submission_id: str, done: str, **said: str
) -> HelpRequestDetail:
    """Settle the request and return its new state; idempotent by `submission_id`."""
    standing = await known(ctx, request_id)
    if standing.settled_id == submission_id:
        return standing
    _must_be_open(standing, "answer" in said)
    await ctx.record(Action.REQUESTS, standing.line.reference, f"{request_id} {done}")
    await support_requests.settle(
        ctx.pool, ctx.keys, request_id, by=ctx.staff.name, settled_id=submission_id, **said
    )
    standing = await known(ctx, request_id)
    if standing.settled_id != submission_id:
        await ctx.record_refusal(Action.REQUESTS, standing.line.reference)
        _must_be_open(standing, "answer" in said)
    return standing


def _must_be_open(standing: HelpRequestDetail, to_answer: bool) -> None:
    if not standing.is_open:
        raise ActionRefused(
            N_("Somebody has already settled this request. See below who, and how.")
        )
    if to_answer and standing.answer is not None:
        raise ActionRefused(
            N_(
                "The mail server does not take the answer: the mailbox does not exist, or the text"
                " was refused. Close the request."
            )
        )


async def known(ctx: StaffContext, request_id: str) -> HelpRequestDetail:
    """Return the request if this person may see it; raises `UnknownRequest`."""
    ctx.staff.check(Action.REQUESTS)
    standing = await support_requests.standing(ctx.pool, ctx.keys, request_id)
    if standing is None or not ctx.staff.sees(standing.line.department):
        raise UnknownRequest
    return standing
