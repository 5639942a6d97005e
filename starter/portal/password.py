"""The password: of one's own choice, judged here, and sealed before it goes anywhere."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from domain import passwords
from domain.contracts import PasswordSubmission, Step
from ledger import passwords as sealed_passwords
from security import sealing
from starter.portal.answers import onward, stamp, submit
from starter.portal.places import Place
from starter.portal.view import Errors
from starter.portal.visit import AnyVisit, Visit

router = APIRouter()


@router.get("/password")
async def password(visit: AnyVisit) -> Response:
    return _password_page(visit, await visit.place_on("/password"))


@router.post("/password")
async def password_chosen(visit: AnyVisit) -> Response:
    form = await visit.form()
    place = await visit.place_on("/password")
    chosen = form.get("password")
    broken = passwords.judge(chosen, _context(visit, place))
    if broken:
        return _password_page(visit, place, {"password": visit.words.rules(broken)})
    parts = visit.parts
    await sealed_passwords.put(
        parts.pool,
        reference=place.reference,
        sealed_id=form.submission_id,
        sealed=sealing.seal(parts.keys, place.reference, chosen),
        ttl=timedelta(hours=parts.settings.sealed_password_hours),
    )
    submission = PasswordSubmission(**stamp(form), sealed_id=form.submission_id)
    answer = await submit(visit, "submit_password", submission)
    return await onward(visit, answer, leaves={Step.PROVISIONING})


def _password_page(visit: Visit, place: Place, errors: Errors | None = None) -> Response:
    progress = place.progress
    refusal = progress.password_refusal if progress else None
    return visit.page(
        "password",
        place=place,
        errors=errors,
        refusal=visit.words.refusal(refusal) if refusal else None,
        minimum=passwords.MIN_LENGTH,
    )


def _context(visit: Visit, place: Place) -> list[str]:
    """Return the words a password must not be made of."""
    institution = visit.parts.settings.institution
    words = [institution.name_el, institution.name_en, institution.domain.split(".")[0]]
    progress = place.progress
    if progress and progress.username:
        words.append(progress.username)
    if progress and progress.review:
        shown = progress.review
        words += [shown.username, shown.name_el, shown.name_latin]
        words += [study.student_number for study in shown.studies]
    return words
