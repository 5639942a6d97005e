"""Settings of the outside systems: registrar, directory, SMS gateways, mail."""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from domain.contracts.vocabulary import Choice
from domain.match_rules import Rule
from domain.receipts import Receipt
from domain.rules import Unfit
from settings.section import SMS_PRESETS, Count, Dsn, Expression, Mailbox, Port, Seconds, Section

SMS_PLACEHOLDERS = frozenset({"to", "digits", "text", "sender", "id", "username", "receipt_url"})


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
"""The columns that a view may lack."""


class RegistrarSettings(Section):
    """Access to the registrar's view, by a role that may only read it."""

    dsn: Dsn
    """The registrar's PostgreSQL, with a role that may only read the view."""
    view: str = "v_vd_sis"
    """The view of students; `schema.view` if it is not on the search path."""
    columns: dict[Column, str] = {}
    """Published column name -> name in your view; only those that differ."""
    blank_words: list[str] = []
    """Further words that mean an empty field in your records, besides those of
    [registrar.md](registrar.md); in any case, with or without accents."""
    phone_region: str = "GR"
    """The country of mobiles written without a country code."""
    timeout_seconds: Seconds = 3
    """Time-out of connecting, and of one query."""


class DirectorySettings(Section):
    """Access by a service account, not the root DN, so that the password policy applies to it."""

    urls: list[Annotated[str, Field(pattern=r"^ldaps?://[^/\s]")]] = Field(min_length=1)
    """`ldaps://...`, or `ldap://...`, which is always upgraded by StartTLS; tried in order. A
    server that does not answer, is busy or is read-only (LDAP 10, 51, 52, 53) is moved to the end.
    """
    ca_file: Path | None = None
    """The authority that signed the directory's certificate; without it, the system's authorities.
    """
    bind_dn: str
    """The service account. Do not use the root DN: the password policy must apply to it. Exempt it
    from the directory's lock-out, because retries with a wrong password would lock it, and a
    corrected password would not work until the lock ends."""
    bind_password_file: Path
    """A file with that account's password, read for each connection, so that a rotated one needs no
    restart. A password that the directory refuses is tried at most every ten seconds."""
    people_dn: str
    """The parent of the entries `uid=NAME`."""
    active_when: str = "pwdChangedTime"
    """The attribute that an entry has once its account is active, whoever made it. The engine does
    not read its value, so the directory's clock does not matter."""
    adopt: bool = True
    """Whether an existing entry of the person without a password becomes the account; otherwise
    support staff decide. The engine's own unfinished entries are always completed. An entry whose
    `userPassword` the service account may not search counts as one with a password."""
    match_rules: list[Rule] = [
        Rule(attributes={"uid": "{login_name}"}, certain=True),
        Rule(attributes={"employeeNumber": "{number}"}),
        Rule(attributes={"mail": "{email}"}),
    ]
    """The rules by which an entry without the engine's own attribute is recognised as a person's;
    see [accounts](accounts.md). `attributes` maps attributes of the entry to the values that they
    must have. With `certain` a match is enough; otherwise support staff decide."""
    connect_timeout_seconds: Seconds = 3
    """Time-out for one server; then the next is tried."""
    receive_timeout_seconds: Seconds = 5
    """Time-out for one answer; rounded up to whole seconds."""
    pool_size: Count = 8
    """Threads, and so connections, of one worker, which runs at most as many activities at once."""
    choices: dict[Choice, Annotated[str, Field(pattern=r"^([A-Za-z][\w;-]*=.+)?$")]] = {
        Choice.RECOVERY_EMAIL: "labeledURI=mailto:{email} recovery",
        Choice.RECOVERY_MOBILE: "mobile={mobile}",
        Choice.DIRECTORY_LISTING: "eduPersonEntitlement=https://{domain}/entitlement/listed",
    }
    """What each choice of the student writes into the entry: `attribute=value` with the
    placeholders `{email}` `{mobile}` `{domain}`; empty for nothing."""


class Sms(Section):
    """One templated HTTP gateway: `{to}` `{digits}` `{text}` `{sender}` `{id}` `{receipt_url}`."""

    preset: str | None = None
    """A gateway of `adapters/messaging/sms_presets.toml`; its values apply to fields that are not
    set here."""
    url: str
    """The gateway's address; placeholders in it are percent-encoded."""
    method: Literal["POST", "GET"] = "POST"
    """`POST`, or `GET` for gateways that expect everything in the address."""
    headers: dict[str, str] = {"Content-Type": "application/json"}
    """Headers of every request."""
    body: str = '{"to": "{to}", "text": "{text}", "from": "{sender}", "id": "{id}"}'
    """The request's body; placeholders `{to}` `{digits}` `{text}` `{sender}` `{id}` `{receipt_url}`
    are escaped for its content type."""
    auth: Literal["none", "basic", "bearer", "header", "oauth2", "hmac"] = "bearer"
    """The authentication: `none`, `basic`, `bearer`, `header`, `oauth2` or `hmac`."""
    token_file: Path | None = None
    """A file with the secret for `sms.auth`."""
    username: str = ""
    """The user, client or signer that belongs to the secret."""
    auth_scheme: str = "Bearer"
    """The word before the secret in the `Authorization` header."""
    auth_header: str = "Authorization"
    """The header with the secret if `sms.auth` is `header`."""
    token_url: str = ""
    """Where `oauth2` requests its token."""
    check_url: str = ""
    """An address of the gateway that answers a GET with the secret by 2xx and sends nothing: the
    account, or its balance. `activation doctor` checks the secret there; `{username}` is a
    placeholder."""
    signed: str = "{method}\n{path}\n{body}\n{date}"
    """The text that `hmac` signs."""
    date_header: str = "Date"
    """The header with the date that `hmac` signed."""
    sender: str = "UNIVERSITY"
    """The sender that students see; most gateways allow at most 11 Latin letters."""
    countries: list[Annotated[str, Field(pattern="^[A-Z]{2}$")]] = []
    """The countries to which this gateway may send, such as `["GR", "CY"]`; empty for all. List
    those of your students: messages to other numbers cost more and are what fraud aims at. A
    student with another number gets the message by e-mail, or support is told."""
    ok_pattern: Expression = ".*"
    """A pattern that successful answers contain, for gateways that answer 200 to errors."""
    refused_pattern: Expression = ".*"
    """A pattern in answers 400, 404 or 422 that means that the number is wrong. Other such answers
    count as an error of the engine: an unknown sender, a wrong template."""
    receipt_field: str = ""
    """Where a delivery receipt has the message's state: the name of a parameter, or a path into
    JSON such as `data.0.status.text`. Empty: no receipts are taken; see
    [delivery receipts](configuration.md#delivery-receipts)."""
    receipt_id_field: str = ""
    """Where a receipt brings back `{id}`, for gateways that call one fixed address. Others call
    `{receipt_url}`, which names the message."""
    receipt_states: dict[str, Receipt] = {}
    """The gateway's own words and numbers for states, besides those that gateways share."""
    deduplicates: bool = False
    """Whether the gateway sends messages with the same `{id}` once, however late. Then an
    invitation whose result is unknown is sent again; else it is only
    [listed](campaigns.md#who-gets-a-message-and-who-does-not)."""
    per_second: Seconds = 10
    """SMS per second over all workers; Temporal enforces it."""
    timeout_seconds: float = Field(10, gt=0, le=12)
    """Time-out of one complete request to the gateway, at most 12: two gateways are called within
    one attempt, which has 30 seconds."""

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
        """Reject a gateway that would get no number or no text."""
        named = set(re.findall(r"\{([a-z_]+)\}", self.url + self.body * (self.method == "POST")))
        if unknown := sorted(named - SMS_PLACEHOLDERS):
            raise Unfit(f"url and body know no {{{unknown[0]}}}")
        if "text" not in named or named.isdisjoint({"to", "digits"}):
            raise Unfit("url or body must hold {text} and {to} or {digits}")
        return self


class Mail(Section):
    """One SMTP relay; `ca_file` if its certificate is signed by an authority of your own."""

    host: Annotated[str, Field(min_length=1)]
    """The mail relay."""
    port: Port = 25
    """Its port."""
    starttls: bool = True
    """Require encryption: nothing is sent to a relay without STARTTLS, or with an untrusted
    certificate."""
    ca_file: Path | None = None
    """The authority that signed the relay's certificate; without it, the system's authorities."""
    username: str | None = None
    """The login, if the relay requires one."""
    password_file: Path | None = None
    """A file with that login's password."""
    sender: Mailbox = "no-reply@university.example"
    """The sender that students see; answers go to `institution.support_email`."""
    timeout_seconds: float = Field(20, gt=0, le=25)
    """Time-out of one complete delivery, at most 25."""


class Workers(Section):
    """The version that workers report to Temporal; without `deployment` they report none.

    `build` is the installed version unless it is set.
    """

    deployment: Annotated[str, Field(pattern=r"^[\w.-]*$")] = ""
    """The name under which workers report their version to Temporal; see [versions of
    workers](deployment.md#versions-of-workers). Empty: every worker takes every task."""
    build: Annotated[str, Field(pattern=r"^[\w.+-]*$")] = ""
    """The version that workers report. Empty: the installed one."""


class TraceSettings(Section):
    """OpenTelemetry traces of portal, console and workers; see [traces](metrics.md#traces)."""

    endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/]+/\S*)?$")] = ""
    """Where traces are sent, by OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`. Empty
    for none. Needs the wheel's extra `traces`."""

    @field_validator("endpoint")
    @classmethod
    def _check_extra(cls, endpoint: str) -> str:
        if endpoint and not find_spec("opentelemetry.exporter"):
            raise Unfit("needs the wheel's extra `traces`: pip install -r traces.txt")
        return endpoint
