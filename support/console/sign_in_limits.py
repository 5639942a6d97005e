"""Limits attempts to sign in by name and address, so that strangers keep nobody else out.

An attempt counts before the directory is asked, and `sign_ins_per_name` is below the directory's
own lock-out. Strangers may use up a part of it only. Some is left for the address from which this
name has signed in before, and more for the browser that has, whose cookie says so. One network
cannot use up what is left elsewhere. With a name that nobody has signed in with, there is no such
address or browser, so all is left for elsewhere. The directory
forgets failures when somebody signs in, and so does this limit. Accounts of the operators' file are
locked by no directory: strangers need many networks to use up what is left with their names.
"""

import re
from dataclasses import replace
from datetime import timedelta

from fastapi import Response

from ledger import budgets
from ledger.budgets import Bound
from support.console.console_request import ConsoleRequest
from web import forms
from web.cookies import Cookie
from web.limits import PROXY, Purpose, networks

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LEVELS = ("name", "name_without_cookie", "name_elsewhere")


class SignInLimits:
    """The limits of one attempt with this name."""

    def __init__(self, ctx: ConsoleRequest, name: str, token: str | None = None) -> None:
        self._ctx = ctx
        self.name = name.lower()
        days = ctx.app.settings.console.known_days
        self._known_for = timedelta(days)
        self._cookie = Cookie("desk-known", ctx.site.public_url, "strict", self._known_for)
        self._address = networks(ctx.host)["address"]
        self._token = token or self._cookie.read(ctx.request) or ""

    @property
    def token(self) -> str:
        """Return what the browser is known by, or comes to be known by."""
        if not _TOKEN.fullmatch(self._token):
            self._token = forms.draw() + forms.draw()
        return self._token

    async def count(self) -> None:
        """Count the attempt; raises `RateLimited` past a limit."""
        by_address = self._ctx.site.limits.by_address(Purpose.SIGN_INS, self._ctx.host)
        known = await self._is_known("browser", self._token)
        if self._ctx.app.sign_in.is_local(self.name):
            of_network = self._of_network(self._of_name[2].most)
            bounds = self._local[:1] if known else [self._local[1], of_network, *by_address]
        elif known:
            bounds = self._of_name[:1]
        elif await self._is_known("address", self._address):
            bounds = [*self._of_name[:2], by_address[0]]
        elif await self.is_name_known():
            few = max(self._of_name[2].most - 1, 1)
            bounds = [*self._of_name, self._of_network(few), *by_address]
        else:
            bounds = [self._of_name[0], self._of_network(self._of_name[2].most), *by_address]
        await self._ctx.site.limits.take(bounds)

    async def count_answer(self) -> None:
        """Count an answer of the provider, if it has not signed this browser in before."""
        if not await self._is_known("browser", self._token):
            await self._ctx.site.limits.take(
                self._ctx.site.limits.by_address(Purpose.SIGN_INS, self._ctx.host)
            )

    async def forget(self) -> None:
        """Forget the attempts with this name, after its password was right."""
        bounds = [*self._of_name, *self._local, self._of_network(1)]
        await budgets.forget(self._ctx.app.pool, [bound.bucket for bound in bounds])

    async def count_code(self) -> None:
        """Count a code after the right password, of known browsers apart; raises `RateLimited`."""
        await self._ctx.site.limits.take([await self._of_codes()])

    async def forget_codes(self) -> None:
        """Forget the codes that were tried, after a right one."""
        await budgets.forget(self._ctx.app.pool, [(await self._of_codes()).bucket])

    async def _of_codes(self) -> Bound:
        browser = "known" if await self._is_known("browser", self._token) else "unknown"
        keyed = f"{browser}:{self._index(self.name)}"
        return self._ctx.site.limits.by(Purpose.SECOND_FACTOR, "name", keyed)

    async def remember(self, response: Response) -> None:
        """Note that this name has signed in with this browser and from this address."""
        await self.remember_browser(response)
        for kind, value in (("address", self._address), ("name", self.name)):
            await self._keep(kind, value)

    async def remember_browser(self, response: Response) -> None:
        """Note that this name has signed in with this browser."""
        self._cookie.set(response, self.token)
        await self._keep("browser", self.token)

    async def _keep(self, kind: str, value: str) -> None:
        await budgets.keep(self._ctx.app.pool, self._known(kind, value), self._known_for)

    async def is_name_known(self) -> bool:
        """Return whether anybody has signed in with this name."""
        return await self._is_known("name", self.name)

    async def _is_known(self, kind: str, value: str) -> bool:
        if value in ("", PROXY):
            return False
        return await budgets.used(self._ctx.app.pool, self._known(kind, value)) > 0

    @property
    def _of_name(self) -> list[Bound]:
        rates, keyed = self._ctx.site.limits, self._index(self.name)
        return [rates.by(Purpose.SIGN_INS, level, f"{level}:{keyed}") for level in _LEVELS]

    @property
    def _local(self) -> list[Bound]:
        """The limits of an account of the operators' file: by known browser, and of all others."""
        rates, browser = self._ctx.site.limits, self._index(f"{self.name}\0{self._token}")
        return [
            rates.by(Purpose.SIGN_INS, "name", f"local_browser:{browser}"),
            rates.by(Purpose.SIGN_INS, "local_name", f"local:{self._index(self.name)}"),
        ]

    def _of_network(self, most: int) -> Bound:
        """Return the limit of attempts with the name from the client's network (/24, /48)."""
        network = [*networks(self._ctx.host).values()][-1]
        keyed = self._index(f"{self.name}\0{network}")
        return replace(self._of_name[2], bucket=f"{Purpose.SIGN_INS}:network:{keyed}", most=most)

    def _known(self, kind: str, value: str) -> str:
        return f"known:{self._index(chr(0).join((kind, self.name, value)))}"

    def _index(self, value: str) -> str:
        return self._ctx.app.keys.index("staff", value)
