"""All configuration, read once and checked before anything starts.

Values come from `ACTIVATION_*` variables (nested names with `__`), then from the TOML file named
by `ACTIVATION_CONFIG`; inside a checkout with a demo, from the demo's file. Secrets are files.
How to reach Temporal is Temporal's own environment configuration (`TEMPORAL_*` or its TOML file).
"""

import os
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    DirectoryPath,
    Field,
    FilePath,
    HttpUrl,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from domain import addresses, colours, contacts
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import Choice, Language
from domain.match_rules import Rule
from domain.rules import Unfit
from domain.usernames import check_pattern

CHECKOUT = Path(__file__).resolve().parent
SMS_PRESETS = CHECKOUT / "adapters" / "messaging" / "sms_presets.toml"
DEMO_FILE = CHECKOUT / ".demo" / "activation.toml"


Column = Literal[
    "systemid",
    "registrationid",
    "ssn",
    "ssncountry",
    "firstnameel",
    "firstnameen",
    "lastnameel",
    "lastnameen",
    "fatherfirstnameel",
    "fatherfirstnameen",
    "birthdate",
    "citizenship",
    "departmentid",
    "departmentel",
    "departmenten",
    "enrollmentstatus",
    "extemail",
    "mobilephone",
    "loginname",
    "inscriptionacyear",
]
"""The published columns that are read."""
MAY_LACK: tuple[Column, ...] = ("fatherfirstnameen",)
"""Those that a view need not have."""


def _check_regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error:
        raise Unfit("not a regular expression") from None
    return text


Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, lt=2**16)]
Seconds = Annotated[float, Field(gt=0)]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
Expression = Annotated[str, AfterValidator(_check_regular_expression)]
SMS_PLACEHOLDERS = frozenset({"to", "digits", "text", "sender", "id", "username"})


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


_PAPER, _NIGHT = "#ffffff", "#12161c"
"""What the pages are written on, in a light and in a dark room."""
_LARGEST_LOGO = 20_000
"""Bytes, so that the first page stays light on a slow line."""


def _check_logo(file: Path | None) -> Path | None:
    if file and file.suffix not in {".svg", ".png"}:
        raise Unfit("a logo is an .svg or a .png file")
    if file and file.stat().st_size > _LARGEST_LOGO:
        raise Unfit(f"a logo has {_LARGEST_LOGO:,} bytes at most")
    return file


class Service(Section):
    """Where a new account is used first."""

    name_el: str
    name_en: str
    url: HttpUrl


def _check_domain(domain: str) -> str:
    if not contacts.domain_of_mail(domain):
        raise Unfit("no domain that an e-mail address can have")
    return domain


class Institution(Section):
    """What students read: names, addresses, times, and the domain of the institutional e-mail.

    Without a `password_reset_url` they are sent to support. `texts_folder` has the institution's
    own terms, notices and help, `dpo_email` and what follows are named in them. `services` stand
    on the last page. `own_domains` are further ones at which students get mailboxes with the
    account; sub-domains count too. `code_country` stands in the person codes of the directory.
    `common_words` are passwords that are common here, `plain_words` those of the institution's
    names that passwords may contain. `colour` is that of headings' rule and links, on white and in
    the dark.
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
    postal_address_el: str = ""
    postal_address_en: str = ""
    sms_provider: str = ""
    colour: Annotated[str, AfterValidator(partial(colours.check, background=_PAPER))] = "#7a1f2b"
    colour_dark: Annotated[str, AfterValidator(partial(colours.check, background=_NIGHT))] = (
        "#8ec5ff"
    )
    logo: Annotated[FilePath | None, AfterValidator(_check_logo)] = None
    services: tuple[Service, ...] = ()

    @property
    def mail_domains(self) -> tuple[str, ...]:
        """Return the domains whose mailboxes nobody can read before the account is active."""
        named = (self.domain, *self.own_domains)
        return tuple(filter(None, map(contacts.domain_of_mail, named)))

    def name(self, language: Language) -> str:
        return self.name_el if language is Language.EL else self.name_en


def _check_dsn(dsn: SecretStr) -> SecretStr:
    """Refuse what the driver would refuse when the first student comes."""
    try:
        fits = _is_dsn(dsn.get_secret_value())
    except ValueError:
        fits = False
    if not fits:
        raise Unfit("not an address like postgresql://user@host:5432/database")
    return dsn


def _is_dsn(dsn: str) -> bool:
    """Whether this names a database; raises ValueError where host or port cannot be read."""
    parts = urlsplit(dsn)
    named = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
    ports = [one.port for one in named] + [
        int(port) for ports in parse_qs(parts.query).get("port", []) for port in ports.split(",")
    ]
    for one in named:
        if not (host := unquote(one.hostname or "")).startswith("/"):
            host.encode("idna")
    return (
        parts.scheme in {"postgresql", "postgres"}
        and bool(parts.path.strip("/") or parts.query)
        and all(port is None or 0 < port < 2**16 for port in ports)
    )


Dsn = Annotated[SecretStr, AfterValidator(_check_dsn)]


class Registrar(Section):
    """A role that may only read the view; `columns` renames published columns that differ.

    `blank_words` are words of the university's own for "nothing", beside those of `domain.blanks`.
    """

    dsn: Dsn
    view: str = "v_vd_sis"
    columns: dict[Column, str] = {}
    blank_words: list[str] = []
    phone_region: str = "GR"
    timeout_seconds: Seconds = 3


class Directory(Section):
    """A service account that is not the root DN, so that the password policy binds it too.

    `choices` says what each choice of the student writes: `attribute=value`, where `{email}`
    `{mobile}` `{domain}` are filled in; empty for nothing. Without `adopt` an entry that somebody
    else made for the same person is a case for support. `match_rules` recognise a person's entry
    that lacks the engine's own attribute; the first certain one that matches decides.
    """

    urls: list[Annotated[str, Field(pattern=r"^ldaps?://[^/\s]")]] = Field(min_length=1)
    ca_file: Path | None = None
    bind_dn: str
    bind_password_file: Path
    people_dn: str
    active_when: str = "pwdChangedTime"
    adopt: bool = True
    match_rules: list[Rule] = [
        Rule(attributes={"uid": "{login_name}"}, certain=True),
        Rule(attributes={"employeeNumber": "{number}"}),
        Rule(attributes={"mail": "{email}"}),
    ]
    connect_timeout_seconds: Seconds = 3
    receive_timeout_seconds: Seconds = 5
    pool_size: Count = 8
    choices: dict[Choice, Annotated[str, Field(pattern=r"^([A-Za-z][\w;-]*=.+)?$")]] = {
        Choice.RECOVERY_EMAIL: "labeledURI=mailto:{email} recovery",
        Choice.RECOVERY_MOBILE: "mobile={mobile}",
        Choice.DIRECTORY_LISTING: "eduPersonEntitlement=https://{domain}/entitlement/listed",
    }


class Sms(Section):
    """One templated HTTP gateway; `{to}` `{digits}` `{text}` `{sender}` `{id}` are filled in.

    `preset` names a gateway of `adapters/messaging/sms_presets.toml`, whose fields stand where none
    is given here. `token_file` holds the secret of whichever `auth` it is, `username` what goes
    with it: the user, the client or the signer. `signed` is the text that `hmac` signs. `check_url`
    is one that answers 2xx to whoever has the secret, and sends nothing.
    """

    preset: str | None = None
    url: str
    method: Literal["POST", "GET"] = "POST"
    headers: dict[str, str] = {"Content-Type": "application/json"}
    body: str = '{"to": "{to}", "text": "{text}", "from": "{sender}", "id": "{id}"}'
    auth: Literal["none", "basic", "bearer", "header", "oauth2", "hmac"] = "bearer"
    token_file: Path | None = None
    username: str = ""
    auth_scheme: str = "Bearer"
    auth_header: str = "Authorization"
    token_url: str = ""
    check_url: str = ""
    signed: str = "{method}\n{path}\n{body}\n{date}"
    date_header: str = "Date"
    sender: str = "UNIVERSITY"
    ok_pattern: Expression = ".*"
    refused_pattern: Expression = ".*"
    per_second: Seconds = 10
    timeout_seconds: float = Field(10, gt=0, le=12)
    """Two gateways are asked within one try, which has 30 seconds."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, given: Any) -> Any:
        name = given.get("preset") if isinstance(given, dict) else None
        if name is None:
            return given
        presets = tomllib.loads(SMS_PRESETS.read_text("utf-8"))
        if name not in presets:
            raise Unfit(f"no such preset; there are {', '.join(presets)}")
        return presets[name] | given

    @model_validator(mode="after")
    def _check_placeholders(self) -> Self:
        """Refuse a gateway that would be told no number or no text."""
        named = set(re.findall(r"\{([a-z_]+)\}", self.url + self.body * (self.method == "POST")))
        if unknown := sorted(named - SMS_PLACEHOLDERS):
            raise Unfit(f"url and body know no {{{unknown[0]}}}")
        if "text" not in named or named.isdisjoint({"to", "digits"}):
            raise Unfit("url or body must hold {text} and {to} or {digits}")
        return self


class Mail(Section):
    """One relay; `ca_file` where its certificate is signed by an authority of your own."""

    host: Annotated[str, Field(min_length=1)]
    port: Port = 25
    starttls: bool = True
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    sender: Mailbox = "no-reply@university.example"
    timeout_seconds: float = Field(20, gt=0, le=25)


class Portal(Section):
    """`public_url` decides cookie flags and prefix, HSTS and the origin line of the SMS.

    With `disclosure` uniform no page tells whether a contact is on file until it is proved.
    `starts_under_way` is how many starts may wait for their look-up at once, over all portals.
    """

    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: Port = 8000
    trusted_proxies: list[str] = ["127.0.0.1"]
    session_idle_minutes: Count = 30
    session_absolute_minutes: Count = 120
    lookups_per_address: Count = 10
    lookups_window_minutes: Count = 10
    help_requests_per_address: Count = 20
    starts_under_way: Count = 20
    disclosure: Literal["explicit", "uniform"] = "explicit"


RoleName = Literal["viewer", "helpdesk", "supervisor", "auditor", "operator"]


class Console(Section):
    """Staff sign in by a bind as `user_dn`; `groups` names the group of each role.

    `departments` limits the members of a group to these departments. `operators_file` has the
    accounts that work while the directory is away.
    """

    public_url: str = "http://127.0.0.1:8001"
    host: str = "127.0.0.1"
    port: Port = 8001
    trusted_proxies: list[str] = ["127.0.0.1"]
    user_dn: Annotated[str, Field(pattern=r"^$|\{user\}")] = ""
    groups: dict[RoleName, str] = {}
    departments: dict[str, list[str]] = {}
    operators_file: Path | None = None
    session_idle_minutes: Count = 15
    session_absolute_minutes: Count = 480
    sign_ins_per_name: Count = 10
    sign_ins_per_address: Count = 50
    caller_questions_per_day: Count = 60
    temporal_ui_url: str = ""


class Usernames(Section):
    """Patterns tried in order when the registrar and the directory name none."""

    patterns: list[Annotated[str, AfterValidator(check_pattern)]] = [
        "{first1}{last}",
        "{first}.{last}",
        "{last}{first1}",
        "{number}",
    ]
    reserved: list[str] = []


class Identity(Section):
    """With `always_ask` a proved contact is not enough: one datum of the record is asked too."""

    always_ask: bool = False


class SendBudget(Section):
    """PIN messages per contact, per person and, as SMS cost money, SMS of the whole institution.

    Those of `kept_` are for who also gives a second datum, where the ordinary ones of a contact or
    a person are spent; those of staff are held back by no other limit. Both are for one contact.
    """

    per_hour: Count = 3
    per_day: Count = 6
    per_person_day: Count = 10
    kept_per_hour: Count = 1
    kept_per_day: Count = 3
    staff_per_hour: Count = 1
    sms_per_hour: Count = 2_000
    sms_per_day: Count = 10_000


class Alerts(Section):
    """Whom to tell what keeps activations from going on; nobody where neither is given."""

    webhook_url: str = ""
    webhook_token_file: Path | None = None
    email: str = ""
    after_seconds: int = Field(60, ge=0)


_MAY_BE_ZERO = frozenset({"resend_after", "repeat_code_if_left", "notify_after"})


def _check_policy(policy: Policy) -> Policy:
    """Refuse numbers with which no code could be typed and nothing be waited for.

    Here and not in the contract, which an activation under way must be able to read again.
    """
    nothing = {int: 1, timedelta: timedelta.resolution}
    for name, value in policy:
        if type(value) in nothing:
            least = type(value)() if name in _MAY_BE_ZERO else nothing[type(value)]
            if value < least:
                raise Unfit(f"policy.{name} must be more than nothing")
    return policy


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="ACTIVATION_",
        env_nested_delimiter="__",
        extra="forbid",
        hide_input_in_errors=True,
    )

    ledger_dsn: Dsn
    keys_dir: Path
    registrar: Registrar
    directory: Directory
    sms: Sms
    sms_fallback: Sms | None = None
    mail: Mail
    institution: Institution = Institution()
    portal: Portal = Portal()
    console: Console = Console()
    usernames: Usernames = Usernames()
    identity: Identity = Identity()
    send_budget: SendBudget = SendBudget()
    alerts: Alerts = Alerts()
    policy: Annotated[Policy, AfterValidator(_check_policy)] = Policy()
    sealed_password_hours: Count = 72
    temporal_config_file: Path | None = None
    temporal_namespace: str = "activation"
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _refuse_examples(self) -> Self:
        """Take examples and plain http for a demo's only; each refusal names its setting."""
        if not addresses.is_loopback(self.portal.public_url):
            leaves = [*_leaves(self)]
            wrong = [
                f"{name} is still an example; set your own"
                for name, value in leaves
                if not name.startswith("usernames.") and addresses.names_example(value)
            ]
            wrong += [
                f"{name} must be https" for name, value in leaves if _must_be_https(name, value)
            ]
            if wrong:
                raise Unfit(", ".join(wrong))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        named = os.environ.get("ACTIVATION_CONFIG")
        file = Path(named) if named else DEMO_FILE
        if named or file.exists():
            sources += (TomlConfigSettingsSource(settings_cls, file),)
        return sources


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Give each text of the settings with the name of its setting."""
    match value:
        case BaseModel():
            for field in type(value).model_fields:
                yield from _leaves(getattr(value, field), f"{name}.{field}".lstrip("."))
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, f"{name}.{key}")
        case list() | tuple():
            for inner in value:
                yield from _leaves(inner, name)
        case SecretStr():
            yield name, value.get_secret_value()
        case str() | HttpUrl():
            yield name, str(value)


_SEEN_BY_PEOPLE = frozenset(
    {"portal.public_url", "institution.password_reset_url", "institution.services.url"}
)
_GATEWAYS = frozenset({"sms", "sms_fallback"})
_CALLED = frozenset({"url", "token_url", "check_url"})


def _must_be_https(name: str, value: str) -> bool:
    section, _, field = name.partition(".")
    named = name in _SEEN_BY_PEOPLE or (
        section in _GATEWAYS and field in {"url", "token_url", "check_url"}
    )
    # The console may be reached by a tunnel only.
    named |= name == "console.public_url" and not addresses.is_loopback(value)
    return named and bool(value) and addresses.is_plain(value)


class Unreadable(Exception):
    """The settings cannot even be parsed; the text says what, and quotes no value."""


Wrong = ValidationError | Unreadable
WRONG = (ValidationError, Unreadable)
"""What `load` raises."""


@cache
def load() -> Settings:
    """Read the settings once a process; raises one of `WRONG`, which `told` puts into words."""
    named = os.environ.get("ACTIVATION_CONFIG")
    if named and not Path(named).is_file():
        raise Unreadable("ACTIVATION_CONFIG names no file")
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"the settings file is no TOML: {error}") from None
    except UnicodeDecodeError:
        raise Unreadable("the settings file is not written in UTF-8") from None
    except OSError as error:
        raise Unreadable(f"the settings file cannot be read ({type(error).__name__})") from None
    except SettingsError as error:
        raise Unreadable(f"{error}: it has to be JSON") from None


def told(error: Wrong) -> str:
    """Name what is missing or wrong, and why where the check is ours; no value is ever quoted."""
    if isinstance(error, Unreadable):
        return str(error)
    return ", ".join(map(_told, error.errors()))


def _told(detail: ErrorDetails) -> str:
    field = ".".join(map(str, detail["loc"]))
    ours = isinstance(detail.get("ctx", {}).get("error"), Unfit)
    why = detail["msg"].removeprefix("Value error, ") if ours or not field else ""
    return ": ".join(filter(None, (field, why)))
