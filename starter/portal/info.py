"""Pages that need no session: help and terms; and the probes."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from starter.health import ledger_answers, readiness
from starter.portal.visit import AnyVisit
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
    async def text(visit: AnyVisit) -> Response:
        file = f"texts/{name}.{visit.language}.html"
        return visit.page("text", title=visit.words.say(title), file=file)


for _name, _title in TITLES.items():
    _add(_name, _title)


@router.get("/healthz")
async def healthz() -> Response:
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(visit: AnyVisit) -> Response:
    """Ready when the ledger and Temporal answer; which of them does not is said by name."""
    parts = visit.parts
    ledger, temporal = await asyncio.gather(ledger_answers(parts.pool), parts.health())
    return readiness({"ledger": ledger, "temporal": temporal})
