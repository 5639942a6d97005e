"""The page on which staff add a note to a case."""

from fastapi import APIRouter
from fastapi.responses import Response

from support.console.act import reference_of
from support.console.seat import Seat, at
from support.verbs import notes
from support.verbs.actions import Refused
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()


@router.get("/case/{raw}/note", name="note_page")
async def page(raw: str, seat: Seat = at(Action.NOTE)) -> Response:
    return _page(seat, reference_of(raw))


@router.post("/case/{raw}/note", name="note")
async def write(raw: str, seat: Seat = at(Action.NOTE)) -> Response:
    reference = reference_of(raw)
    form = await seat.form()
    text = form.get("text")
    try:
        await notes.write(seat.desk, text, reference=reference, note_id=form.submission_id)
    except Refused as wrong:
        return _page(seat, reference, errors={"text": [seat.say(str(wrong))]}, text=text)
    return seat.see(f"/case/{reference}", told="done")


def _page(seat: Seat, reference: str, *, errors: Errors | None = None, text: str = "") -> Response:
    return seat.page("note", reference=reference, longest=notes.LONGEST, errors=errors, text=text)
