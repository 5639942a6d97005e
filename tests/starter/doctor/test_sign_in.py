"""The doctor asks a real OpenID Connect provider for what a sign-in of staff needs."""

from pathlib import Path
from typing import Any

import pytest

from adapters.findings import Finding
from settings.pages import Oidc
from starter.doctor.commands import _collect
from starter.doctor.finding import guarded
from starter.doctor.sign_in import check
from tests.openid.running import CLIENT, CONSOLE, OpenIdProvider, provider

__all__ = ["provider"]


async def found(
    provider: OpenIdProvider,
    public_url: str = CONSOLE,
    second_factor: str = "off",
    **changes: Any,
) -> list[Finding]:
    oidc = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret_file": provider.secret_file,
        "groups": {"viewer": "viewers"},
    }
    settings = Oidc.model_validate(oidc | changes)
    return await _collect(guarded("sign-in", check(settings, public_url, second_factor)))


async def test_all_is_well_and_the_redirect_uri_is_named(provider: OpenIdProvider) -> None:
    findings = await found(provider)
    assert [each.mend for each in findings] == [""] * 4
    assert any(f"{CONSOLE}/sign-in/back" in each.about for each in findings)


async def test_a_second_factor_that_the_provider_is_not_asked_for_is_told(
    provider: OpenIdProvider,
) -> None:
    demands: list[dict[str, Any]] = [{}, {"acr": ["mfa"]}, {"amr": ["otp"]}]
    for more, told in zip(demands, (True, False, False), strict=True):
        findings = await found(provider, second_factor="operators", **more)
        assert any("console.oidc.acr or amr" in each.mend for each in findings) is told


async def test_each_thing_that_is_wrong_is_named(provider: OpenIdProvider, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another")
    changed: list[tuple[dict[str, Any], str]] = [
        ({"issuer": provider.issuer + "/"}, "letter by letter"),
        ({"issuer": provider.issuer.replace("/o", "/p")}, "HTTP 404"),
        ({"issuer": provider.issuer.replace("127.0.0.1", "localhost")}, "(issuer)"),
        ({"issuer": "http://127.0.0.1:1"}, "ConnectError"),
        ({"client_secret_file": tmp_path / "secret"}, "invalid_client"),
        ({"client_secret_file": tmp_path / "none"}, "client secret unreadable"),
        ({"public_url": "https://desk.university.example"}, "register this redirect URI"),
        ({"groups": {}}, "console.oidc.groups"),
    ]
    for change, told in changed:
        wrong = [each.mend for each in await found(provider, **change) if not each.ok]
        assert len(wrong) == 1, change
        assert told in wrong[0]


async def test_an_unknown_client_has_neither_secret_nor_way_back(provider: OpenIdProvider) -> None:
    wrong = [each.mend for each in await found(provider, client_id="nobody") if not each.ok]
    assert ["invalid_client" in wrong[0], "register" in wrong[1]] == [True, True]


@pytest.mark.parametrize("seconds", [0.000_001])
async def test_a_slow_provider_is_away(provider: OpenIdProvider, seconds: float) -> None:
    (only,) = await found(provider, timeout_seconds=seconds)
    assert "away" in only.mend
