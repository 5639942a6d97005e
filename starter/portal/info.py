"""Pages that need no session: help, terms and their kin, also as they once were; the probes."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from starter.client.health import ledger_answers, ledger_fits, readiness
from starter.portal.texts import told
from starter.portal.visit import AnyVisit, Parts
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
    async def text(visit: AnyVisit, version: str | None = None) -> Response:
        texts, language = visit.parts.texts, visit.language
        text = texts.find(name, version)
        if text is None:
            raise HTTPException(404)
        return visit.page(
            "text",
            title=visit.words.say(title),
            text=text.pages[language],
            version=text.version,
            published=told(text.published, language),
            earlier=[
                (f"/{name}/{each.version}", told(each.published, language))
                for each in texts.earlier(name, text)
            ],
        )


for _name, _title in TITLES.items():
    _add(_name, _title)


@router.get("/healthz")
async def healthz() -> Response:
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Ready when ledger and Temporal answer and the keys are the others'; what is not is named.

    Without the time limit of pages, which would answer a probe in words.
    """
    parts: Parts = request.app.state.parts
    ledger, temporal, keys = await asyncio.gather(
        ledger_answers(parts.pool), parts.health(), ledger_fits(parts.pool, parts.keys)
    )
    return readiness({"ledger": ledger, "temporal": temporal, **keys})
