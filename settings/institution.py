"""Settings of the institution: names, domains, colours, services, texts."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, DirectoryPath, Field, FilePath, HttpUrl

from domain import colours, contacts
from domain.contracts.vocabulary import Language
from domain.rules import Unfit
from settings.section import Mailbox, Section, Text

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

    name_el: Text
    name_en: Text
    url: HttpUrl
    about_el: str = ""
    about_en: str = ""
    sign_in_as: Literal["username", "address"] = "username"


def _check_domain(domain: str) -> str:
    if not contacts.domain_of_mail(domain):
        raise Unfit("no domain that an e-mail address can have")
    return domain


class Institution(Section):
    """What students read: names, addresses, times, and the domain of the institutional e-mail."""

    name_el: Text = "Πανεπιστήμιο"
    """The name in Greek pages and messages."""
    name_en: Text = "University"
    """The name in English ones."""
    sms_name: Text = "UNIVERSITY"
    """The name inside an SMS, short enough for one part."""
    domain: Text = "university.example"
    """The domain of the institutional e-mail, of scoped attributes and of the person codes. Never
    change it after entries exist."""
    own_domains: list[Annotated[str, AfterValidator(_check_domain)]] = []
    """Further domains of students' mailboxes that exist only with the account, so that an address
    there is not accepted as contact. Their sub-domains, and those of `institution.domain`, count
    too."""
    code_country: Annotated[str, Field(pattern=r"^([a-z]{2}|int)$")] = "gr"
    """The country in the person codes, `urn:schac:personalUniqueCode:gr:...`: two letters, or
    `int`. Never change it after entries exist: they are recognised by it."""
    common_words: list[str] = []
    """Local words that students choose as passwords (the town, the campus, the team), in addition
    to the built-in lists for everywhere and for Greece. A password of one of them, with or without
    digits after it, is refused."""
    plain_words: list[str] = []
    """Generic words of the institution's names, such as "institute", which passwords may contain;
    in addition to the usual ones in Greek and English."""
    support_email: Mailbox = "support@university.example"
    """The address for students' questions."""
    service_desk_url: Annotated[str, Field(pattern=r"^$|^https?://[^\s<>()\"]+$")] = ""
    """The institution's own service desk, which the pages of failures and of requests for help
    name beside their own form; empty for none."""
    password_reset_url: str = "https://password.university.example"  # noqa: S105 - an address
    """Where students with an active account reset the password; empty for none, and pages, messages
    and the handbook name support."""
    timezone: ZoneInfo = ZoneInfo("Europe/Athens")
    """The time zone of pages and messages."""
    default_language: Language = Language.EL
    """`el` or `en`, if the student has not chosen a language."""
    registrar_sync_lag_hours: Annotated[int, Field(ge=0)] = 24
    """The delay after a change in the registrar that the page "not found" states."""
    texts_folder: DirectoryPath | None = None
    """A folder with the institution's own terms, privacy notice, accessibility statement, password
    advice and help; see [below](configuration.md#terms-notices-and-help)."""
    replies_folder: DirectoryPath | None = None
    """A folder with the institution's own ready answers to requests for help; see
    [below](configuration.md#ready-answers)."""
    dpo_email: Mailbox = "dpo@university.example"
    """The data protection officer, named in the privacy notice."""
    security_contact: Annotated[
        str, Field(pattern=r"^$|^https://[^\s<>()]+$|^[^@:\s<>()]+@[^@:\s<>()]+$")
    ] = ""
    """An e-mail or `https` address for whoever found a vulnerability, shown at
    `/.well-known/security.txt` (RFC 9116) and on the help page; empty for none, which `activation
    doctor` warns of."""
    postal_address_el: str = ""
    """The institution's address in the Greek privacy notice; empty for none."""
    postal_address_en: str = ""
    """The same in the English one."""
    sms_provider: str = ""
    """The company that delivers the SMS, named in the privacy notice; empty for "the SMS provider".
    """
    colour: Annotated[str, AfterValidator(partial(colours.check, background=_LIGHT))] = "#7a1f2b"
    """The colour of pages and icon; six hexadecimal digits; it must be legible on white (contrast
    4.5)."""
    colour_dark: Annotated[str, AfterValidator(partial(colours.check, background=_DARK))] = (
        "#8ec5ff"
    )
    """The same for devices in dark mode; legible on `#12161c`."""
    logo: Annotated[FilePath | None, AfterValidator(_check_logo)] = None
    """A file, `.svg` or `.png` of at most 20,000 bytes, shown beside the institution's name."""
    services: tuple[Service, ...] = ()
    """The services that the last page links to, in this order: `[[institution.services]]` with
    `name_el`, `name_en` and `url`; in `about_el` and `about_en` one line each on what it is for.
    With `sign_in_as` = `address` the page shows `username@domain` as the name to sign in with, as
    eduroam needs it."""

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
