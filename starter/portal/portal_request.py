"""One request of one browser: its language, session and form, and the answers it can get."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from domain.contracts.vocabulary import Language
from domain.text import note
from ledger import activations, clock
from ledger.sessions import Session
from postgres import NO_RESULT, Pool
from security.keyfiles import KeyUnavailable
from security.keys import KeyRing
from settings import Settings
from starter import pages
from starter.client.connect import TemporalUnavailable
from starter.portal import page_state
from starter.portal.admission import Admission
from starter.portal.page_state import Engine, PageState
from starter.portal.pause import Pauses
from starter.portal.sessions import Sessions
from starter.portal.texts import Texts
from starter.portal.wording import Wording
from web import forms
from web.language import choose
from web.shield import answered_within
from web.view import Errors, Views

Health = Callable[[], Awaitable[bool]]

SECRET = frozenset({"pin", "password", "number", "answer"})
"""What no page shows again, so that it has to be typed once more."""
_WITHIN = 2.75
"""Seconds until every page answers, whatever is away; students are promised three."""
_ASKING = 2.4
"""Seconds of them for asking the engine; the rest is the ledger's and the page's."""
_AFTERWARDS = 1.0
"""Seconds that are left at least once something was taken in, for the new token and the page."""
_AT_ONCE = 0.2
"""Seconds for what a failure's page would tell as well, if it can."""
_VEILED_AFTER = 0.5
"""Seconds before which no page tells anything of a contact that may not be on file."""


@dataclass(frozen=True)
class PortalContext:
    """What every request shares."""

    settings: Settings
    keys: KeyRing
    pool: Pool
    engine: Engine
    views: Views
    sessions: Sessions
    wordings: Mapping[Language, Wording]
    pauses: Pauses
    texts: Texts
    admission: Admission
    health: Health


@dataclass(frozen=True)
class HandedIn:
    """What became of what a request hands in, for the page that tells a later failure.

    `taken` None: nobody knows. `onward` is where the browser goes on in place of that page.
    """

    taken: bool | None = False
    onward: str | None = None


class Elsewhere(Exception):
    """The page asked for is not this student's next one; `path` is."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class SessionEnded(Elsewhere):
    """This browser has no session; it may have had one when it was shown the form it sends."""


class PortalRequest:
    """What a route works with."""

    def __init__(self, request: Request, limit: asyncio.Timeout | None = None) -> None:
        self.request = request
        self._limit = limit
        self._asks_until = asyncio.get_running_loop().time() + _ASKING
        self.app: PortalContext = request.app.state.context
        self.language = choose(
            request,
            self.app.sessions.language(request),
            self.app.settings.institution.default_language,
        )
        self.words = self.app.wordings[self.language]
        # A failure's page is another visit of the same request, and hands over the new token too.
        self._fresh: str | None = getattr(request.state, "fresh", None)
        self.token = self._fresh or self.app.sessions.token(request)
        self.form_token = forms.draw()
        self._failed = False
        self._submission_id: str | None = None

    # --- who asks -----------------------------------------------------------------------------

    async def session(self) -> Session:
        """Return this browser's session; without one it starts first."""
        session = await self.own()
        if session is None:
            raise self._ended()
        return session

    async def own(self) -> Session | None:
        """Return this browser's session, if it has one."""
        sessions, token, sent = self.app.sessions, self.token, self._submission_id
        session = await sessions.find(token, sent)
        if session and session.replaced and token and sent:
            self._keep(sessions.successor(token, sent))
        return session

    def _ended(self) -> SessionEnded:
        again = "?again=sent" if self.request.method == "POST" else "?again"
        return SessionEnded(page_state.START + (again if self.token else ""))

    async def here(self) -> Session:
        """Return this browser's session, unless its activation goes on in another browser."""
        session = await self.session()
        if session.superseded:
            raise Elsewhere(page_state.CONTINUED)
        return session

    async def state(self) -> PageState:
        """Return where this student stands, moved on to the activation that goes on elsewhere."""
        session = await self.here()
        if session.reference is None:
            raise Elsewhere("/contact")
        state = await self.state_of(session, session.reference)
        if state.progress and state.progress.joined_to:
            return await self._take_over(state, state.progress.joined_to)
        return state

    async def state_of(self, session: Session, reference: str) -> PageState:
        """Return where the session's activation stands; raises as `check`."""
        state = await self.find(reference, proved=bool(session.proofs))
        self.check(session, state)
        return state

    def check(self, session: Session, state: PageState) -> None:
        """Raise `SessionEnded` where the contact was proved, and not by a submission of this one.

        A request that met its session just before the proof is caught here: what is drawn or done
        comes from the same answer of the activation that names the proof.
        """
        if state.progress:
            ours = (None, self._submission_id, *session.proofs)
            allowed = state.progress.proved_by in ours
        else:
            allowed = bool(session.proofs) or not pages.proved(state.step, state.wait_reason)
        if not allowed:
            raise self._ended()

    async def find(self, reference: str, *, proved: bool) -> PageState:
        """Return where this activation stands, as far as this portal may tell this browser."""
        state = await page_state.find(self.app.engine, reference)
        if state.step in page_state.NAMED and not state.username:
            context = self.app
            noted = await activations.account(context.pool, context.keys, reference)
            state = replace(state, noted_username=noted)
        told = self.as_told(state, proved=proved)
        if told.concealed:
            await self.not_before(_VEILED_AFTER)
        return told

    def as_told(self, state: PageState, *, proved: bool = False) -> PageState:
        return page_state.conceal(state, proved=proved) if self.protects_enumeration else state

    @property
    def protects_enumeration(self) -> bool:
        return self.app.settings.portal.disclosure == "uniform"

    async def state_on(self, path: str) -> PageState:
        """As `state`, when this page is the student's; raises `Elsewhere` with the true one."""
        state = await self.state()
        if state.path != path:
            raise Elsewhere(state.path)
        return state

    async def form(self) -> forms.Form:
        """Return the submitted form; raises `forms.Forged`.

        It is read once, with the token it was sent with: the session may have begun anew since.
        """
        form: forms.Form | None = getattr(self.request.state, "form", None)
        if form is None:
            public_url = self.app.settings.portal.public_url
            form = self.request.state.form = await forms.submitted(
                self.request, public_url, self.app.keys.session_key, self.token
            )
        self._submission_id = form.submission_id
        return form

    async def now(self) -> datetime:
        """Return the ledger's time; this portal's own clock may be wrong."""
        return await clock.now(self.app.pool)

    def left(self) -> timedelta:
        """Return how long the engine may still be asked; never nothing, so that it is asked."""
        left = self._asks_until - asyncio.get_running_loop().time()
        return timedelta(seconds=max(left, 0.3))

    async def not_before(self, seconds: float) -> None:
        """Answer no sooner than so long after the request came, so that its time tells nothing."""
        await asyncio.sleep(
            self._asks_until - _ASKING + seconds - asyncio.get_running_loop().time()
        )

    async def known(self) -> str | None:
        """Return this browser's activation if it can be told at once."""
        with suppress(KeyUnavailable, *NO_RESULT):
            async with asyncio.timeout(_AT_ONCE):
                session = await self.own()
                return session.reference if session else None
        return None

    async def typed(self, reference: str) -> dict[str, str]:
        """Return the mask of each contact this browser began with, by channel."""
        box = (await self.session()).typed
        if box is None:
            return {}
        typed: dict[str, str] = json.loads(self.app.keys.decrypt("typed", reference, box))
        return typed

    # --- what is handed in --------------------------------------------------------------------

    @property
    def handed_in(self) -> HandedIn:
        """Return what became of it; a failure's page is another visit of the same request."""
        handed_in: HandedIn = getattr(self.request.state, "handed_in", HandedIn())
        return handed_in

    @contextmanager
    def handing_in(self, at_last: timedelta = timedelta()) -> Iterator[None]:
        """Hand something in: from here on only an answer, or a sure refusal, tells whether.

        That is worth waiting for, for so long at the most where whoever takes it may be busy.
        """
        self.request.state.handed_in = HandedIn(taken=None)
        self.not_cut_for(at_last.total_seconds())
        try:
            yield
        except TemporalUnavailable as away:
            if away.refused:
                self.request.state.handed_in = HandedIn()
            raise
        self.taken()
        self.not_cut_for(_AFTERWARDS)

    def not_cut_for(self, seconds: float) -> None:
        """Give this page so many seconds from now on, if it has less."""
        if self._limit:
            until = asyncio.get_running_loop().time() + seconds
            self._limit.reschedule(max(self._asks_until - _ASKING + _WITHIN, until))

    def taken(self, onward: str | None = None) -> None:
        self.request.state.handed_in = HandedIn(taken=True, onward=onward)

    # --- what changes -------------------------------------------------------------------------

    async def begin(self) -> None:
        self._keep(await self.app.sessions.begin(self.token))

    async def attach(self, reference: str, typed: Mapping[str, str]) -> None:
        """Let this session stand for an activation; like each rise, it brings another token."""
        box = self._sealed(reference, typed)
        if self.token and self._submission_id:
            sessions = self.app.sessions
            self._keep(await sessions.attach(self.token, self._submission_id, reference, box))

    def _sealed(self, reference: str, typed: Mapping[str, str]) -> bytes:
        return self.app.keys.encrypt("typed", reference, json.dumps(typed))

    async def _take_over(self, joined: PageState, reference: str) -> PageState:
        """Move to the activation that goes on, as soon as it can be told who proved it."""
        holder = await self.find(reference, proved=True)
        if holder.step and holder.progress is None:
            return joined
        proof = holder.progress.proved_by if holder.progress else None
        if self.token:
            typed = self._sealed(reference, await self.typed(joined.reference))
            await self.app.sessions.take_over(self.token, reference, proof, typed)
        return holder

    async def rotate(self) -> None:
        """Give this session another token: what the old one was worth has just risen."""
        if self.token and self._submission_id:
            self._keep(await self.app.sessions.rotate(self.token, self._submission_id))

    async def end(self) -> Response:
        """End this session, and lead a browser that remembers nothing of it to the first page."""
        if self.token:
            await self.app.sessions.end(self.token)
        response = RedirectResponse("/", 303)
        self.app.sessions.forget(response)
        return response

    # --- what is answered ---------------------------------------------------------------------

    def page(
        self,
        name: str,
        *,
        status: int | None = None,
        errors: Errors | None = None,
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """Render a page; with errors it is the same page again, and 422 unless told otherwise."""
        html = self.app.views.page(
            name,
            self.language,
            path=self.request.url.path,
            hidden=self._hidden,
            errors=errors or {},
            **context,
        )
        return self._dress(HTMLResponse(html, status or (422 if errors else 200), headers))

    def see(self, path: str) -> Response:
        """Send the browser to another page of ours."""
        return self._dress(RedirectResponse(path, 303))

    async def error(
        self, status: int, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Response:
        """Render the page of a failure; a `form` among `more` comes back in it, but secrets.

        The ledger is asked for this browser's activation unless `more` has its `reference`.
        """
        self._failed = True
        heading, sentence = self.words.status(status)
        context = {"heading": heading, "sentence": sentence, "secret": SECRET, **more}
        if form := more.get("form"):
            context["form"] = self.kept(form)
        if "reference" not in more:
            context["reference"] = await self.known()
        return self.page("error", status=status, headers=headers, **context)

    def kept(self, form: forms.Form) -> forms.Form:
        """Return a form as a page may carry it: what no keyboard types would make that invalid."""
        return replace(form, fields=tuple((name, note(value)) for name, value in form.fields))

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        """Tell from what time of day on something may be done: never a moment too early."""
        unit = timedelta(seconds=1) if seconds else timedelta(minutes=1)
        whole = moment + unit - timedelta.resolution
        return self.app.views.clock(whole, self.language, seconds=seconds)

    def _keep(self, token: str | None) -> None:
        """Hand this token to the browser; None leaves it the one it has."""
        if token:
            self.token = self._fresh = self.request.state.fresh = token

    def _hidden(self) -> Markup:
        """Return the fields every form carries; a new browser gets a token for them."""
        if not self.token:
            self._keep(self.app.sessions.draw())
        assert self.token is not None  # noqa: S101 - drawn a line above
        # A failure's page is drawn without the key too; its form would be refused.
        with suppress(*((KeyUnavailable,) if self._failed else ())):
            return forms.hidden(self.app.keys.session_key, self.token, self.form_token)
        return Markup()

    def _dress(self, response: Response) -> Response:
        if self._fresh:
            self.app.sessions.keep(response, self._fresh)
        if "lang" in self.request.query_params:
            self.app.sessions.keep_language(response, self.language)
        return response


async def ctx(request: Request) -> AsyncIterator[PortalRequest]:
    """Give a route its visit; time that runs out is answered as a part that is away."""
    await request.body()  # A slow line is no part of ours that is away.
    async with answered_within(request, _WITHIN) as limit:
        yield PortalRequest(request, limit)


CurrentRequest = Annotated[PortalRequest, Depends(ctx)]
