"""Routes of the texts, which need no session: help, terms and others, and their old versions."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from starter.portal.portal_request import CurrentRequest
from starter.portal.texts import format_day
from translations import N_

router = APIRouter()

TITLES = {
    "help": N_("Activation instructions"),
    "terms": N_("Terms of use"),
    "privacy": N_("Personal data"),
    "accessibility": N_("Accessibility"),
    "password-help": N_("The safety of the password"),
}


def _add(name: str, title: str) -> None:
    @router.get(f"/{name}", name=name)
    @router.get(f"/{name}/{{version}}", name=name)
    async def text(ctx: CurrentRequest, version: str | None = None) -> Response:
        texts, language = ctx.app.texts, ctx.language
        text = texts.find(name, version)
        if text is None:
            raise HTTPException(404)
        return ctx.page(
            "text",
            title=ctx.words.say(title),
            text=text.pages[language],
            version=text.version,
            published=format_day(text.published, language),
            earlier=[
                (f"/{name}/{each.version}", format_day(each.published, language))
                for each in texts.earlier(name, text)
            ],
        )


for _name, _title in TITLES.items():
    _add(_name, _title)
