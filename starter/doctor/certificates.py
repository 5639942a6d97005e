"""Checks when the certificates end of the servers that a process uses, and our own."""

from collections.abc import Collection
from datetime import UTC, datetime

from adapters.findings import Finding, Findings
from security.purposes import User
from settings import Settings
from starter.client import certificates

_ALWAYS = frozenset({"ledger", "temporal"})
_MORE = {
    "alerts": frozenset({"webhook", "monitor"}),
    "console": frozenset({"console", "sign_in"}),
}


async def check(settings: Settings, users: Collection[User], needed: frozenset[str]) -> Findings:
    """Yield a line for each certificate; what does not answer is told by the check of its system.

    `needed` are the sections of the settings that these processes read.
    """
    systems = _ALWAYS | needed.union(*(_MORE.get(each, ()) for each in needed))
    if User.PORTAL in users:
        systems |= {"portal"}
    for seen in await certificates.look(settings, systems):
        if seen.end:
            over = seen.end < datetime.now(UTC)
            soon = seen.ends_within(settings.alerts.certificate_days)
            mend = f"it {'ended' if over else 'ends'} on {seen.end:%Y-%m-%d}: renew it"
            about = f"the certificate of {seen.where} is valid for long enough"
            yield Finding(seen.system, about, mend if soon else "", is_warning=soon and not over)
