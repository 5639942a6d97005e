"""Serves the second half of a sign-in by password: a code, and before the first its set-up.

Between the halves the browser has no session: its token names a sign-in that is under way.
"""

from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, Response
from markupsafe import Markup

from ledger import second_factors
from ledger.second_factors import SignInUnderWay
from support.console.console_request import ConsoleRequest, SignedOut, anyone, kept
from support.console.sign_in_audit import WRONG_CODE, note, note_failure
from support.console.sign_in_limits import SignInLimits
from support.verbs.second_factor import SecondFactors, address, grouped
from support.verbs.staff import Staff, staff_of
from translations import N_
from web import forms
from web.limits import RateLimited

router = APIRouter()

CODE = "/sign-in/code"
AnyoneRequest = Annotated[ConsoleRequest, Depends(anyone)]
_WRONG = N_("The verification code is wrong, or was used before")


async def begin(ctx: ConsoleRequest, staff: Staff, onward: str) -> Response:
    """Begin the second half of a sign-in, after the right password."""
    factors = _factors(ctx)
    secret = None if await factors.is_enrolled(staff.name) else factors.draw(staff.name)
    await ctx.end()
    ctx.token = forms.draw() + forms.draw()
    sign_in = SignInUnderWay(kept(staff), onward, secret)
    await second_factors.begin(ctx.app.pool, ctx.app.keys, ctx.token, sign_in)
    return ctx.see(CODE)


async def complete(ctx: ConsoleRequest, staff: Staff, reason: str = "") -> None:
    """Write the audit row of a sign-in and begin the session."""
    await note(ctx, staff.name, "sign_in", reason)
    await ctx.end()
    await ctx.begin(staff)


@router.get(CODE)
async def ask(ctx: AnyoneRequest) -> Response:
    return _page(ctx, await _under_way(ctx))


@router.post(CODE)
async def given(ctx: AnyoneRequest) -> Response:
    form = await ctx.form()
    sign_in = await _under_way(ctx)
    limits = SignInLimits(ctx, sign_in.who.name)
    try:
        await limits.count_code()
    except RateLimited:
        await note_failure(ctx, limits, WRONG_CODE)
        raise
    if sign_in.secret is None:
        response = await _proved(ctx, sign_in, form.get("code"))
    else:
        response = await _enrolled(ctx, sign_in, sign_in.secret, form.get("code"))
    if response is None:
        await note_failure(ctx, limits, WRONG_CODE)
        return _page(ctx, sign_in, wrong=True)
    await limits.forget_codes()
    await limits.remember(response)
    return response


async def _proved(ctx: ConsoleRequest, sign_in: SignInUnderWay, typed: str) -> Response | None:
    """Sign in with a code or a recovery code; return None for a wrong one."""
    name, factors = sign_in.who.name, _factors(ctx)
    if await factors.use_code(name, typed):
        await _finish(ctx, sign_in)
        return ctx.see(sign_in.onward)
    left = await factors.use_recovery_code(name, typed)
    if left is None:
        return None
    await _finish(ctx, sign_in, f"recovery code, {left} left")
    return ctx.page("recovery_codes", left=left, codes=[], onward=sign_in.onward)


async def _enrolled(
    ctx: ConsoleRequest, sign_in: SignInUnderWay, secret: bytes, typed: str
) -> Response | None:
    """Set up the authenticator and sign in; return None for a wrong code."""
    name, factors = sign_in.who.name, _factors(ctx)
    codes = await factors.enrol(name, secret, typed)
    if codes is None:
        if await factors.is_enrolled(name):  # Set up meanwhile, in another browser.
            raise SignedOut(sign_in.onward)
        return None
    await note(ctx, name, "second_factor_enrolled")
    await _finish(ctx, sign_in)
    return ctx.page("recovery_codes", left=len(codes), codes=codes, onward=sign_in.onward)


async def _finish(ctx: ConsoleRequest, sign_in: SignInUnderWay, reason: str = "") -> None:
    if not ctx.token or not await second_factors.end(ctx.app.pool, ctx.token):
        raise SignedOut(sign_in.onward)
    await complete(ctx, staff_of(sign_in.who), reason)


async def _under_way(ctx: ConsoleRequest) -> SignInUnderWay:
    """Return the browser's sign-in under way; raises `SignedOut` when there is none."""
    found = None
    if ctx.token:
        found = await second_factors.under_way(ctx.app.pool, ctx.app.keys, ctx.token)
    if found is None:
        raise SignedOut("/")
    return found


def _page(ctx: ConsoleRequest, sign_in: SignInUnderWay, *, wrong: bool = False) -> Response:
    context: dict[str, Any] = {}
    if sign_in.secret is not None:
        name = sign_in.who.name
        secret = _factors(ctx).text(name, sign_in.secret)
        uri = address(secret, name, ctx.app.settings.institution.name_en)
        context = {"secret": grouped(secret), "picture": picture(uri), "uri": uri}
    errors = {"code": [ctx.say(_WRONG)]} if wrong else {}
    return ctx.page("second_factor", errors=errors, **context)


def picture(uri: str) -> Markup:
    """Return the address as a QR code, an element `svg` of lines."""
    svg = segno.make_qr(uri).svg_inline(light="#fff", svgclass="app-qr", omitsize=True)
    return Markup(svg)  # noqa: S704 - no text of the address is in it


def _factors(ctx: ConsoleRequest) -> SecondFactors:
    return SecondFactors(ctx.app.pool, ctx.app.keys)
