"""Who is this caller: what they say goes in, yes or no comes out, and nothing typed is kept."""

from fastapi import APIRouter
from fastapi.responses import Response

from domain.registrar.caller import Said
from domain.registrar.diagnosis import Typed
from support.console.act import reference_of
from support.console.seat import Seat, at
from support.verbs import caller
from support.verbs.caller import Answer, Question, Told, Unreadable
from support.verbs.caller_texts import ANSWERS
from support.verbs.staff import Action
from web.view import Errors

router = APIRouter()

_FIELDS = ("mobile", "email", "birth_date", "student_number", "father_name")


@router.get("/caller")
async def form(seat: Seat = at(Action.CALLER)) -> Response:
    return _page(seat, None)


@router.get("/case/{raw}/caller")
async def form_of_case(raw: str, seat: Seat = at(Action.CALLER)) -> Response:
    return _page(seat, reference_of(raw))


@router.post("/caller")
async def ask(seat: Seat = at(Action.CALLER)) -> Response:
    return await _answer(seat, None)


@router.post("/case/{raw}/caller")
async def ask_of_case(raw: str, seat: Seat = at(Action.CALLER)) -> Response:
    return await _answer(seat, reference_of(raw))


async def _answer(seat: Seat, reference: str | None) -> Response:
    form = await seat.form()
    typed = {name: form.get(name) for name in _FIELDS}
    question = Question(
        said=Said(typed["birth_date"], typed["student_number"], typed["father_name"]),
        contact=Typed() if reference else Typed(typed["mobile"], typed["email"]),
        reference=reference,
    )
    try:
        told = await caller.ask(seat.desk, question, form.submission_id)
    except Unreadable as wrong:
        errors = {wrong.field: [seat.say(str(wrong))]}
        return _page(seat, reference, typed=typed, errors=errors)
    return _page(seat, reference, told=told, status=503 if told.answer is Answer.AWAY else 200)


def _page(
    seat: Seat,
    reference: str | None,
    *,
    typed: dict[str, str] | None = None,
    told: Told | None = None,
    errors: Errors | None = None,
    status: int = 200,
) -> Response:
    return seat.page(
        "caller",
        status=status,
        errors=errors,
        reference=reference,
        typed=typed or {},
        told=told,
        own_limit=seat.desk.settings.console.caller_questions_per_day,
        sentence=seat.say(ANSWERS[told.answer]) if told else "",
    )
