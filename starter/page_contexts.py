"""What the templates of a student's pages are given, by the state of the activation.

The portal adds what belongs to one browser: what was typed, errors, and suggested passwords. The
console shows the same pages to staff.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain import passwords
from domain.contracts.channels import Channel
from domain.contracts.views import PinView
from domain.contracts.vocabulary import Step, WaitReason
from domain.receipts import Received
from starter import resend_wait
from starter.page_state import PageState
from starter.resend_wait import PageTexts
from web.view import Errors

_REFRESH = ((timedelta(seconds=30), 5), (timedelta(minutes=3), 10))
_SLOWEST_REFRESH = 30

_MAYBE_GIVEN = frozenset(
    {
        WaitReason.WAITING_PIN,
        WaitReason.WAITING_IDENTITY,
        WaitReason.WAITING_INSURANCE,
        WaitReason.WAITING_PASSWORD,
    }
)
"""Waits for the student that may be over already, which only a worker knows."""


def pin(
    texts: PageTexts, state: PageState, now: datetime, receipt: Received | None
) -> dict[str, Any]:
    """Return what the page of the code shows to everybody at this state."""
    view = state.progress.pin if state.progress else None
    locked_until = view.locked_until if view else None
    sending = view is not None and is_sending(view, now)
    expires_at = view.expires_at if view and not sending else None
    over = view and expires_at and (expires_at <= now or not view.tries_left)
    kept = kept_at(view, now)
    return {
        "view": view,
        "locked_until": texts.clock(locked_until) if locked_until and locked_until > now else None,
        "expired": over,
        "usable_until": None if over else expires_at,
        "none_sent": view and view.spent and (over or not view.expires_at),
        "wait": resend_wait.until(texts, view.resend_at if view else None, now),
        "kept_now": kept == now,
        "kept_from": kept if kept != now else None,
        "receipt": receipt,
        "notice": texts.words.wait(state.step, state.wait_reason),
        "sending": view and texts.words.sending_by(view.channel, sent=not sending),
        "other_channels": offered(texts, view.other_channels if view else ()),
    }


def offered(texts: PageTexts, channels: Sequence[Channel]) -> list[tuple[Channel, str]]:
    """Return channels with the text of the button that asks for a message by each."""
    return [(each, texts.words.send_by(each)) for each in channels]


def is_sending(view: PinView, now: datetime) -> bool:
    """Whether a code is on its way: the first one, or one that follows an expired one."""
    if view.spent or view.expires_at is None:
        return view.spent is None
    return view.expires_at <= now and view.resend_at is not None and view.resend_at > now


def kept_at(view: PinView | None, now: datetime) -> datetime | None:
    """Return when the kept message may be sent; None if it may not go before an ordinary one."""
    if view is None or view.kept_at is None or view.resend_at is None:
        return None
    at = max(view.kept_at, now)
    return at if at < view.resend_at else None


def progress(texts: PageTexts, state: PageState, now: datetime) -> dict[str, Any]:
    """Return what the waiting page shows; while no worker answers it is shown at every step."""
    view, reason = state.progress, state.wait_reason
    # Only a worker knows whether the student has given this already.
    unknown = view is None and reason in _MAYBE_GIVEN
    shown_reason = WaitReason.LEDGER_DOWN if unknown else reason
    next_try_at = (view and view.next_try_at) or state.next_try_at
    return {
        "sentence": texts.words.wait(state.step, shown_reason),
        "next_try_at": next_try_at if next_try_at and next_try_at > now else None,
        "with_support": state.step is Step.NEEDS_SUPPORT,
        "delayed": reason is not None,
        "since": None if unknown else state.since,
        "look_again": _refresh_after(now - state.since if state.since else _REFRESH[-1][0]),
    }


def _refresh_after(waited: timedelta) -> int:
    """Return the refresh interval in seconds of a page without script; longer in a long wait."""
    return next((pause for until, pause in _REFRESH if waited < until), _SLOWEST_REFRESH)


def password(texts: PageTexts, state: PageState) -> dict[str, Any]:
    """Return what the page of the password shows, without suggested ones."""
    refusal = state.progress.password_refusal if state.progress else None
    return {
        "refusal": texts.words.refusal(refusal) if refusal else None,
        "minimum": passwords.MIN_LENGTH,
        "maximum": passwords.MAX_LENGTH,
    }


def not_found(
    texts: PageTexts, state: PageState, typed: Mapping[str, str]
) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Return errors and context of the contact form for a student who was not found."""
    field = next((name for name, value in typed.items() if value), "mobile")
    errors = {field: [texts.words.not_found(state.wait_reason)]}
    return errors, {"typed": typed, "not_found": True}


def review(state: PageState) -> str:
    """Return the template of the review."""
    return "disputed" if state.wait_reason is WaitReason.DATA_DISPUTED else "review"


def page(
    texts: PageTexts,
    state: PageState,
    now: datetime,
    *,
    typed: Mapping[str, str],
    receipt: Received | None,
) -> tuple[str, Errors, dict[str, Any]]:
    """Return template, errors and context of the page of this state, as a browser opens it.

    `typed` are the masked contacts that the student typed; no password is suggested.
    """
    errors: Errors = {}
    shown: dict[str, Any] = {}
    template = state.path.removeprefix("/")
    match state.path:
        case "/pin" if state.concealed:
            template = "pin-uniform"
            channels = [each for each in Channel.all() if each.contact in typed]
            shown = {"typed": typed, "channels": offered(texts, channels)}
        case "/pin":
            shown = pin(texts, state, now, receipt)
            shown["typed"] = None if shown["view"] else typed
        case "/progress":
            shown = progress(texts, state, now)
        case "/contact":
            errors, shown = not_found(texts, state, {})
        case "/review":
            template = review(state)
        case "/password":
            shown = {**password(texts, state), "suggestions": ()}
    return template, errors, shown
