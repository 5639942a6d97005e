"""A slip in the settings is found when they are read, and named."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from domain.contracts.submissions import Policy
from domain.usernames import candidates
from settings import Settings, UnreadableSettings, describe, load
from settings.pages import Console, Portal
from settings.rules import MAY_BE_ZERO, Usernames, check_policy
from settings.systems import RegistrarSettings


@pytest.mark.parametrize(
    "pattern",
    ["{forename}", "{last}{}", "{last", "last}", "{last:>40}", "{last!r}", "{last.upper}"],
)
def test_a_pattern_that_cannot_be_filled_is_refused_by_the_name_of_its_field(pattern: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Usernames(patterns=["{last}", pattern])
    assert [error["loc"] for error in refused.value.errors()] == [("patterns", 1)]


def test_each_placeholder_that_is_allowed_is_filled() -> None:
    allowed = Usernames(patterns=["{first}.x", "{first1}.x", "{last}.x", "{number}.x"]).patterns
    names = ["maria.x", "m.x", "pappas.x", "st123.x"]
    assert candidates("Maria", "Pappas", "123", allowed) == names


def test_a_column_that_is_not_read_is_refused_by_the_name_of_its_field() -> None:
    read = {"dsn": "postgresql://reader@127.0.0.1/sis", "columns": {"mobilephone": "gsm"}}
    assert RegistrarSettings.model_validate(read).columns == {"mobilephone": "gsm"}
    read["columns"] = {"mobile": "gsm"}
    with pytest.raises(ValidationError) as refused:
        RegistrarSettings.model_validate(read)
    assert [error["loc"][:2] for error in refused.value.errors()] == [("columns", "mobile")]


@pytest.mark.parametrize("proxy", ["*", "proxy.uni.gr", "10.0.0.1/8", ""])
def test_what_is_no_address_or_network_is_refused_as_a_proxy(proxy: str) -> None:
    """It would trust nobody without a word, or everybody."""
    for page in (Portal, Console):
        given = {"trusted_proxies": ["10.0.0.1", "fd00::/8", proxy]}
        with pytest.raises(ValidationError) as refused:
            page.model_validate(given)
        assert {error["loc"] for error in refused.value.errors()} == {("trusted_proxies", 2)}


# --- production ----------------------------------------------------------------------------------

PRODUCTION: dict[str, Any] = {
    "ledger_dsn": "postgresql://activation@db.uni.gr/ledger",
    "keys_dir": "/etc/activation/keys",
    "registrar": {"dsn": "postgresql://reader@sis.uni.gr/sis"},
    "directory": {
        "urls": ["ldaps://ldap1.uni.gr", "ldaps://ldap2.uni.gr"],
        "bind_dn": "cn=activation,dc=uni,dc=gr",
        "bind_password_file": "/etc/activation/ldap",
        "people_dn": "ou=people,dc=uni,dc=gr",
    },
    "sms": {"url": "https://sms.provider.gr/send", "token_url": "https://sms.provider.gr/token"},
    "sms_fallback": {"url": "https://sms.other.gr/send"},
    "mail": {"host": "localhost", "sender": "no-reply@uni.gr"},
    "institution": {
        "domain": "uni.gr",
        "support_email": "support@uni.gr",
        "dpo_email": "dpo@uni.gr",
        "security_contact": "security@uni.gr",
        "password_reset_url": "https://password.uni.gr",
        "services": [{"name_el": "α", "name_en": "a", "url": "https://mail.uni.gr"}],
    },
    "portal": {"public_url": "https://activate.uni.gr"},
    "console": {"public_url": "https://desk.uni.gr", "temporal_ui_url": "https://temporal.uni.gr"},
    "alerts": {"webhook_url": "https://alerts.uni.gr", "email": "ops@uni.gr"},
}


def laid_over(name: str, value: Any) -> dict[str, Any]:
    section, _, field = name.partition(".")
    if not field:
        return PRODUCTION | {section: value}
    return PRODUCTION | {section: PRODUCTION.get(section, {}) | {field: value}}


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Let nothing but what the test gives be read."""
    (tmp_path / "none.toml").write_text("")
    monkeypatch.setenv("ACTIVATION_CONFIG", str(tmp_path / "none.toml"))


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refused:
        Settings(**values)
    return describe(refused.value)


@pytest.mark.usefixtures("alone")
def test_addresses_that_somebody_owns_are_taken() -> None:
    assert Settings(**PRODUCTION).institution.domain == "uni.gr"
    assert Settings(**laid_over("portal.public_url", "http://127.0.0.1:8000"))
    assert Settings(**laid_over("console.public_url", "http://127.0.0.1:8001"))


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ledger_dsn", "postgresql://activation@db.university.example/ledger"),
        ("registrar.dsn", "postgresql://reader@sis.test/sis"),
        ("directory.urls", ["ldaps://ldap1.uni.gr", "ldaps://ldap.example.com"]),
        ("sms.url", "https://sms.example.net/send"),
        ("sms.token_url", "https://sms.invalid/token"),
        ("sms_fallback", {"url": "https://sms.example.net/send"}),
        ("mail.host", "relay.university.example"),
        ("mail.sender", "no-reply@university.example"),
        ("institution.domain", "university.example"),
        ("institution.support_email", "support@university.example"),
        ("institution.dpo_email", "dpo@university.example"),
        ("institution.security_contact", "security@university.example"),
        ("institution.password_reset_url", "https://password.university.example"),
        ("institution.service_desk_url", "https://desk.university.example"),
        ("institution.services", [{"name_el": "α", "name_en": "a", "url": "https://a.example"}]),
        ("portal.public_url", "https://activate.university.example"),
        ("console.public_url", "https://desk.example.org"),
        ("console.temporal_ui_url", "https://temporal.example"),
        ("alerts.webhook_url", "https://alerts.localhost.test"),
        ("alerts.heartbeat_url", "https://monitor.example"),
        ("alerts.email", "ops@example.com"),
    ],
)
def test_an_example_is_no_value_of_production(name: str, value: Any) -> None:
    said = refusal(laid_over(name, value))
    assert said.startswith(name)
    assert "still an example" in said
    assert "university" not in said
    demo = laid_over(name, value) | {"portal": {"public_url": "http://127.0.0.1:8000"}}
    if name != "portal.public_url":
        assert Settings(**demo)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("left_out", ["domain", "support_email", "dpo_email", "password_reset_url"])
def test_no_default_is_a_value_of_production(left_out: str) -> None:
    given = {name: each for name, each in PRODUCTION["institution"].items() if name != left_out}
    assert f"institution.{left_out} is still" in refusal(PRODUCTION | {"institution": given})
    assert "mail.sender is still" in refusal(PRODUCTION | {"mail": {"host": "localhost"}})


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("portal.public_url", "http://activate.uni.gr"),
        ("console.public_url", "http://desk.uni.gr"),
        ("sms.url", "http://127.0.0.1:8026/send"),
        ("sms.token_url", "http://sms.provider.gr/token"),
        ("sms_fallback.url", "http://sms.other.gr/send"),
        ("institution.password_reset_url", "http://password.uni.gr"),
        ("institution.service_desk_url", "http://servicedesk.uni.gr"),
    ],
)
def test_what_must_be_secret_on_the_way_is_https(name: str, value: str) -> None:
    assert refusal(laid_over(name, value)) == f"{name} must be https"


@pytest.mark.usefixtures("alone")
def test_the_provider_of_staff_is_asked_over_https_or_on_this_machine() -> None:
    rest = {"client_id": "desk", "client_secret_file": "/etc/activation/oidc-secret"}
    said = refusal(laid_over("console.oidc", rest | {"issuer": "http://sso.uni.gr"}))
    assert said == "console.oidc.issuer must be https"
    assert Settings(**laid_over("console.oidc", rest | {"issuer": "http://127.0.0.1:8080"}))


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "dsn",
    [
        *("", "nonsense", "host=db dbname=x", "http://db/x", "postgresql://db"),
        *("postgresql://[::1/x", "postgresql://db:x/x", "postgresql://db:99999/x"),
        *("postgresql://db:0/x", "postgresql://db:-1/x", "postgresql://one,two:x/x"),
        *("postgresql://db..gr/x", f"postgresql://{'d' * 64}.gr/x", "postgresql://db/x?port=x"),
    ],
)
@pytest.mark.parametrize("name", ["ledger_dsn", "registrar.dsn"])
def test_nonsense_is_no_database(name: str, dsn: str) -> None:
    said = refusal(laid_over(name, dsn))
    assert said.startswith(f"{name}: ")
    assert not dsn or dsn not in said


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "dsn",
    [
        *("postgresql:///x?host=/run/postgresql", "postgresql://u@%2Frun%2Fpostgresql/x"),
        *("postgresql://u:p%40@one:5432,two:5433/x", "postgres://u@[::1]:5432/x", "postgres:///x"),
    ],
)
def test_each_form_of_an_address_is_taken(dsn: str) -> None:
    assert Settings.model_validate(laid_over("ledger_dsn", dsn))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"ledger_dsn = hidden-word\n", "the settings file is no TOML: "),
        (b"ledger_dsn = '\xff'\n", "the settings file is not written in UTF-8"),
        (None, "ACTIVATION_CONFIG names no file"),
    ],
)
def test_a_file_that_is_none_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes | None, says: str
) -> None:
    file = tmp_path / "activation.toml"
    if written is not None:
        file.write_bytes(written)
    monkeypatch.setenv("ACTIVATION_CONFIG", str(file))
    with pytest.raises(UnreadableSettings) as raised:
        load.__wrapped__()
    assert describe(raised.value).startswith(says)
    assert "hidden-word" not in describe(raised.value)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("console.second_factor", "hidden-word", "'off', 'operators' or 'all'"),
        ("portal.disclosure", "hidden-word", "'explicit' or 'uniform'"),
        ("portal.barrier", "hidden-word", "'off'"),
        ("limits.misses_minutes", "hidden-word", "a valid integer"),
        ("limits.misses_minutes", -7, "greater than"),
        ("retention.audit_days", 3, "366"),
        ("limits.networks", {"10.1.2.3/8": 5}, "not a valid IPv4 or IPv6 network"),
        ("limits.hidden_word", 5, "not permitted"),
    ],
)
def test_what_a_setting_may_be_is_said_without_what_it_was(
    name: str, value: object, allowed: str
) -> None:
    said = refusal(laid_over(name, value))
    assert said.startswith(name)
    assert allowed in said
    assert "hidden-word" not in said
    assert "-7" not in said


def test_a_variable_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIVATION_PORTAL", "{hidden-word")
    with pytest.raises(UnreadableSettings) as raised:
        load.__wrapped__()
    assert '"portal"' in describe(raised.value)
    assert "hidden-word" not in describe(raised.value)


# --- values with which nothing would work --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("policy", {"pin_ttl": "-PT5M"}),
        ("policy", {"pin_tries": 0}),
        ("policy", {"remind_after": "PT0S"}),
        ("portal.session_absolute_minutes", 24 * 60 + 1),
        ("sms.ok_pattern", "(("),
        ("sms.body", "{nope} {to} {text}"),
        ("sms.body", "{to}"),
        ("sms.body", "{text}"),
        ("mail.sender", "not an address"),
        ("directory.urls", ["127.0.0.1"]),
        ("institution.support_email", "support"),
    ],
)
@pytest.mark.usefixtures("alone")
def test_what_cannot_work_is_refused_by_its_name(name: str, value: Any) -> None:
    assert name.partition(".")[0] in refusal(laid_over(name, value))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("directory.match_rules", [{"attributes": {"sn": "{last_name}"}}], "is that of many"),
        ("directory.match_rules", [{"attributes": {"o": "fixed"}}], "needs placeholders"),
        ("directory.match_rules", [{"attributes": {"uid": "{login_name"}}], "a brace stands alone"),
        ("directory.match_rules", [{"attributes": {"uid": "login_name}"}}], "a brace stands alone"),
        ("institution.own_domains", ["not a domain"], "no domain that"),
        ("institution.colour", "red", "has the form #7a1f2b"),
        ("usernames", {"patterns": ["{nobody}"]}, "no such placeholder"),
        ("sms.preset", "hidden-word", "no such preset"),
        ("ledger_dsn", "hidden-word", "not an address like"),
    ],
)
@pytest.mark.usefixtures("alone")
def test_what_the_engine_itself_refuses_is_told_with_the_reason(
    name: str, value: Any, why: str
) -> None:
    said = refusal(laid_over(name, value))
    assert why in said
    assert "hidden-word" not in said


def _numbers() -> list[tuple[str, str, int]]:
    """Return each number of the settings that is not 0 or more by its nature, and one too small."""
    found = []
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, inner in model.model_fields.items():
                least = 0 if name not in {"after_seconds", "registrar_sync_lag_hours"} else -1
                if inner.annotation in {int, float}:
                    found.append((section, name, least))
        elif field.annotation in {int, float}:
            found.append(("", section, 0))
    return found


@pytest.mark.parametrize(("section", "name", "least"), _numbers())
@pytest.mark.usefixtures("alone")
def test_no_number_of_the_settings_may_be_nothing(section: str, name: str, least: int) -> None:
    inner = PRODUCTION.get(section, {}) | {name: least}
    assert name in refusal(PRODUCTION | ({section: inner} if section else {name: least}))


def test_the_numbers_of_the_policy_are_among_what_is_judged() -> None:
    for name, value in Policy():
        if isinstance(value, int | timedelta) and name not in MAY_BE_ZERO:
            with pytest.raises(ValueError, match=name):
                check_policy(Policy().model_copy(update={name: type(value)()}))
