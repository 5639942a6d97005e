"""Settings of the outside systems: registrar, directory, SMS gateways, mail."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from domain.contracts.vocabulary import Choice
from domain.match_rules import Rule
from domain.rules import Unfit
from settings.section import SMS_PRESETS, Count, Dsn, Expression, Mailbox, Port, Seconds, Section

SMS_PLACEHOLDERS = frozenset({"to", "digits", "text", "sender", "id", "username"})


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
    """Access to the registrar's view, by a role that may only read it.

    `columns` maps published columns to names that differ. `blank_words` are the university's own
    words for "nothing", besides those of `domain.blanks`.
    """

    dsn: Dsn
    view: str = "v_vd_sis"
    columns: dict[Column, str] = {}
    blank_words: list[str] = []
    phone_region: str = "GR"
    timeout_seconds: Seconds = 3


class DirectorySettings(Section):
    """Access by a service account, not by the root DN, so that the password policy applies to it.

    `choices`: what each choice of the student writes, `attribute=value` with `{email}` `{mobile}`
    `{domain}` filled in; empty for nothing. Without `adopt` an entry that somebody else made for
    the same person is a case for support. `match_rules` recognise a person's entry that lacks the
    engine's own attribute; the first certain rule that matches decides.
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

    `preset` names a gateway of `adapters/messaging/sms_presets.toml`, whose fields are
    the defaults. `token_file` holds the secret for `auth`, whichever it is; `username` is its user,
    client or signer. `signed` is the text that `hmac` signs. `check_url` answers 2xx to requests
    with the secret, and sends nothing. `countries`: to which it may send; empty: to all.
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
    countries: list[Annotated[str, Field(pattern="^[A-Z]{2}$")]] = []
    ok_pattern: Expression = ".*"
    refused_pattern: Expression = ".*"
    per_second: Seconds = 10
    timeout_seconds: float = Field(10, gt=0, le=12)
    """Two gateways are called within one attempt, which has 30 seconds."""

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
    port: Port = 25
    starttls: bool = True
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    sender: Mailbox = "no-reply@university.example"
    timeout_seconds: float = Field(20, gt=0, le=25)


class Workers(Section):
    """The version that workers report to Temporal; without `deployment` they report none.

    `build` is the installed version unless it is set.
    """

    deployment: Annotated[str, Field(pattern=r"^[\w.-]*$")] = ""
    build: Annotated[str, Field(pattern=r"^[\w.+-]*$")] = ""
