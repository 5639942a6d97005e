"""Serves what the student sees now: the same page, in the student's language, to look at only."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from fastapi import APIRouter, Response
from markupsafe import Markup

from domain.contracts.vocabulary import Language
from starter import page_contexts
from starter.wording import Wording
from support.console.action_pages import reference_of
from support.console.console_request import ConsoleRequest, allowed_to
from support.verbs import student_page
from support.verbs.staff import Action
from support.verbs.student_page import StudentPage
from web.read_only import read_only
from web.view import Views

router = APIRouter()


@dataclass(frozen=True)
class StudentTexts:
    """The texts and times of a student's page."""

    views: Views
    language: Language

    @cached_property
    def words(self) -> Wording:
        return Wording(self.language)

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        return self.views.clock_up(moment, self.language, seconds=seconds)


@router.get("/case/{raw}/page")
async def show(raw: str, ctx: ConsoleRequest = allowed_to(Action.PAGE)) -> Response:
    page = await student_page.look(ctx.staff_context, reference_of(raw))
    return ctx.page(
        "student-page",
        reference=reference_of(raw),
        seen=_drawn(ctx.app.student_views, page) if page.state else None,
        address=page.state.path if page.state else None,
        seen_language=page.language,
    )


def _drawn(views: Views, page: StudentPage) -> Markup:
    assert page.state is not None  # noqa: S101 - its caller looked
    texts = StudentTexts(views, page.language)
    template, errors, shown = page_contexts.page(
        texts, page.state, page.now, typed=page.typed, receipt=page.receipt
    )
    html = views.page(
        template, page.language, path="", hidden=Markup, errors=errors, state=page.state, **shown
    )
    return read_only(html, "main-content")
