"""`activation doctor`: prints one line per finding, "ok" or what to do."""

import asyncio
import itertools
from typing import Annotated, Any

import typer

import settings
from adapters.findings import Finding, Findings
from adapters.registrar import wiring as registrar
from adapters.web_address import unreachable
from domain.counting import Counting, not_counted
from security import redaction
from security.purposes import User
from settings import Settings
from settings.rules import Alerts
from starter import ready_answers
from starter.doctor import certificates, directory, files, ledger, messaging, sign_in, temporal
from starter.doctor.finding import guarded
from starter.output import Json, show_json, tell
from starter.portal.texts import Texts
from starter.progress import working

Users = Annotated[
    list[User] | None,
    typer.Option("--only", help="Look at what this process needs alone; may be repeated."),
]


def doctor(
    json: Json = False,
    only: Users = None,
    send_test: Annotated[
        str, typer.Option(help="Send a real message to this mobile (+3069...) or e-mail.")
    ] = "",
) -> None:
    """Look at everything that an activation needs, and say of each "ok" or what to do."""
    redaction.configure("CRITICAL")  # Findings are printed here, so logs would repeat them.
    users = tuple(only or User)
    try:
        config = settings.load()
    except settings.WRONG as error:
        found = [Finding("settings", "they are complete and right", _to_mend(error))]
    else:
        with working("Systems are examined") as count:
            found = asyncio.run(_examine(config, users, send_test, count))
    if json:
        show_json([_plain(finding) for finding in found])
    else:
        for finding in found:
            tell(f"{finding.part}: {finding.about}: {_outcome(finding)}")
    if not all(finding.ok for finding in found):
        raise typer.Exit(1)


def _to_mend(error: settings.Wrong) -> str:
    return f"missing or wrong: {settings.describe(error)}; see docs/configuration.md"


def _outcome(finding: Finding) -> str:
    return f"warning, {finding.mend}" if finding.is_warning else finding.mend or "ok"


def _plain(finding: Finding) -> dict[str, Any]:
    return {**finding._asdict(), "ok": finding.ok}


def on_disk(config: Settings, users: tuple[User, ...]) -> list[Finding]:
    """Return the findings about settings, files and texts, without calling any system."""
    found = [Finding("settings", "they are complete and right"), *files.check(config, users)]
    if User.ALERTS in users:
        found.append(_takers_of_heads(config.alerts))
    if User.PORTAL in users:
        found.append(_security_contact(config))
    for part, read in (("texts", Texts), ("ready answers", ready_answers.own)):
        try:
            read(config)
            mend = ""
        except Exception as error:  # noqa: BLE001 - texts are written by people and may fail in any way
            mend = str(error)
        found.append(Finding(part, "they can be read", mend))
    return found


def _takers_of_heads(alerts: Alerts) -> Finding:
    mend = ""
    if not (alerts.audit_email or alerts.webhook_url):
        whom = "alerts.email alone has them" if alerts.email else "nobody has them"
        mend = f"{whom}: set alerts.audit_email to somebody who does not administer the database"
    about = "somebody takes the heads of the audit"
    return Finding("alerts", about, mend, is_warning=bool(mend))


def _security_contact(config: Settings) -> Finding:
    mend = ""
    if not config.institution.security_contact:
        mend = "set institution.security_contact: /.well-known/security.txt is missing without it"
    about = "whoever finds a vulnerability can report it"
    return Finding("settings", about, mend, is_warning=bool(mend))


async def _addresses(alerts: Alerts) -> Findings:
    for name in ("webhook_url", "heartbeat_url"):
        if url := getattr(alerts, name):
            yield Finding("alerts", f"alerts.{name} can be reached", await unreachable(url))


async def _examine(
    config: Settings, users: tuple[User, ...], to: str, count: Counting = not_counted
) -> list[Finding]:
    """Check all systems concurrently, and return the findings in the order of the systems."""
    checks = [
        guarded("ledger", ledger.check(config, users)),
        guarded("temporal", temporal.check(config)),
    ]
    needed = files.systems(config, users)
    if "registrar" in needed:
        checks.append(guarded("registrar", registrar.checks(config.registrar)))
    if "directory" in needed:
        checks.append(guarded("directory", directory.check(config)))
    if "console" in needed and config.console.oidc:
        console = config.console
        found_there = sign_in.check(config.console.oidc, console.public_url, console.second_factor)
        checks.append(guarded("sign-in", found_there))
    for name, findings in messaging.checks(config, users, needed):
        checks.append(guarded(name, findings))
    if "alerts" in needed:
        checks.append(guarded("alerts", _addresses(config.alerts)))
    ends = certificates.check(config, users, needed)
    checks.append(guarded("certificates", ends))
    if to:
        checks += [guarded("test", findings) for findings in messaging.send_tests(config, to)]
    done = itertools.count(1)

    async def counted(findings: Findings) -> list[Finding]:
        found = await _collect(findings)
        count(next(done), len(checks))
        return found

    found = await asyncio.gather(*map(counted, checks))
    return [*on_disk(config, users), *(finding for each in found for finding in each)]


async def _collect(findings: Findings) -> list[Finding]:
    return [finding async for finding in findings]
