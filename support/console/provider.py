"""Serves the sign-in by the OpenID Connect provider: the way there, and the way back.

The way back comes from another site, so the browser withholds the session cookie, and a redirect
would not bring it either: the page after it is opened by a `Refresh` header, as by a link of ours.
"""

from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Response
from starlette.exceptions import HTTPException

from adapters.oidc.errors import ProviderAway, ProviderRefused
from adapters.oidc.provider import error_code
from ledger import audit, budgets, clock
from ledger.budgets import Bound
from support.console import oidc_flow
from support.console.console_request import (
    SIGN_IN,
    ConsoleRequest,
    SignInByProvider,
    anyone,
    inside,
    opened,
)
from support.console.oidc_flow import Flow
from support.console.sign_in_audit import note_refusal
from support.console.sign_in_limits import SignInLimits
from support.verbs.oidc import NotEnough, account_of, is_provided, staff_by
from support.verbs.staff import PROVIDED, Staff
from translations import N_

log = structlog.get_logger(__name__)
router = APIRouter()

AnyoneRequest = Annotated[ConsoleRequest, Depends(anyone)]
PROVIDER = "/sign-in/provider"
_BACK = "/sign-in/back"
_AWAY = N_(
    "The university's sign-in does not answer. Operators sign in with their own accounts, and the"
    " command line works."
)
_FAILED = N_("The sign-in did not succeed. Begin it again here.")
_UNKNOWN = "oidc"
"""The actor of a sign-in whose person is not proved."""
_FAILURES_NOTED = 20
_NOTED_WITHIN = timedelta(hours=1)
"""So many failures without a person have a row in the audit, which anybody can make fail."""


@router.get(PROVIDER)
async def there(ctx: AnyoneRequest) -> Response:
    """Send the browser to the provider; a link on another site cannot begin this."""
    oidc = _oidc(ctx)
    onward = inside(ctx.request.query_params.get("next", ""))
    if ctx.request.headers.get("sec-fetch-site") == "cross-site":
        return ctx.see(SIGN_IN, next=onward)
    browser = SignInLimits(ctx, PROVIDED).token
    flow = oidc_flow.begin(onward, browser, await clock.now(ctx.app.pool))
    secrets = flow.secrets(ctx.app.keys.session_key)
    try:
        address = await oidc.provider.address(secrets, ctx.language)
    except (ProviderAway, ProviderRefused) as failure:
        log.warning("the provider of sign-ins cannot be used", reason=str(failure))
        return _again(ctx, onward, _AWAY, 503)
    response = ctx.redirect(address)
    oidc.cookie.set(response, flow.kept)
    return response


@router.get(_BACK)
async def back(ctx: AnyoneRequest) -> Response:
    """Take in the provider's answer, which is good once and in the browser that began."""
    oidc = _oidc(ctx)
    flow = await _begun_here(ctx, oidc)
    if flow is None:
        log.warning("a sign-in by the provider failed", reason="state")
        return _again(ctx, "/", _FAILED, 403)
    onward = inside(flow.onward)
    try:
        staff = await _staff(ctx, oidc, flow)
    except ProviderAway as away:
        log.warning("the provider of sign-ins is away", reason=str(away))
        response = _again(ctx, onward, _AWAY, 503)
    except ProviderRefused as refused:
        log.warning("a sign-in by the provider failed", reason=refused.reason)
        noted = Bound("oidc:failures", _FAILURES_NOTED, _NOTED_WITHIN)
        if await _has_room(ctx, noted):
            await _note(ctx, _UNKNOWN, "sign_in_by_provider_failed", refused.reason)
        response = _again(ctx, onward, _FAILED, 403)
    except NotEnough as lacking:
        name = lacking.account.name
        await note_refusal(ctx, name, "sign_in_by_provider_refused", lacking.reason)
        response = _again(ctx, onward, str(lacking), 403)
    else:
        await ctx.end()
        await ctx.begin(staff)
        response = opened(onward)
        ctx.site.session_cookie.set(response, ctx.token or "")
        await SignInLimits(ctx, PROVIDED, flow.browser).remember_browser(response)
    oidc.cookie.delete(response)
    return response


async def sign_out_address(ctx: ConsoleRequest, name: str) -> str | None:
    """Return where this account signs out of the provider too; None if that cannot be done."""
    if not is_provided(name):
        return None
    try:
        return await _oidc(ctx).provider.end_address(f"{ctx.site.public_url}{SIGN_IN}")
    except (HTTPException, ProviderAway, ProviderRefused):
        return None


async def _begun_here(ctx: ConsoleRequest, oidc: SignInByProvider) -> Flow | None:
    """Return the sign-in that this browser began and that has had no answer yet."""
    flow = oidc_flow.read(oidc.cookie.read(ctx.request))
    states = ctx.request.query_params.getlist("state")
    now = await clock.now(ctx.app.pool)
    if flow is None or not oidc_flow.fits(flow, ctx.app.keys.session_key, states, now):
        return None
    # Not before: any web page can have browsers ask for this address, and use the limit up.
    await SignInLimits(ctx, PROVIDED, flow.browser).count_answer()
    once = Bound(f"oidc:{states[0]}", 1, oidc_flow.LIFETIME)
    return flow if await _has_room(ctx, once) else None


async def _has_room(ctx: ConsoleRequest, bound: Bound) -> bool:
    """Count one use, and return whether it is within the limit."""
    return budgets.latest(await budgets.take(ctx.app.pool, [bound])) is None


async def _staff(ctx: ConsoleRequest, oidc: SignInByProvider, flow: Flow) -> Staff:
    """Return who the provider vouches for; raises what provider and claims raise."""
    query = ctx.request.query_params
    codes, issuers = query.getlist("code"), query.getlist("iss")
    if "error" in query:
        raise ProviderRefused(error_code(query["error"]) or "error")
    if len(codes) != 1 or len(issuers) > 1:
        raise ProviderRefused("answer")
    now = int((await clock.now(ctx.app.pool)).timestamp())
    secrets = flow.secrets(ctx.app.keys.session_key)
    claims = await oidc.provider.claims(codes[0], next(iter(issuers), None), secrets, now)
    account = account_of(claims)
    staff = staff_by(claims, account, oidc.settings)
    await _note(ctx, staff.name, "sign_in", f"{account.issuer} {account.subject}")
    return staff


def _oidc(ctx: ConsoleRequest) -> SignInByProvider:
    if ctx.app.oidc is None:
        raise HTTPException(404)
    return ctx.app.oidc


def _again(ctx: ConsoleRequest, onward: str, error: str, status: int) -> Response:
    return ctx.page("signin", status=status, next=onward, away=ctx.say(error))


async def _note(ctx: ConsoleRequest, name: str, action: str, reason: str) -> None:
    await audit.record(
        ctx.app.pool, ctx.app.keys, actor=name, action=action, reference=None, reason=reason
    )
