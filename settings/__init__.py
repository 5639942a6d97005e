"""Reads all configuration once, and validates it before anything starts.

Values come from `ACTIVATION_*` variables (nested names with `__`), then from the TOML file named
by `ACTIVATION_CONFIG`; without it from the demo's file, where there is a demo (`section.DEMO`).
Secrets are in files of their own. The connection to Temporal is configured by Temporal's own
environment configuration (`TEMPORAL_*` or its TOML file).
"""

import os
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, BaseModel, HttpUrl, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from domain import addresses
from domain.contracts.submissions import Policy
from domain.rules import Unfit
from settings.institution import Institution
from settings.limits import LimitSettings
from settings.pages import Console, Portal
from settings.rules import (
    Alerts,
    Campaigns,
    IdentitySettings,
    Retention,
    SendBudget,
    Usernames,
    check_policy,
)
from settings.section import DEMO, Count, Dsn, RolePrefix
from settings.systems import DirectorySettings, Mail, RegistrarSettings, Sms, TraceSettings, Workers


class PageSettings(BaseSettings):
    """The settings that students' pages show. None is required."""

    model_config = SettingsConfigDict(
        env_prefix="ACTIVATION_",
        env_nested_delimiter="__",
        extra="allow",
        hide_input_in_errors=True,
    )

    institution: Institution = Institution()
    portal: Portal = Portal()
    policy: Annotated[Policy, AfterValidator(check_policy)] = Policy()
    sealed_password_hours: Count = 72
    """How long a chosen password is kept sealed while the directory is unavailable."""
    retention: Retention = Retention()
    campaigns: Campaigns = Campaigns()

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
        file = Path(named) if named else DEMO / "activation.toml"
        if named or file.exists():
            sources += (TomlConfigSettingsSource(settings_cls, file),)
        return sources


class Settings(PageSettings):
    model_config = SettingsConfigDict(extra="forbid")

    ledger_dsn: Dsn
    """The engine's own PostgreSQL, as `postgresql://user:password@host/database`. With several
    hosts: `postgresql://user:password@one,two/database?target_session_attrs=read-write`, which
    finds the one that accepts writes."""
    ledger_roles: RolePrefix = "activation_"
    """How the names of the database's roles begin, which `activation ledger roles` makes and
    `ledger migrate` grants their rights: `activation_portal` and so on."""
    keys_dir: Path
    """The folder of the key files; see [below](configuration.md#the-keys-folder)."""
    erasures_file: Path | None = None
    """The list of erasures for `commands` and console, on another disk than the ledger: a restore
    [erases again](restore.md#the-list-of-erasures) what it names. Without it, a restore brings back
    what was erased since the backup."""
    registrar: RegistrarSettings
    directory: DirectorySettings
    sms: Sms
    sms_fallback: Sms | None = None
    """A second gateway with the fields of `sms`, used at once if the first is unavailable or
    refuses the engine. Students may get a text twice. `sms.per_second` applies to both together."""
    mail: Mail
    console: Console = Console()
    usernames: Usernames = Usernames()
    identity: IdentitySettings = IdentitySettings()
    send_budget: SendBudget = SendBudget()
    limits: LimitSettings = LimitSettings()
    alerts: Alerts = Alerts()
    workers: Workers = Workers()
    traces: TraceSettings = TraceSettings()
    temporal_config_file: Path | None = None
    """A file of Temporal's own configuration; see [below](configuration.md#temporal)."""
    temporal_namespace: str = "activation"
    """The namespace, if Temporal's own configuration names none."""
    log_level: str = "INFO"
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`; restart the process after a change."""

    @model_validator(mode="after")
    def _refuse_examples(self) -> Self:
        """Reject example values and plain http, except in a demo; each error names its setting."""
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

    @model_validator(mode="after")
    def _keep_misses_as_long_as_sessions(self) -> Self:
        """Reject that a session ends with its deleted miss, which would tell what it found."""
        hours, minutes = self.retention.misses_hours, self.portal.session_absolute_minutes
        if self.portal.disclosure == "uniform" and hours * 60 < minutes:
            raise Unfit(
                "retention.misses_hours may not be less than portal.session_absolute_minutes"
                " with portal.disclosure = uniform"
            )
        return self

    @model_validator(mode="after")
    def _know_who_was_invited(self) -> Self:
        """Reject that a campaign asks for who was invited after the ledger has forgotten it."""
        if self.campaigns.apart_days > self.retention.messages_days:
            raise Unfit("campaigns.apart_days may not be more than retention.messages_days")
        return self


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of the settings with the name of its setting."""
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
    {
        *("portal.public_url", "institution.password_reset_url", "institution.services.url"),
        "institution.service_desk_url",
    }
)
_ON_LOOPBACK_TOO = frozenset({"console.public_url", "console.oidc.issuer"})
"""Addresses that may be on this machine, behind a tunnel or a proxy."""
_GATEWAYS = frozenset({"sms", "sms_fallback"})
_GATEWAY_URLS = frozenset({"url", "token_url", "check_url"})


def _must_be_https(name: str, value: str) -> bool:
    section, _, field = name.partition(".")
    named = name in _SEEN_BY_PEOPLE or (section in _GATEWAYS and field in _GATEWAY_URLS)
    named |= name in _ON_LOOPBACK_TOO and not addresses.is_loopback(value)
    return named and bool(value) and addresses.is_plain(value)


class UnreadableSettings(Exception):
    """The settings cannot be parsed; the text says why, and quotes no value."""


Model = TypeVar("Model", bound=PageSettings)
Wrong = ValidationError | UnreadableSettings
WRONG = (ValidationError, UnreadableSettings)
"""The exceptions that `load` raises."""


@cache
def load() -> Settings:
    """Return the settings, read once per process; raises one of `WRONG` (see `describe`)."""
    return _read(Settings)


def load_for_pages() -> Settings:
    """Return settings of which only those that pages show are read; raises as `load`.

    The others have their defaults, and those that are required do not exist.
    """
    shown = _read(PageSettings)
    if unknown := (shown.model_extra or {}).keys() - Settings.model_fields.keys():
        raise UnreadableSettings(f"{', '.join(sorted(unknown))}: no such setting")
    return Settings.model_construct(
        **{name: getattr(shown, name) for name in PageSettings.model_fields}
    )


def _read(model: type[Model]) -> Model:
    named = os.environ.get("ACTIVATION_CONFIG")
    if named and not Path(named).is_file():
        raise UnreadableSettings("ACTIVATION_CONFIG names no file")
    try:
        return model()
    except tomllib.TOMLDecodeError as error:
        raise UnreadableSettings(f"the settings file is no TOML: {error}") from None
    except UnicodeDecodeError:
        raise UnreadableSettings("the settings file is not written in UTF-8") from None
    except OSError as error:
        raise UnreadableSettings(
            f"the settings file cannot be read ({type(error).__name__})"
        ) from None
    except SettingsError as error:
        raise UnreadableSettings(f"{error}: it has to be JSON") from None


_QUOTES_NO_VALUE = frozenset(
    {
        *("missing", "extra_forbidden", "literal_error", "enum", "ip_any_network"),
        *("greater_than", "greater_than_equal", "less_than", "less_than_equal"),
        *("int_type", "int_parsing", "int_from_float", "float_type", "float_parsing"),
        *("bool_type", "bool_parsing", "string_type", "list_type", "dict_type", "tuple_type"),
        *("model_type", "path_not_file", "path_not_directory", "url_parsing", "url_scheme"),
        *("string_too_short", "string_too_long", "string_pattern_mismatch", "too_short"),
    }
)
"""Types of pydantic's errors whose message names what is allowed, and never what was given."""


def describe(error: Wrong) -> str:
    """Describe what is missing or wrong, and what is allowed; quotes no value: it may be secret."""
    if isinstance(error, UnreadableSettings):
        return str(error)
    return "; ".join(map(_describe_field, error.errors()))


def _describe_field(detail: ErrorDetails) -> str:
    field = ".".join(map(str, detail["loc"]))
    ours = isinstance(detail.get("ctx", {}).get("error"), Unfit)
    told = ours or not field or detail["type"] in _QUOTES_NO_VALUE
    why = detail["msg"].removeprefix("Value error, ") if told else ""
    return ": ".join(filter(None, (field, why)))
