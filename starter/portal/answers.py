"""How an answer of the student reaches the activation, and where it leads: shared by the steps."""

from collections.abc import Collection

from fastapi.responses import Response

from domain.contracts.submissions import Submission
from domain.contracts.views import Answer, Verdict
from domain.contracts.vocabulary import Step
from starter.portal import limits, places
from starter.portal.visit import Elsewhere, Visit
from web import forms
from web.forms import Form

RECEIVED = "/progress?received"
"""The page that says so, where what was taken in has no answer yet."""
_RISES = frozenset({"submit_pin", "identify", "give_consent"})
"""Doors behind which a cookie is worth more; without an answer it must be taken for granted."""
_BEFORE_PROOF = frozenset({"submit_pin", "resend_pin"})


async def stamp(visit: Visit, form: Form) -> dict[str, object]:
    """Return what every submission carries beside its answer; its time is the ledger's."""
    return {"submission_id": form.submission_id, "received_at": await visit.now()}


async def wish(visit: Visit, form: Form) -> dict[str, object]:
    """As `stamp`, for a form in which nothing is typed."""
    now = await visit.now()
    return {"submission_id": forms.wish(form.submission_id, now), "received_at": now}


async def submit(visit: Visit, door: str, submission: Submission) -> Answer:
    """Hand in an answer; without a worker it is kept all the same, and the page says so."""
    session = await visit.here()
    if session.reference is None:
        raise Elsewhere("/contact")
    if door not in _BEFORE_PROOF and (visit.uniform or not session.proofs):
        await _after_proof(visit)
    await limits.admit(visit, session.reference, submission.submission_id)
    with visit.handing_in(places.HANDED_IN_AT_LAST):
        answer = await visit.parts.engine.submit(
            session.reference, door, submission, within=visit.left()
        )
    if answer is None:
        raise await received(visit, door)
    place = visit.as_told(places.of(answer.progress))
    visit.check(session, place)
    if answer.verdict is Verdict.OUT_OF_STEP and not place.veiled:
        raise Elsewhere(place.path)
    return answer


async def _after_proof(visit: Visit) -> None:
    """Send back who has proved nothing yet, before the answer reaches anybody."""
    place = await visit.place()
    if place.veiled or place.progress is None:
        raise Elsewhere(place.path)


async def received(visit: Visit, door: str) -> Elsewhere:
    """Return the way to the page that says so."""
    if door in _RISES:
        await visit.rotate()
    return Elsewhere(RECEIVED)


async def onward(visit: Visit, answer: Answer, *, leaves: Collection[Step]) -> Response:
    """Go where the activation stands once this answer has had its effect, or a moment later."""
    visit.taken(RECEIVED)
    reference = answer.progress.reference
    settled = await visit.parts.engine.settled(reference, leaves=leaves, within=visit.left())
    place = places.of(settled or answer.progress)
    return visit.see("/progress" if place.step in leaves else place.path)
