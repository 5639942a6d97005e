"""Every page of the portal as some student meets it, with its mistakes, its outages and its ends.

Each scene is played on a portal of its own in this process, as the portal's own tests do; what it
answers is then shown to a real browser.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
from playwright.async_api import BrowserContext, Route

from domain import consent
from domain.contracts.submissions import Policy
from domain.contracts.views import IdentifyView, InsuranceView, Progress, Verdict
from domain.contracts.vocabulary import Language, Question, Step, WaitReason
from ledger import pauses
from postgres import Pool
from settings import Settings
from starter.client.connect import TemporalUnavailable
from starter.portal.app import assemble, create
from starter.portal.pause import Pauses
from tests.people import MARIA
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser, healthy, proved
from tests.starter.portal.engine import MemoryEngine, at
from tests.starter.portal.test_pages import INSURANCE, PASSWORD, PROVISIONING, REVIEW, put
from tests.starter.portal.test_second import HOUR, spent

PIN = at(Step.PIN, WaitReason.WAITING_PIN)
BEFORE = consent.review(
    MARIA.model_copy(update={"last_name_el": "Παπαδοπούλλου"}), "mpapadopou", "1"
)
TYPED = consent.review(
    MARIA, "mpapadopoulou", "1", InsuranceView(scheme="GR", masked="•••••••13", revision=1)
)
MARKED = REVIEW.model_copy(update={"review_before": BEFORE})
ASKED = at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY)
OUTAGE = at(Step.PROVISIONING, WaitReason.DIRECTORY_DOWN)


class Stage:
    """A portal with one student in front of it, at the place a scene begins with."""

    def __init__(self, stack: TestStack, pool: Pool, language: Language) -> None:
        portal = stack.settings.portal.model_copy(update={"public_url": HOST})
        self._settings = stack.settings.model_copy(update={"portal": portal})
        self._keys = stack.keys
        self._language = language
        self.pool = pool
        self.engine = MemoryEngine()
        self.open()

    def open(self, section: str = "portal", **changes: object) -> None:
        """Begin anew, with these settings of the section changed."""
        settings = self._with(section, changes)
        self.app = create(assemble(settings, self._keys, self.pool, self.engine, healthy))
        self.app.state.context = replace(self.app.state.context, pauses=Pauses(self.pool, fresh=0))
        self.browser = Browser(self.app, **{"Accept-Language": self._language})

    def _with(self, section: str, changes: Mapping[str, object]) -> Settings:
        changed = getattr(self._settings, section).model_copy(update=changes)
        return self._settings.model_copy(update={section: changed})

    async def stands(self, progress: Progress) -> None:
        await self.browser.give_contact()
        await proved(self.pool, self.browser)
        put(self.engine, progress)


Scene = Callable[[Stage], Awaitable[httpx.Response]]


def opened(path: str, progress: Progress | None = None, *, worker: bool = True) -> Scene:
    """Open a page, where an activation stands or without one."""

    async def play(stage: Stage) -> httpx.Response:
        if progress:
            await stage.stands(progress)
        stage.engine.worker = worker
        return await stage.browser.get(path)

    return play


def sent(
    path: str,
    progress: Progress | None = None,
    verdict: tuple[Verdict, Progress | None] | None = None,
    /,
    *,
    to: str | None = None,
    **fields: str,
) -> Scene:
    """Send the form of a page, and stay on what comes back."""

    async def play(stage: Stage) -> httpx.Response:
        if progress:
            await stage.stands(progress)
        await stage.browser.get(path)
        stage.engine.next = [verdict] if verdict else []
        return await stage.browser.post(to or path, **fields)

    return play


def requested(method: str, path: str, **more: object) -> Scene:
    async def play(stage: Stage) -> httpx.Response:
        return await stage.browser.http.request(method, path, **more)  # type: ignore[arg-type] # passed on

    return play


def pin(**more: object) -> Progress:
    assert PIN.pin
    return PIN.model_copy(update={"pin": PIN.pin.model_copy(update=more)})


def asking(question: Question) -> Progress:
    view = IdentifyView(question=question, tries_left=3)
    return at(Step.IDENTIFY, WaitReason.WAITING_IDENTITY, identify=view)


LOCKED = pin(locked_until=datetime.now(UTC) + timedelta(minutes=50))


# --- scenes that take more than one step ---------------------------------------------------------


async def contact_not_found(stage: Stage) -> httpx.Response:
    stage.engine.first = at(Step.NOT_FOUND)
    return await stage.browser.give_contact()


async def contact(stage: Stage) -> httpx.Response:
    await stage.browser.begin()
    return await stage.browser.get("/contact")


async def contact_empty(stage: Stage) -> httpx.Response:
    await stage.browser.begin()
    return await stage.browser.post("/contact", mobile="", email="")


async def contact_wrong(stage: Stage) -> httpx.Response:
    await stage.browser.begin()
    return await stage.browser.post("/contact", mobile="2710372128", email="μαρία@gmail.com")


async def contact_slip(stage: Stage) -> httpx.Response:
    await stage.browser.begin()
    typed = "maria.papadopoulou.2007@hotmial.com"
    return await stage.browser.post("/contact", mobile="6912345678", email=typed)


async def problem_known(stage: Stage) -> httpx.Response:
    await stage.stands(REVIEW)
    return await stage.browser.get("/problem")


async def barrier_again(stage: Stage) -> httpx.Response:
    """Stay on the page that does not send itself."""
    stage.open(barrier="always", barrier_tries=1)
    await stage.browser.give_contact()
    return await stage.browser.post("/contact", number_found="x")


async def uniform(stage: Stage, *pins: str) -> httpx.Response:
    stage.open(disclosure="uniform")
    await stage.stands(PIN)
    page = await stage.browser.get("/pin")
    for each in pins:
        stage.engine.next = [(Verdict.WRONG, None)]
        page = await stage.browser.post("/pin", pin=each)
    return page


async def done_without_services(stage: Stage) -> httpx.Response:
    stage.open("institution", services=(), password_reset_url="")
    await stage.stands(at(Step.ACTIVE))
    return await stage.browser.get("/done")


async def session_over(stage: Stage) -> httpx.Response:
    stage.browser.http.cookies["session"] = secrets.token_hex(32)
    await stage.browser.get("/pin")
    return await stage.browser.get("/who?again")


async def continued(stage: Stage) -> httpx.Response:
    await stage.stands(PASSWORD)
    holder = stage.engine.started[0].reference
    other = Browser(stage.app)
    await other.give_contact()
    stage.engine.put(stage.engine.started[1].reference, at(Step.JOINED, joined_to=holder))
    await other.get("/password")
    return await stage.browser.get("/continued")


async def paused(stage: Stage, path: str, **fields: str) -> httpx.Response:
    if fields:
        await stage.browser.begin()
    await pauses.begin(
        stage.pool,
        el="Η Γραμματεία κάνει εργασίες έως τις 18:00. Ελάτε ξανά μετά.",
        en="The secretariat's systems are being serviced until 18:00. Please come back then.",
    )
    try:
        if fields:
            return await stage.browser.post(path, **fields)
        return await stage.browser.get(path)
    finally:
        await pauses.end(stage.pool)


async def problem_sent(stage: Stage) -> httpx.Response:
    await stage.stands(PIN)
    await stage.browser.get("/problem")
    fields = {"name": "Μαρία", "reply_to": "maria@mail.example", "text": "Δεν ήρθε ο κωδικός."}
    assert (await stage.browser.post("/problem", **fields)).status_code == 303
    return await stage.browser.get("/problem?sent")


async def too_often(stage: Stage) -> httpx.Response:
    stage.open("limits", help_per_address=0)
    await stage.browser.get("/problem")
    fields = {"name": "Μαρία", "reply_to": "maria@mail.example", "text": "Δεν ήρθε ο κωδικός."}
    return await stage.browser.post("/problem", **fields)


async def broken(stage: Stage) -> httpx.Response:
    await stage.stands(PIN)
    stage.engine.away = ValueError("a bug")
    return await stage.browser.get("/pin")


async def away(stage: Stage, path: str, progress: Progress, **fields: str) -> httpx.Response:
    await stage.stands(progress)
    await stage.browser.get(path)
    stage.engine.away = TemporalUnavailable()
    if fields:
        return await stage.browser.post(path, **fields)
    return await stage.browser.get(path)


async def forged(stage: Stage) -> httpx.Response:
    await stage.browser.begin()
    stage.browser.hidden.clear()
    return await stage.browser.post("/contact", mobile="6912345678")


SCENES: Mapping[str, Scene] = {
    "start": opened("/"),
    "help": opened("/help"),
    "terms": opened("/terms"),
    "privacy": opened("/privacy"),
    "accessibility": opened("/accessibility"),
    "password-help": opened("/password-help"),
    "who": opened("/who"),
    "who-error": sent("/who"),
    "who-again": session_over,
    "who-continue": opened("/who?continue"),
    "contact": contact,
    "contact-empty": contact_empty,
    "contact-wrong": contact_wrong,
    "contact-slip": contact_slip,
    "contact-not-found": contact_not_found,
    "barrier-again": barrier_again,
    "pin": opened("/pin", PIN),
    "pin-error": sent("/pin", PIN, pin="12"),
    "pin-wrong": sent("/pin", PIN, (Verdict.WRONG, pin(tries_left=1)), pin="123456"),
    "pin-expired": opened("/pin", pin(expires_at=datetime.now(UTC) - timedelta(minutes=1))),
    "pin-expired-error": sent("/pin", PIN, (Verdict.EXPIRED, PIN), pin="123456"),
    "pin-locked": opened("/pin", LOCKED.model_copy(update={"wait_reason": WaitReason.PIN_LOCKED})),
    "pin-locked-error": sent("/pin", PIN, (Verdict.LOCKED, LOCKED), pin="123456"),
    "pin-sent": opened("/pin?sent", PIN),
    "pin-waits": opened("/pin", pin(resend_at=datetime.now(UTC) + timedelta(hours=2))),
    "pin-too-soon": sent("/pin", PIN, (Verdict.TOO_SOON, None), to="/pin/resend", channel="sms"),
    "pin-none-sent": opened("/pin", spent(None)),
    "pin-kept": opened("/pin", spent(-HOUR)),
    "pin-kept-later": opened("/pin", spent(HOUR, 9 * HOUR)),
    "pin-kept-empty": sent(
        "/pin",
        spent(-HOUR),
        (Verdict.TOO_SOON, None),
        to="/pin/resend",
        channel="sms",
        answer="",
    ),
    "pin-on-request": opened("/pin", pin(on_request=True)),
    "pin-late": opened("/pin", PIN.model_copy(update={"wait_reason": WaitReason.SMS_DOWN})),
    "pin-uniform": uniform,
    "pin-uniform-error": lambda stage: uniform(stage, "12"),
    "pin-uniform-locked": lambda stage: uniform(stage, *["123456"] * (Policy().pin_tries + 1)),
    "identify": opened("/identify", ASKED),
    "identify-four": opened("/identify", asking(Question.INSURANCE_LAST_FOUR)),
    "identify-number": opened("/identify", asking(Question.STUDENT_NUMBER)),
    "identify-wrong": sent("/identify", ASKED, (Verdict.WRONG, ASKED), answer="1.1.2007"),
    "insurance": opened("/insurance", INSURANCE),
    "insurance-wrong": sent("/insurance", INSURANCE, number="01010500014"),
    "insurance-other": opened("/insurance/other", INSURANCE),
    "insurance-other-empty": sent("/insurance/other", INSURANCE, scheme="", number=""),
    "insurance-other-wrong": sent("/insurance/other", INSURANCE, scheme="CY", number="ab?"),
    "review": opened("/review", REVIEW),
    "review-changed": sent("/review", REVIEW, (Verdict.STALE, REVIEW), decision="agree"),
    "review-insured": opened("/review", REVIEW.model_copy(update={"review": TYPED})),
    "review-marked": opened("/review", MARKED),
    "dispute": opened("/review/wrong", REVIEW),
    "dispute-empty": sent("/review/wrong", REVIEW, to="/review", decision="dispute", note=""),
    "disputed": opened("/review", at(Step.REVIEW, WaitReason.DATA_DISPUTED)),
    "password": opened("/password", PASSWORD),
    "password-weak": sent("/password", PASSWORD, password="mpapadopoulou"),
    "password-refused": opened(
        "/password",
        at(Step.PASSWORD, WaitReason.WAITING_PASSWORD, password_refusal="used_before"),
    ),
    "suggestion-none": sent("/password", PASSWORD, suggestion="9"),
    "suggestion-both": sent("/password", PASSWORD, suggestion="1", password="vrasto-kerasi"),
    "progress": opened("/progress", PROVISIONING),
    "progress-outage": opened("/progress", OUTAGE),
    "progress-look-up": opened("/progress", at(Step.LOOKUP, WaitReason.REGISTRAR_DOWN)),
    "progress-received": opened("/progress?received", PASSWORD, worker=False),
    "with-support": opened("/progress", at(Step.NEEDS_SUPPORT, WaitReason.USERNAME_CONFLICT)),
    "done": opened("/done", at(Step.ACTIVE)),
    "done-without-services": done_without_services,
    "already-active": opened("/ended", at(Step.ALREADY_ACTIVE)),
    "expired": opened("/ended", at(Step.EXPIRED)),
    "cancelled": opened("/ended", at(Step.CANCELLED)),
    "stopped": opened("/ended", at(Step.CANCELLED, WaitReason.NOT_ME)),
    "continued": continued,
    "start-paused": lambda stage: paused(stage, "/"),
    "paused": lambda stage: paused(stage, "/who"),
    "paused-elsewhere": lambda stage: paused(stage, "/who?continue"),
    "paused-ended": lambda stage: paused(stage, "/who?again=sent"),
    "paused-form": lambda stage: paused(stage, "/contact", mobile="6912345678", email=""),
    "problem": opened("/problem"),
    "problem-of-mine": opened("/problem", PIN),
    "problem-known": problem_known,
    "problem-wrong": sent("/problem", name="", reply_to="a@gmial.com", phone="2710", text=""),
    "problem-empty": sent("/problem", name="", reply_to="", text=""),
    "problem-sent": problem_sent,
    "not-me": opened("/not-me?mark=A-7K3F"),
    "not-me-empty": sent("/not-me", mark="", pin=""),
    "not-me-unknown": sent("/not-me", mark="A-0000", pin="123456"),
    "not-me-received": opened("/not-me?received"),
    "not-me-late": opened("/not-me?late"),
    "not-me-stopped": opened("/not-me?stopped"),
    "error-400": requested("GET", "/", headers={"Host": "another.example"}),
    "error-403": forged,
    "error-404": opened("/no-such-page"),
    "error-405": requested("PUT", "/pin"),
    "error-413": requested("POST", "/contact", content=b"x" * 20_000),
    "error-429": too_often,
    "error-500": broken,
    "error-503": lambda stage: away(stage, "/pin", PIN),
    "error-503-pin": lambda stage: away(stage, "/pin", PIN, pin="123456"),
    "error-503-password": lambda stage: away(
        stage, "/password", PASSWORD, password="vrasto-kerasi-plateia-9"
    ),
}


@dataclass(frozen=True)
class Picture:
    """What a scene answered, and the portal whose style and scripts it needs."""

    url: str
    response: httpx.Response
    _http: httpx.AsyncClient

    @asynccontextmanager
    async def hung(self, context: BrowserContext) -> AsyncIterator[None]:
        """Let this context's pages see it, and nothing of another origin."""

        async def answer(route: Route) -> None:
            asked = route.request.url
            if not asked.startswith(f"{HOST}/"):
                await route.abort()
                return
            here = asked == self.url or route.request.resource_type in ("document", "fetch")
            response = self.response if here else await self._http.get(asked)
            kept = {
                name: value
                for name, value in response.headers.items()
                if name not in ("content-encoding", "content-length", "set-cookie")
            }
            await route.fulfill(status=response.status_code, headers=kept, body=response.content)

        await context.route("**/*", answer)
        yield
        await context.unroute_all(behavior="ignoreErrors")


async def play(name: str, stack: TestStack, pool: Pool, language: Language) -> Picture:
    stage = Stage(stack, pool, language)
    response = await SCENES[name](stage)
    assert response.status_code != 303, f"{name} leads to {response.headers['location']}"
    return Picture(f"{HOST}{response.request.url.path}", response, Browser(stage.app).http)
