"""Where an activation stands when nothing is asked of the student: waiting, done, ended."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from domain.contracts.vocabulary import Step, WaitReason
from starter import pages
from starter.portal import places
from starter.portal.places import Place
from starter.portal.visit import AnyVisit, Elsewhere

router = APIRouter()

_LOOKS = ((timedelta(seconds=30), 5), (timedelta(minutes=3), 10))
_SLOWEST = 30

_ASKED = frozenset(
    {
        WaitReason.WAITING_PIN,
        WaitReason.WAITING_IDENTITY,
        WaitReason.WAITING_INSURANCE,
        WaitReason.WAITING_PASSWORD,
    }
)
"""What a student may have given already, which without a worker nobody knows."""


@router.get("/progress")
async def progress(visit: AnyVisit) -> Response:
    """Show the waiting page; without a worker it stays, whatever the step, until one answers."""
    place = await visit.place()
    if place.path != "/progress" and (place.progress or place.path in pages.END_PATHS):
        return visit.see(place.path)
    told, reason = place.progress, place.wait_reason
    # Without a worker nobody knows whether the student has given this already.
    said = WaitReason.LEDGER_DOWN if told is None and reason in _ASKED else reason
    next_try_at = (told and told.next_try_at) or place.next_try_at
    now = await visit.now()
    return visit.page(
        "progress",
        place=place,
        sentence=visit.words.wait(place.step, said),
        next_try_at=next_try_at if next_try_at and next_try_at > now else None,
        received="received" in visit.request.query_params,
        with_support=place.step is Step.NEEDS_SUPPORT,
        delayed=reason is not None,
        look_again=_look_again(now - told.since if told else _LOOKS[-1][0]),
    )


def _look_again(waited: timedelta) -> int:
    """Return after how many seconds a page without a script looks again: the longer, the later."""
    return next((pause for until, pause in _LOOKS if waited < until), _SLOWEST)


@router.get("/progress.json")
async def progress_json(visit: AnyVisit) -> Response:
    try:
        session = await visit.here()
        if session.reference is None:
            return JSONResponse({"error": "no activation"}, 401)
        place = await visit.standing(session, session.reference)
    except Elsewhere:
        return JSONResponse({"error": "no session"}, 401)
    return JSONResponse(
        {
            "reference": place.reference,
            "step": place.step,
            "wait_reason": place.wait_reason,
        }
    )


@router.get("/done")
async def done(visit: AnyVisit) -> Response:
    return visit.page("done", place=await visit.place_on("/done"))


@router.get(places.CONTINUED)
async def continued(visit: AnyVisit) -> Response:
    """Tell the older browser that the activation goes on in another one."""
    session = await visit.session()
    if not (session.superseded and session.reference):
        return visit.see((await visit.place()).path)
    return visit.page("continued", place=Place(session.reference, None))


@router.get("/ended")
async def ended(visit: AnyVisit) -> Response:
    return visit.page("ended", place=await visit.place_on("/ended"))


@router.post("/end")
async def finished(visit: AnyVisit) -> Response:
    """End the session of who leaves a computer that others use too."""
    await visit.form()
    return await visit.end()
