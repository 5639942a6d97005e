"""What staff do to one activation: a page that says the effect, then the act and its result."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from domain.contracts.vocabulary import Channel
from domain.references import normalise
from starter.console.seat import Seat, at
from starter.support import actions
from starter.support.staff import Action
from starter.web.view import Errors
from translations import N_

router = APIRouter()

_LONGEST_REASON = 500
_NO_REASON = N_("Write why, for the audit")
_LONG_REASON = N_("Write at most %(n)d characters")
DONE = {
    "done": N_("Done."),
    "taken": N_("Taken in. It counts as soon as a worker is back."),
}


def reference_of(raw: str) -> str:
    """Return the reference an address names, as it is written; raises 404."""
    reference = normalise(raw)
    if reference is None:
        raise HTTPException(404)
    return reference


def reason_of(seat: Seat, raw: str) -> tuple[str, dict[str, list[str]]]:
    """Return the reason somebody wrote, and what is wrong with it."""
    reason = " ".join(raw.split())
    if not reason:
        return reason, {"reason": [seat.say(_NO_REASON)]}
    if len(reason) > _LONGEST_REASON:
        return reason, {"reason": [seat.say(_LONG_REASON) % {"n": _LONGEST_REASON}]}
    return reason, {}


def _add(action: Action) -> None:
    """Add the two routes of one act: its page, and doing it."""
    path = f"/case/{{raw}}/{action}"

    @router.get(path, name=f"{action}_page")
    async def page(raw: str, seat: Seat = at(action)) -> Response:
        return _page(seat, action, reference_of(raw))

    @router.post(path, name=action)
    async def do(raw: str, seat: Seat = at(action)) -> Response:
        reference = reference_of(raw)
        form = await seat.form()
        reason, errors = reason_of(seat, form.get("reason"))
        if errors:
            return _page(seat, action, reference, errors=errors, reason=reason)
        channel = Channel.EMAIL if form.get("channel") == Channel.EMAIL else Channel.SMS
        at_once = await actions.act(
            seat.desk,
            action,
            reference=reference,
            reason=reason,
            channel=channel,
            submission_id=form.submission_id,
        )
        return seat.see(f"/case/{reference}", told="done" if at_once else "taken")


def _page(
    seat: Seat, action: Action, reference: str, *, errors: Errors | None = None, reason: str = ""
) -> Response:
    return seat.page(
        "act",
        reference=reference,
        action=action,
        label=seat.say(actions.LABELS[action]),
        effect=seat.say(actions.EFFECTS[action]),
        channels=action is Action.RESEND,
        errors=errors,
        reason=reason,
    )


for _action in actions.EFFECTS:
    _add(_action)
