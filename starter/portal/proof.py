"""Routes of the proof: the code sent to the contact and, if several share it, one question."""

from datetime import UTC, date, datetime

from fastapi import APIRouter
from fastapi.responses import Response

from domain import identity, pins
from domain.contracts.channels import Channel
from domain.contracts.submissions import IdentitySubmission, PinSubmission, ResendRequest
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import Question
from domain.receipts import Received
from domain.rules import InputRule, InvalidInput
from starter import page_contexts, page_state, wording
from starter.page_state import PageState
from starter.portal import enumeration_protection, limits, news, typed_contacts
from starter.portal.portal_request import CurrentRequest, PortalRequest
from starter.portal.redirects import RedirectTo
from starter.portal.submissions import onward, stamp, stamp_untyped, submit
from translations import N_
from web.forms import Form
from web.view import Errors

router = APIRouter()

_NONE_THERE = N_(
    "We cannot send a message there now. You can still use the six-digit"
    " code (pin) that we sent elsewhere"
)


@router.get("/pin")
async def pin(ctx: CurrentRequest) -> Response:
    look = await news.look(ctx)
    if look and look.tells_nothing_new:
        return look.unchanged()
    state = await ctx.state_on("/pin")
    if state.concealed:
        return await enumeration_protection.page(ctx, state)
    received = await _received(ctx, state)
    response = await _drawn(ctx, state, received)
    if look:
        look.mark(response, state, received)
    return response


@router.post("/pin")
async def pin_given(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    try:
        digits = pins.read(form.get("pin"))
    except InvalidInput as invalid:
        return await _pin_page_again(ctx, {"pin": [ctx.words.rule(invalid.rule)]})
    submission = PinSubmission(**await stamp(ctx, form), pin=digits)
    if ctx.protects_enumeration:
        return await enumeration_protection.check_pin(ctx, submission)
    answer = await submit(ctx, "submit_pin", submission)
    if answer.verdict is not Verdict.ACCEPTED:
        return await _refused_page(ctx, answer, _pin_errors(ctx, answer))
    return await onward(ctx, answer, rotates=True)


@router.post("/pin/resend")
async def pin_again(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    channel = form.get("channel")
    if channel not in Channel.all():
        raise RedirectTo("/pin")
    typed = form.get("answer").strip()
    answers = identity.readings(typed, _today())
    if typed and not answers:
        return await _pin_page_again(ctx, {"answer": [ctx.words.rule(InputRule.IDENTITY_SECOND)]})
    request = ResendRequest(
        **await stamp_untyped(ctx, form), channel=Channel(channel), answers=answers
    )
    if ctx.protects_enumeration:
        return await enumeration_protection.resend(ctx, request, form)
    tries = await limits.take_second(ctx, form) if answers else limits.NOT_ASKED
    if tries.opens:
        text = ctx.words.say(wording.NO_MORE_ANSWERS, time=ctx.clock(tries.opens))
        return await _pin_page_again(ctx, {"answer": [text]})
    answer = await submit(ctx, "resend_pin", request)
    if answer.verdict is Verdict.ACCEPTED:
        await ctx.keep(answer.progress)
        return ctx.redirect("/pin?sent")
    return await _not_sent_page(ctx, answer, request, tries.left)


@router.get("/identify")
async def identify(ctx: CurrentRequest) -> Response:
    return ctx.page("identify", state=await ctx.state_on("/identify"))


@router.post("/identify")
async def identified(ctx: CurrentRequest) -> Response:
    form = await ctx.form()
    try:
        answered = identity.read(await _asked_question(ctx, form), form.get("answer"), _today())
    except InvalidInput as invalid:
        state = await ctx.state_on("/identify")
        errors = {"answer": [ctx.words.rule(invalid.rule)]}
        return ctx.page("identify", state=state, errors=errors)
    submission = IdentitySubmission(**await stamp(ctx, form), answer=answered)
    answer = await submit(ctx, "identify", submission)
    view = answer.progress.identify
    if answer.verdict is Verdict.WRONG and view and view.tries_left:
        errors = {"answer": [ctx.words.wrong_answer(view.tries_left)]}
        return ctx.page("identify", state=page_state.of(answer.progress), errors=errors)
    return await onward(ctx, answer, rotates=True)


def _today() -> date:
    return datetime.now(UTC).date()


async def _asked_question(ctx: PortalRequest, form: Form) -> Question:
    """Return the question in the submitted form, else ask a worker for it."""
    if form.get("question") in list(Question):
        return Question(form.get("question"))
    state = await ctx.state_on("/identify")
    assert state.progress is not None  # noqa: S101 - /identify is shown only with both
    assert state.progress.identify is not None  # noqa: S101 - as above
    return state.progress.identify.question


async def _pin_page_again(ctx: PortalRequest, errors: Errors) -> Response:
    if ctx.protects_enumeration:
        state = await enumeration_protection.find_state(ctx)
    else:
        state = await ctx.state_on("/pin")
    if state.concealed:
        return await enumeration_protection.page(ctx, state, errors)
    return await _pin_page(ctx, state, errors)


async def _received(ctx: PortalRequest, state: PageState) -> Received | None:
    """Return what became of the newest message; while it is being sent, nobody can tell."""
    view = state.progress.pin if state.progress else None
    if view is None or page_contexts.is_sending(view, await ctx.now()):
        return None
    return await ctx.app.receipts.of(state.reference, view.send_no)


async def _pin_page(ctx: PortalRequest, state: PageState, errors: Errors) -> Response:
    return await _drawn(ctx, state, await _received(ctx, state), errors)


async def _drawn(
    ctx: PortalRequest, state: PageState, received: Received | None, errors: Errors | None = None
) -> Response:
    shown = page_contexts.pin(ctx, state, await ctx.now(), received)
    if errors and "answer" in errors and not shown["kept_now"]:
        errors = {"resend": errors["answer"]}  # The page has no answer field then.
    return ctx.page(
        "pin",
        state=state,
        errors=errors,
        typed=None if shown["view"] else typed_contacts.masked(await ctx.typed(state.reference)),
        sent="sent" in ctx.request.query_params,
        **shown,
    )


async def _refused_page(ctx: PortalRequest, answer: Answer, errors: Errors) -> Response:
    state = await page_state.with_reason(ctx.app.engine, page_state.of(answer.progress))
    return await _pin_page(ctx, state, errors)


def _pin_errors(ctx: PortalRequest, answer: Answer) -> Errors:
    view, words = answer.progress.pin, ctx.words
    if view and view.locked_until and answer.verdict is Verdict.LOCKED:
        return {"pin": [words.say(wording.LOCKED_PIN, time=ctx.clock(view.locked_until))]}
    if view and answer.verdict is Verdict.WRONG:
        return {"pin": [words.wrong_pin(view.tries_left)]}
    return {"pin": [words.say(N_("The six-digit code (pin) has expired. Ask for a new one"))]}


async def _not_sent_page(
    ctx: PortalRequest, answer: Answer, request: ResendRequest, tries_left: int
) -> Response:
    view, words, now = answer.progress.pin, ctx.words, await ctx.now()
    errors: Errors
    if answer.verdict is Verdict.WRONG:
        errors = {"answer": [words.wrong_answer(tries_left)]}
    elif answer.verdict is not Verdict.TOO_SOON or view is None or view.resend_at is None:
        errors = _pin_errors(ctx, answer)
    elif view.channel is not request.channel:
        errors = {"resend": [words.say(_NONE_THERE)]}
    elif (kept_at := page_contexts.kept_at(view, now)) == now and not request.answers:
        errors = {"answer": [words.rule(InputRule.IDENTITY_SECOND)]}
    else:
        opens = (kept_at if request.answers else None) or view.resend_at
        errors = {"resend": [words.say(wording.TOO_SOON, time=ctx.clock(opens, seconds=True))]}
    return await _refused_page(ctx, answer, errors)
