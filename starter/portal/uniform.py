"""The PIN step where no answer may tell whether a contact is on file (`portal.disclosure`).

Until a code proves the contact, each page is made of what was typed and of counters of the portal's
own, never of what the activation found, and comes no sooner for the one than for the other.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from fastapi.responses import Response

from domain import masks
from domain.contracts.submissions import PinSubmission, ResendRequest, Submission
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import Channel, Step
from ledger import budgets
from starter.client.activations import ActivationEnded
from starter.portal import second
from starter.portal.answers import onward, received, submit
from starter.portal.places import Place
from starter.portal.visit import Visit
from web.forms import Form
from web.view import Errors

LOOKED_UP_WITHIN = timedelta(seconds=1.0)
ANSWERED_AFTER = 1.2
_RECEIVED_AFTER = 2.2


def masked(read: Mapping[str, str | None]) -> dict[str, str]:
    """Return what the page may show of the contacts that were typed, by channel."""
    shown = {Channel.SMS: (masks.mobile, "mobile"), Channel.EMAIL: (masks.email, "email")}
    return {
        channel: mask(typed) for channel, (mask, name) in shown.items() if (typed := read.get(name))
    }


async def page(
    visit: Visit, place: Place, errors: Errors | None = None, locked_until: datetime | None = None
) -> Response:
    return visit.page(
        "pin-uniform",
        place=place,
        errors=errors,
        typed=await visit.typed(place.reference),
        locked_until=locked_until and visit.clock(locked_until),
        sent="sent" in visit.request.query_params,
    )


async def given(visit: Visit, place: Place, submission: PinSubmission) -> Response:
    """Judge a code: every one for a contact that is not on file is wrong."""
    ledger, policy = visit.parts.pool, visit.parts.settings.policy
    this = f"pin:{submission.submission_id}"
    # The second of two clicks is no second try: it was counted, and found one left.
    if not await budgets.used(ledger, this):
        if opens := await _spent(visit, place, "pin", policy.pin_tries, policy.pin_lock):
            text = visit.words.locked_pin(visit.clock(opens))
            return await page(visit, place, {"pin": [text]}, locked_until=opens)
        await budgets.take(ledger, this, limit=1, window=policy.pin_lock)
    answer = await _answer(visit, place, "submit_pin", submission)
    if answer and answer.verdict is Verdict.ACCEPTED:
        await visit.rotate()
        return await onward(visit, answer, leaves={Step.PIN})
    await visit.not_before(ANSWERED_AFTER)
    return await page(visit, place, {"pin": [visit.words.wrong_or_expired_pin()]})


async def again(visit: Visit, place: Place, request: ResendRequest, form: Form) -> Response:
    """Ask for another message; what becomes of it is told in the same words to all."""
    after = visit.parts.settings.policy.resend_after
    clicks = f"resend:{request.submission_id}"
    if await budgets.take(visit.parts.pool, clicks, limit=1, window=after):
        return visit.see("/pin?sent")  # The second of two clicks on one form.
    if opens := await _spent(visit, place, "resend", 1, after):
        return await page(
            visit, place, {"resend": [visit.words.too_soon(visit.clock(opens, seconds=True))]}
        )
    if request.answers and (opens := (await second.take(visit, form)).opens):
        text = visit.words.no_more_answers(visit.clock(opens))
        return await page(visit, place, {"answer": [text]})
    await _answer(visit, place, "resend_pin", request)
    await visit.not_before(ANSWERED_AFTER)
    return visit.see("/pin?sent")


async def _answer(visit: Visit, place: Place, door: str, submission: Submission) -> Answer | None:
    """Return the activation's answer, None where it found nobody who could have one."""
    try:
        return await submit(visit, door, submission)
    except ActivationEnded:
        if not place.veiled:
            raise
        if place.progress is None:
            # No worker answers: what was sent for somebody who is on file is "received" now.
            raise await received(visit, door) from None
        return None
    finally:
        if place.progress is None:
            await visit.not_before(_RECEIVED_AFTER)


async def _spent(
    visit: Visit, place: Place, what: str, limit: int, window: timedelta
) -> datetime | None:
    bucket = f"{what}:{place.reference}"
    return await budgets.take(visit.parts.pool, bucket, limit=limit, window=window)
