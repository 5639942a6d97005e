"""Routes of the texts, which need no session: help, terms and others, and their old versions.

`/.well-known/security.txt` says to whom a vulnerability is reported (RFC 9116).
"""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from domain.contracts.vocabulary import Language
from starter.portal.portal_request import CurrentRequest
from starter.portal.texts import format_day
from translations import N_

router = APIRouter()

_SECURITY = "/.well-known/security.txt"
_GOOD_FOR = timedelta(days=90)
"""RFC 9116 recommends less than a year; each request is answered with a new end."""

TITLES = {
    "help": N_("Activation instructions"),
    "terms": N_("Terms of use"),
    "privacy": N_("Personal data"),
    "accessibility": N_("Accessibility"),
    "password-help": N_("Password security"),
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


@router.get(_SECURITY)
async def security(ctx: CurrentRequest) -> Response:
    contact = ctx.app.settings.institution.security_uri
    if not contact:
        raise HTTPException(404)
    lines = [f"Contact: {contact}", f"Expires: {datetime.now(UTC) + _GOOD_FOR:%Y-%m-%dT00:00:00Z}"]
    lines.append(f"Preferred-Languages: {', '.join(Language)}")
    url = ctx.app.settings.portal.public_url.rstrip("/")
    if url.startswith("https://"):
        lines.append(f"Canonical: {url}{_SECURITY}")
    return PlainTextResponse("\n".join((*lines, "")))


for _name, _title in TITLES.items():
    _add(_name, _title)
