"""Settings of the institution: names, domains, colours, services, texts."""

from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, DirectoryPath, Field, FilePath, HttpUrl

from domain import colours, contacts
from domain.contracts.vocabulary import Language
from domain.rules import Unfit
from settings.section import Mailbox, Section

_LIGHT, _DARK = "#ffffff", "#12161c"
"""Background colours of the pages, in light and in dark mode."""
_LARGEST_LOGO = 20_000
"""In bytes, so that the first page loads fast on a slow line."""


def _check_logo(file: Path | None) -> Path | None:
    if file and file.suffix not in {".svg", ".png"}:
        raise Unfit("a logo is an .svg or a .png file")
    if file and file.stat().st_size > _LARGEST_LOGO:
        raise Unfit(f"a logo has {_LARGEST_LOGO:,} bytes at most")
    return file


class Service(Section):
    """A service where a new account is used first, as linked on the last page."""

    name_el: str
    name_en: str
    url: HttpUrl


def _check_domain(domain: str) -> str:
    if not contacts.domain_of_mail(domain):
        raise Unfit("no domain that an e-mail address can have")
    return domain


class Institution(Section):
    """What students read: names, addresses, times, and the domain of the institutional e-mail.

    Without a `password_reset_url` students are sent to support. `texts_folder` has the
    institution's own terms, notices and help, which name `dpo_email` and the fields after it.
    `security_contact` is an e-mail or https address for whoever found a vulnerability.
    `services` are listed on the last page. `own_domains` are further domains whose mailboxes
    students get with the account; sub-domains count too. `code_country` is part of the person
    codes in the directory. `common_words` are passwords that are common here; `plain_words` are
    words of the institution's names that passwords may contain. `colour` is that of the line under
    headings and of links in light mode, `colour_dark` in dark mode.
    """

    name_el: str = "Πανεπιστήμιο"
    name_en: str = "University"
    sms_name: str = "UNIVERSITY"
    domain: str = "university.example"
    own_domains: list[Annotated[str, AfterValidator(_check_domain)]] = []
    code_country: Annotated[str, Field(pattern=r"^([a-z]{2}|int)$")] = "gr"
    common_words: list[str] = []
    plain_words: list[str] = []
    support_email: Mailbox = "support@university.example"
    password_reset_url: str = "https://password.university.example"  # noqa: S105 - an address
    timezone: ZoneInfo = ZoneInfo("Europe/Athens")
    default_language: Language = Language.EL
    registrar_sync_lag_hours: Annotated[int, Field(ge=0)] = 24
    texts_folder: DirectoryPath | None = None
    dpo_email: Mailbox = "dpo@university.example"
    security_contact: Annotated[
        str, Field(pattern=r"^$|^https://[^\s<>()]+$|^[^@:\s<>()]+@[^@:\s<>()]+$")
    ] = ""
    postal_address_el: str = ""
    postal_address_en: str = ""
    sms_provider: str = ""
    colour: Annotated[str, AfterValidator(partial(colours.check, background=_LIGHT))] = "#7a1f2b"
    colour_dark: Annotated[str, AfterValidator(partial(colours.check, background=_DARK))] = (
        "#8ec5ff"
    )
    logo: Annotated[FilePath | None, AfterValidator(_check_logo)] = None
    services: tuple[Service, ...] = ()

    @property
    def mail_domains(self) -> tuple[str, ...]:
        """Return the domains whose mailboxes nobody can read before the account is active."""
        named = (self.domain, *self.own_domains)
        return tuple(filter(None, map(contacts.domain_of_mail, named)))

    @property
    def security_uri(self) -> str:
        """Return `security_contact` as an address that a link or RFC 9116 can have."""
        is_mail = "@" in self.security_contact and ":" not in self.security_contact
        return f"mailto:{self.security_contact}" if is_mail else self.security_contact

    def name(self, language: Language) -> str:
        return self.name_el if language is Language.EL else self.name_en
