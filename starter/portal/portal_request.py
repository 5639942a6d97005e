"""The context of one request of the portal: its session, its activation's state, its pages."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response
from markupsafe import Markup

from domain.contracts.views import Progress
from domain.text import note
from ledger import activations, clock
from ledger.refusals import passed_over
from ledger.sessions import Session
from security import log_context
from security.keyfiles import KeyUnavailable
from starter import page_state, pages
from starter.page_state import PageState
from starter.portal import newest
from starter.portal.portal_context import PortalContext
from starter.portal.redirects import RedirectTo, SessionEnded
from starter.portal.sessions import SessionTime
from starter.portal.time_limit import TimeLimit
from web import forms, times
from web.context import RequestContext, in_time
from web.limits import Purpose

SECRET = frozenset({"pin", "password", "number", "answer"})
"""Fields that no page shows again, so that they have to be typed again."""


class PortalRequest(RequestContext):
    """The context that a route of the portal gets."""

    def __init__(self, request: Request, limit: asyncio.Timeout | None = None) -> None:
        self.app: PortalContext = request.app.state.context
        super().__init__(request, self.app.site)
        self.time = TimeLimit(request, limit)
        self.words = self.app.wordings[self.language]
        # An error page is rendered for the same request, and sets the new token too.
        self._fresh: str | None = getattr(request.state, "fresh", None)
        self.token = self._fresh or self.token
        self._failed = False
        self._submission_id: str | None = None
        self._found: PageState | None = None
        self._read: tuple[Session, float] | None = None
        self.counted: Session | None = None

    # --- session and state --------------------------------------------------------------------

    async def session(self, *, take: bool = False, counts: str | None = None) -> Session:
        """Return this browser's session; raises `SessionEnded` without one."""
        session = await self.find_session(take=take, counts=counts)
        if session is None:
            raise self._session_ended()
        return session

    async def find_session(
        self, *, take: bool = False, counts: str | None = None
    ) -> Session | None:
        """Return this browser's session, or None; `counts` is a submission to count for it.

        `take`: with the newest answer of the engine. What is sent makes that old.
        """
        sessions, token, sent = self.app.sessions, self.token, self._submission_id
        take, used = take or self._sends, not self.by_itself
        session = await sessions.find(token, sent, take=take, counts=counts, used=used)
        if session and session.reference:
            log_context.about(session.reference)
        if session and session.told_at:
            self._read = session, time.monotonic()
        if session and session.replaced and token and sent:
            self._keep(sessions.successor(token, sent))
        return session

    async def found_session(self) -> Session | None:
        """Return the session that this request has read before, or read it."""
        return self._read[0] if self._read else await self.find_session()

    def _session_ended(self) -> SessionEnded:
        again = "?again=sent" if self.request.method == "POST" else "?again"
        return SessionEnded(page_state.START + (again if self.token else ""))

    @property
    def _sends(self) -> bool:
        return self.request.method == "POST"

    async def active_session(self, *, take: bool = False, counts: str | None = None) -> Session:
        """Return this browser's session; raises `RedirectTo` if another browser took it over."""
        session = await self.session(take=take, counts=counts)
        if session.superseded:
            raise RedirectTo(page_state.CONTINUED)
        return session

    async def state(self, *, waiting: bool = False) -> PageState:
        """Return the state of this student's activation, or of the one that it joined.

        `waiting`: for the waiting page, which asks no worker where it need not.
        """
        session = await self.active_session(take=True)
        if session.reference is None:
            raise RedirectTo("/contact")
        state = await self.state_of(session, session.reference, waiting=waiting)
        if state.progress and state.progress.joined_to:
            state = await self._take_over(state, state.progress.joined_to)
        self._found = state
        return state

    async def found_state(self) -> PageState:
        """Return the state that this request has found before, or find it."""
        return self._found or await self.state()

    async def state_of(
        self, session: Session, reference: str, *, waiting: bool = False
    ) -> PageState:
        """Return the state of the session's activation; raises as `check`."""
        kept = None if self._sends else newest.opened(self.app.keys, session)
        proved = bool(session.proofs)
        state = await self.find(reference, proved=proved, kept=kept, waiting=waiting)
        self.check(session, state)
        return state

    def check(self, session: Session, state: PageState) -> None:
        """Raise `SessionEnded` if the contact was proved by a submission of another session.

        This also catches a request that read its session just before the proof: the state used for
        the page comes from the same answer of the activation as `proved_by`.
        """
        if state.progress:
            ours = (None, self._submission_id, *session.proofs)
            allowed = state.progress.proved_by in ours
        else:
            allowed = bool(session.proofs) or not pages.proved(state.step, state.wait_reason)
        if not allowed:
            raise self._session_ended()

    async def find(
        self,
        reference: str,
        *,
        proved: bool,
        kept: Progress | None = None,
        waiting: bool = False,
    ) -> PageState:
        """Return the state of this activation, as far as it may be disclosed to this browser.

        `kept` is the newest answer, if it may serve this page; else the engine is asked.
        """
        engine = self.app.engine
        if kept:
            state = page_state.of(kept)
        elif waiting:
            uniform = self.protects_enumeration
            state = await page_state.find_waiting(engine, reference, proved=proved, uniform=uniform)
        else:
            state = await page_state.find(engine, reference)
        if state.step in page_state.NAMED and not state.username:
            context = self.app
            noted = await activations.username(context.pool, context.keys, reference, or_found=True)
            state = replace(state, noted_username=noted)
        shown = self.disclosed(state, proved=proved)
        if shown.concealed:
            await self.time.not_before(times.CONCEALED_SECONDS)
        return shown

    def disclosed(self, state: PageState, *, proved: bool = False) -> PageState:
        return page_state.conceal(state, proved=proved) if self.protects_enumeration else state

    @property
    def protects_enumeration(self) -> bool:
        return self.app.settings.portal.disclosure == "uniform"

    async def state_on(self, path: str) -> PageState:
        """Return `state` if its page is `path`; raises `RedirectTo` with the right page if not."""
        state = await self.state()
        if state.path != path:
            raise RedirectTo(state.path)
        return state

    async def form(self) -> forms.Form:
        """Return the submitted form, whose submission is then this request's."""
        form = await super().form()
        self._submission_id = form.submission_id
        return form

    async def count_genuine(self) -> None:
        """Count a POST by its session if that has an activation, else by the client's address.

        Whoever has given a contact is not kept out by others at the address.
        """
        limits, token = self.site.limits, self.token or ""
        by_address = limits.by_address(Purpose.POSTS, self.host)
        taken = await self.app.sessions.take_form(token, limits.of_session(token), by_address)
        limits.check(taken)

    async def now(self) -> datetime:
        """Return the ledger's time, because this machine's clock may be wrong.

        The session was read with it; the time since then is measured without a clock.
        """
        return self._now() or await clock.now(self.app.pool)

    def _now(self) -> datetime | None:
        if self._read is None or self._read[0].told_at is None:
            return None
        return self._read[0].told_at + timedelta(seconds=time.monotonic() - self._read[1])

    def session_time(self) -> SessionTime | None:
        """Return how long the session lasts from now on; None if this request read none."""
        now = self._now()
        return self.app.sessions.time_left(self._read[0], now) if self._read and now else None

    def shared(self) -> dict[str, Any]:
        return {"session_time": self.session_time()}

    async def known_reference(self) -> str | None:
        """Return the reference of this browser's activation if the ledger answers at once."""
        with suppress(KeyUnavailable), passed_over():
            async with asyncio.timeout(times.REFERENCE_SECONDS):
                session = await self.find_session()
                return session.reference if session else None
        return None

    async def typed(self, reference: str) -> dict[str, str]:
        """Return what this browser typed, as `typed_contacts.of` has made it."""
        session = await self.found_session()
        if session is None or session.typed is None:
            return {}
        typed: dict[str, str] = json.loads(self.app.keys.decrypt("typed", reference, session.typed))
        return typed

    # --- changes of the session ---------------------------------------------------------------

    async def begin(self) -> None:
        self._keep(await self.app.sessions.begin(self.token))

    async def attach(self, reference: str, typed: Mapping[str, str]) -> None:
        """Attach this session to an activation, and rotate its token."""
        box = self._sealed(reference, typed)
        if self.token and self._submission_id:
            sessions = self.app.sessions
            self._keep(await sessions.attach(self.token, self._submission_id, reference, box))

    def _sealed(self, reference: str, typed: Mapping[str, str]) -> bytes:
        return self.app.keys.encrypt("typed", reference, json.dumps(typed))

    async def keep(self, progress: Progress) -> bool:
        """Keep an answer of the engine for the page after the redirect.

        Returns False if it, or a newer one, was kept before.
        """
        if self.token and (sealed := newest.sealed(self.app.keys, progress)):
            with passed_over():  # The page after it asks the engine then.
                async with asyncio.timeout(times.KEEP_SECONDS):
                    return await self.app.sessions.keep(self.token, sealed)
        return True

    async def _take_over(self, joined: PageState, reference: str) -> PageState:
        """Move the session to the joined activation, once a worker tells who proved it."""
        holder = await self.find(reference, proved=True)
        if holder.step and holder.progress is None:
            return joined
        proof = holder.progress.proved_by if holder.progress else None
        if self.token:
            typed = self._sealed(reference, await self.typed(joined.reference))
            await self.app.sessions.take_over(self.token, reference, proof, typed)
        return holder

    async def rotate(self, progress: Progress | None = None) -> bool:
        """Rotate this session's token, because the session has gained rights.

        Keeps the answer that gives them, and returns the same as `keep`.
        """
        if not (self.token and self._submission_id):
            return True
        sealed = newest.sealed(self.app.keys, progress) if progress else None
        token, kept = await self.app.sessions.rotate(self.token, self._submission_id, sealed)
        self._keep(token)
        return kept

    # --- responses ----------------------------------------------------------------------------

    async def error(
        self, status: int, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Response:
        """Render an error page; it contains the `form` in `more` again, without its secrets.

        The ledger is asked for this browser's activation unless `more` has its `reference`.
        """
        self._failed = True
        heading, sentence = self.words.status(status)
        context = {"heading": heading, "sentence": sentence, "secret": SECRET, **more}
        if form := more.get("form"):
            context["form"] = self.kept(form)
        if "reference" not in more:
            context["reference"] = await self.known_reference()
        return self.page("error", status=status, headers=headers, **context)

    def kept(self, form: forms.Form) -> forms.Form:
        """Return a form that a page may contain: without characters that are invalid in HTML."""
        return replace(form, fields=tuple((name, note(value)) for name, value in form.fields))

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        """Format the time from which something is allowed, rounded up to a minute or second."""
        return self.site.views.clock_up(moment, self.language, seconds=seconds)

    def _keep(self, token: str | None) -> None:
        """Set this token in the response's cookie; None keeps the current one."""
        if token:
            self.token = self._fresh = self.request.state.fresh = token

    def draw_token(self) -> str:
        self._keep(self.app.sessions.draw())
        assert self.token is not None  # noqa: S101 - drawn a line above
        return self.token

    def hidden_fields(self) -> Markup:
        # Without the key an error page is rendered without a form, which would be refused.
        with suppress(*((KeyUnavailable,) if self._failed else ())):
            return super().hidden_fields()
        return Markup()

    def with_cookies(self, response: Response) -> Response:
        if self._fresh:
            self.site.session_cookie.set(response, self._fresh)
        return super().with_cookies(response)


async def portal_request(request: Request) -> AsyncIterator[PortalRequest]:
    """Yield a route's request context, under the time limit; a time-out is answered with 503."""
    async with in_time(request, times.PAGE_SECONDS) as limit:
        yield PortalRequest(request, limit)


UncountedRequest = Annotated[PortalRequest, Depends(portal_request)]
"""For a route that counts its POST itself."""


async def _counted(ctx: UncountedRequest) -> PortalRequest:
    await ctx.count_post()
    return ctx


CurrentRequest = Annotated[PortalRequest, Depends(_counted)]
