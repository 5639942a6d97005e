"""Staff sign in by a real provider of the university; whoever forges its answers does not."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from ledger import audit
from postgres import Pool
from settings import Settings
from settings.pages import Oidc
from support.verbs.signin import ByFile
from support.verbs.staff import StaffRole
from tests.openid.running import CLIENT, OpenIdProvider, provider
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST

FAILED = "Η σύνδεση δεν πέτυχε"
AWAY = "Η σύνδεση του πανεπιστημίου δεν απαντά"
WEAK = "χωρίς τον δεύτερο παράγοντα"
NO_ROLE = "δεν έχει ρόλο"
SESSIONS = "SELECT name, roles FROM staff_session ORDER BY created_at DESC LIMIT 2"
HELPDESK = ["/desk/helpdesk"]
__all__ = ["provider"]

FEW = {"networks": {}, "sign_ins_per_address": 3}

Desk = Callable[..., Browser]
Newest = Callable[[], Awaitable[tuple[str, str, str]]]


@pytest.fixture
def desk(
    make_app: Callable[[Settings], FastAPI],
    settings: Settings,
    provider: OpenIdProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """Return how to open a desk whose staff sign in by the provider, Anna as helpdesk."""
    monkeypatch.setattr("support.console.provider._FAILURES_NOTED", 1000)
    provider.says("anna", groups=HELPDESK)

    def opened(**changes: Any) -> Browser:
        oidc = Oidc(
            issuer=changes.pop("issuer", provider.issuer),
            client_id=CLIENT,
            client_secret_file=changes.pop("client_secret_file", provider.secret_file),
            groups={"helpdesk": "/desk/helpdesk", "viewer": "viewers"},
            departments={"/desk/physics": ["401"]},
        )
        own = {
            "operators_file": changes.pop("operators_file", None),
            "second_factor": changes.pop("second_factor", "off"),
        }
        limits = settings.limits.model_copy(update=changes.pop("limits", {}))
        oidc = oidc.model_copy(update=changes)
        console = settings.console.model_copy(update={"oidc": oidc, **own})
        changed = settings.model_copy(update={"console": console, "limits": limits})
        return Browser(make_app(changed), HOST)

    return opened


async def begin(browser: Browser, onward: str = "/") -> str:
    answer = await browser.get(f"/sign-in/provider?next={onward}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def back(browser: Browser, address: str) -> httpx.Response:
    """Come back from another site, as a browser tells it."""
    path = address.removeprefix(HOST)
    return await browser.http.get(path, headers={"Sec-Fetch-Site": "cross-site"})


async def come(browser: Browser, provider: OpenIdProvider, person: str = "anna") -> httpx.Response:
    return await back(browser, await provider.answer(await begin(browser), person))


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/case/A-7K3F-92QD/retry")).status_code == 200


@pytest.fixture
def newest(pool: Pool, stack: TestStack) -> Newest:
    """Return how to read actor, action and reason of the newest row of the audit."""

    async def newest() -> tuple[str, str, str]:
        (row,) = await audit.page(pool, stack.keys, limit=1)
        return row.actor, row.action, row.reason or ""

    return newest


async def test_anna_signs_in_and_goes_on_where_she_was(
    desk: Desk, provider: OpenIdProvider, newest: Newest
) -> None:
    browser = desk()
    page = (await browser.get("/sign-in?next=/registrar")).text
    assert 'href="/sign-in/provider?next=/registrar"' in page
    there = await begin(browser, "/registrar")
    asked = parse_qs(urlsplit(there).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid profile"]
    assert asked["ui_locales"] == ["el"]
    answer = await back(browser, await provider.answer(there, "anna"))
    assert answer.headers["refresh"] == "0; url=/registrar"
    cookies = answer.headers.get_list("set-cookie")
    assert any(each.startswith("desk=") and "SameSite=strict" in each for each in cookies)
    assert await is_in(browser)
    actor, action, reason = await newest()
    assert (action, reason) == ("sign_in", f"{provider.issuer} 1")
    assert actor.startswith("anna~")


async def test_the_account_of_the_provider_is_none_of_the_desk(
    desk: Desk, provider: OpenIdProvider, pool: Pool, tmp_path: Path
) -> None:
    """Both are called anna: each has roles, a session and a line in the audit of its own."""
    ByFile(tmp_path / "operators").put("anna", [StaffRole.AUDITOR], "a long enough one")
    hers, local = (desk(operators_file=tmp_path / "operators") for _ in range(2))
    await come(hers, provider)
    await local.get("/sign-in")
    await local.post("/sign-in", name="anna", password="a long enough one")
    rows = await pool.fetch(
        "SELECT name, roles FROM staff_session ORDER BY created_at DESC LIMIT 2"
    )
    (own, own_roles), (other, roles) = rows
    assert (own, own_roles) == ("anna", ["auditor"])
    assert other.startswith("anna~")
    assert roles == ["helpdesk"]
    # Nobody takes an account of the provider by its name and some password.
    stranger = desk(operators_file=tmp_path / "operators")
    await stranger.get("/sign-in")
    assert (await stranger.post("/sign-in", name=other, password="x")).status_code == 422


@pytest.mark.parametrize(
    ("groups", "rights"),
    [
        (["/desk/helpdesk", "viewers", "students"], (["helpdesk", "viewer"], None)),
        ("/desk/helpdesk", (["helpdesk"], None)),
        (["/desk/helpdesk", "/desk/physics"], (["helpdesk"], ["401"])),
    ],
    ids=repr,
)
async def test_groups_give_roles_and_departments(
    desk: Desk, provider: OpenIdProvider, pool: Pool, groups: Any, rights: Any
) -> None:
    browser = desk()
    provider.says("anna", groups=groups)
    assert (await come(browser, provider)).status_code == 200
    query = "SELECT roles, departments FROM staff_session ORDER BY created_at DESC LIMIT 1"
    (row,) = await pool.fetch(query)
    assert (row["roles"], row["departments"]) == rights


@pytest.mark.parametrize(
    "groups",
    [
        *("/desk/helpdesk viewers", "not/desk/helpdesk", "/desk/helpdesk,viewers", [], 7, None),
        *({"/desk/helpdesk": True}, [["/desk/helpdesk"]], ["/desk/helpdesk", {"name": "viewers"}]),
    ],
    ids=repr,
)
async def test_groups_are_whole_texts(
    desk: Desk, provider: OpenIdProvider, newest: Newest, groups: Any
) -> None:
    browser = desk()
    provider.says("anna", groups=groups)
    answer = await come(browser, provider)
    assert answer.status_code == 403
    assert NO_ROLE in answer.text
    assert not await is_in(browser)
    actor, action, reason = await newest()
    assert actor.startswith("anna~")
    assert (action, reason) == ("sign_in_by_provider_refused", "no role")


async def test_groups_may_come_by_userinfo_of_the_same_person(
    desk: Desk, provider: OpenIdProvider
) -> None:
    browser = desk()
    provider.says("anna", groups=HELPDESK, by_userinfo=["groups"])
    await come(browser, provider)
    assert await is_in(browser)
    browser = desk()
    provider.says("anna", groups=HELPDESK, by_userinfo=["groups"])
    with provider.hostile(claims={"sub": "2"}):
        answer = await come(browser, provider)
    assert FAILED in answer.text


@pytest.mark.parametrize(
    ("demands", "claims", "enters"),
    [
        ({"acr": ["mfa"]}, {"acr": "mfa"}, True),
        ({"acr": ["mfa"]}, {"acr": "password"}, False),
        ({"acr": ["mfa"]}, {}, False),
        ({"amr": ["otp", "hwk"]}, {"amr": ["pwd", "otp"]}, True),
        ({"amr": ["otp"]}, {"amr": ["pwd"]}, False),
        ({"amr": ["otp"]}, {"amr": "pwd otp"}, None),
        ({"acr": ["mfa"], "amr": ["otp"]}, {"acr": "mfa"}, False),
    ],
)
async def test_a_second_factor_can_be_demanded(
    desk: Desk,
    provider: OpenIdProvider,
    demands: dict[str, list[str]],
    claims: dict[str, Any],
    enters: bool | None,
) -> None:
    browser = desk(**demands)
    provider.says("anna", groups=HELPDESK, **claims)
    there = await begin(browser)
    assert parse_qs(urlsplit(there).query).get("acr_values") == demands.get("acr")
    answer = await back(browser, await provider.answer(there, "anna"))
    assert await is_in(browser) is bool(enters)
    assert enters is not False or WEAK in answer.text
    assert enters is not None or FAILED in answer.text


@pytest.mark.parametrize(
    ("demands", "claims"),
    [({"acr": ["mfa"]}, {"acr": "mfa"}), ({"amr": ["otp"]}, {"amr": ["otp"]})],
    ids=["acr", "amr"],
)
async def test_how_somebody_signed_in_is_told_by_the_signed_token_alone(
    desk: Desk, provider: OpenIdProvider, demands: dict[str, list[str]], claims: dict[str, Any]
) -> None:
    """UserInfo is not signed, and tells of a person, not of this sign-in."""
    browser = desk(**demands)
    provider.says("anna", groups=HELPDESK, **claims, by_userinfo=["groups", *claims])
    assert WEAK in (await come(browser, provider)).text
    assert not await is_in(browser)
    provider.says("anna", groups=HELPDESK, **claims, by_userinfo=["groups"])
    await come(browser, provider)
    assert await is_in(browser)


@pytest.mark.parametrize("second_factor", ["operators", "all"])
async def test_the_second_factor_of_the_console_is_not_asked_after_the_provider(
    desk: Desk, provider: OpenIdProvider, second_factor: str
) -> None:
    """Without `acr` or `amr`, an operator enters by whatever the provider takes as enough."""
    browser = desk(second_factor=second_factor, groups={"operator": "/desk/helpdesk"})
    await come(browser, provider)
    assert await is_in(browser)


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "another client": {"claims": {"aud": f"not-{CLIENT}"}},
    "another client, issued to us": {"claims": {"aud": f"not-{CLIENT}", "azp": CLIENT}},
    "no client": {"claims": {"aud": None}},
    "more clients": {"claims": {"aud": [CLIENT, "other"]}},
    "issued to another": {"claims": {"aud": [CLIENT, "other"], "azp": "other"}},
    "no nonce": {"claims": {"nonce": None}},
    "another nonce": {"claims": {"nonce": "0" * 64}},
    "a list of nonces": {"claims": {"nonce": ["0" * 64]}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "no end": {"claims": {"exp": None}},
    "an end that never comes": {"claims": {"exp": float("nan")}},
    "from the future": {"claims": {"iat": 4_000_000_000}},
    "not yet": {"claims": {"nbf": 4_000_000_000}},
    "nobody": {"claims": {"sub": ""}},
    "no subject": {"claims": {"sub": None}},
    "a number as subject": {"claims": {"sub": 1}},
    "too long a subject": {"claims": {"sub": "1" * 256}},
    "another access token": {"claims": {"at_hash": "0" * 22}},
    "no signature": {"alg": "none"},
    "the public key as secret": {"alg": "HS256"},
    "another key": {"key": "foreign"},
    "an unknown key": {"key": "foreign", "header": {"kid": "other"}},
    "a key of its own": {"key": "foreign", "header": {"kid": "other", "jku": "http://127.0.0.1:1"}},
    "an extension that counts": {"header": {"crit": ["b64"], "b64": False}},
}


@pytest.mark.few(13)
@pytest.mark.parametrize("lie", LIES)
async def test_no_forged_token_lets_anybody_in(
    desk: Desk, provider: OpenIdProvider, newest: Newest, lie: str
) -> None:
    browser = desk()
    with provider.hostile(**LIES[lie]):
        answer = await come(browser, provider)
    assert answer.status_code == 403
    assert FAILED in answer.text
    assert not await is_in(browser)
    actor, action, reason = await newest()
    assert (actor, action) == ("oidc", "sign_in_by_provider_failed")
    assert "anna" not in reason


async def test_a_clock_may_differ_a_little(
    desk: Desk, provider: OpenIdProvider, pool: Pool
) -> None:
    now = int((await pool.fetchval("SELECT now()")).timestamp())
    for seconds, enters in ((20, True), (60, False)):
        browser = desk()
        with provider.hostile(claims={"iat": now + seconds}):
            await come(browser, provider)
        assert await is_in(browser) is enters
        browser = desk()
        with provider.hostile(claims={"exp": now - seconds}):
            await come(browser, provider)
        assert await is_in(browser) is enters


async def test_an_answer_counts_once_and_where_it_was_asked_for(
    desk: Desk, provider: OpenIdProvider
) -> None:
    browser = desk()
    there = await begin(browser)
    kept = browser.http.cookies["desk-flow"]
    answer = await provider.answer(there, "anna")
    # In another browser, with and without a sign-in of its own: nobody signs in as somebody else.
    for other in (desk(), desk()):
        assert (await back(other, answer)).status_code == 403
        await begin(other)
        assert (await back(other, answer)).status_code == 403
        assert not await is_in(other)
    # A second answer in the address, or none.
    for changed in (f"{answer}&state=x", f"{answer}&code=x", answer.replace("state=", "estate=")):
        twin = desk()
        twin.http.cookies.set("desk-flow", await fresh(twin))
        assert (await back(twin, changed)).status_code == 403
    assert (await back(browser, answer)).status_code == 200
    assert await is_in(browser)
    # Again, by whoever has the cookie too.
    thief = desk()
    thief.http.cookies.set("desk-flow", kept)
    assert (await back(thief, answer)).status_code == 403
    # With a new code for the old state.
    provider.says("boris", groups=HELPDESK)
    again = await provider.answer(there, "boris")
    assert (await back(thief, again)).status_code == 403
    assert not await is_in(thief)


async def fresh(browser: Browser) -> str:
    await begin(browser)
    return str(browser.http.cookies["desk-flow"])


async def test_a_code_of_another_sign_in_is_not_redeemed(
    desk: Desk, provider: OpenIdProvider
) -> None:
    """A stolen code under the thief's own state: the verifier of PKCE is not hers."""
    hers, thiefs = desk(), desk()
    stolen = parse_qs(urlsplit(await provider.answer(await begin(hers), "anna")).query)["code"][0]
    answer = await provider.answer(await begin(thiefs), "boris")
    own = parse_qs(urlsplit(answer).query)["code"][0]
    assert (await back(thiefs, answer.replace(own, stolen))).status_code == 403
    assert not await is_in(thiefs)


async def test_an_answer_of_another_issuer_is_not_taken(
    desk: Desk, provider: OpenIdProvider
) -> None:
    for issuer in ("iss=https%3A%2F%2Fevil.example", "iss=", "other=1"):
        browser = desk()
        answer = await provider.answer(await begin(browser), "anna")
        changed = answer.partition("iss=")[0] + issuer
        assert (await back(browser, changed)).status_code == 403
        assert not await is_in(browser)


async def test_a_sign_in_begun_long_ago_has_ended(
    desk: Desk, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = desk()
    with monkeypatch.context() as patch:
        from datetime import timedelta  # noqa: PLC0415

        patch.setattr("support.console.oidc_flow.LIFETIME", timedelta(seconds=-1))
        answer = await provider.answer(await begin(browser), "anna")
    assert (await back(browser, answer)).status_code == 403


@pytest.mark.parametrize(
    "onward",
    [
        *("//evil.example", "https://evil.example", "/\\evil.example", "/%09/evil.example"),
        *("/%0A/evil.example", "%20//evil.example", "javascript:alert(1)", "/" + "a" * 600),
    ],
)
async def test_the_way_back_leads_nowhere_else(
    desk: Desk, provider: OpenIdProvider, onward: str
) -> None:
    browser = desk()
    answer = await back(browser, await provider.answer(await begin(browser, onward), "anna"))
    assert answer.headers["refresh"] == "0; url=/"


async def test_a_changed_page_to_go_on_to_or_browser_fits_no_state(
    desk: Desk, provider: OpenIdProvider
) -> None:
    browser = desk()
    answer = await provider.answer(await begin(browser), "anna")
    drawn, ends, onward, known = browser.http.cookies["desk-flow"].split(".")
    for changed in (
        f"{drawn}.{ends}.Ly9ldmls.{known}",
        f"{drawn}.9{ends}.{onward}.{known}",
        f"{drawn}.{ends}.{onward}.{known[::-1]}",
        f"{drawn}.{ends}.{onward}",
        "",
        "...",
        "a.b.c.d",
        "a.9e9.Lw.d",
    ):
        browser.http.cookies.clear()
        browser.http.cookies.set("desk-flow", changed)
        assert (await back(browser, answer)).status_code == 403


async def test_no_link_elsewhere_begins_a_sign_in(desk: Desk) -> None:
    answer = await desk().http.get("/sign-in/provider", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.headers["refresh"] == "0; url=/sign-in?next=%2F"
    assert "set-cookie" not in answer.headers


async def test_what_the_provider_refuses_is_told_without_details(
    desk: Desk, provider: OpenIdProvider, newest: Newest, tmp_path: Path
) -> None:
    browser = desk()
    state = parse_qs(urlsplit(await begin(browser)).query)["state"][0]
    told = f"{HOST}/sign-in/back?error=access_denied&error_description=anna+is+ill&state={state}"
    answer = await back(browser, told)
    assert answer.status_code == 403
    assert "ill" not in answer.text.partition("<main")[2].partition("</main")[0].replace("will", "")
    assert (await newest())[2] == "access_denied"
    (tmp_path / "wrong").write_text("wrong")
    answer = await come(desk(client_secret_file=tmp_path / "wrong"), provider)
    assert (answer.status_code, (await newest())[2]) == (403, "invalid_client")
    answer = await come(desk(client_secret_file=tmp_path / "none"), provider)
    assert (await newest())[2] == "client secret unreadable"


async def test_strangers_do_not_fill_the_audit(
    desk: Desk, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.console.provider._FAILURES_NOTED", 3)
    await pool.execute("DELETE FROM budget WHERE bucket = 'oidc:failures'")
    before = await pool.fetchval("SELECT count(*) FROM audit")
    for _ in range(6):
        browser = desk()
        state = parse_qs(urlsplit(await begin(browser)).query)["state"][0]
        told = f"{HOST}/sign-in/back?error=access_denied&state={state}"
        assert (await back(browser, told)).status_code == 403
    assert await pool.fetchval("SELECT count(*) FROM audit") - before == 3


async def test_who_has_no_role_there_does_not_fill_the_audit_either(
    desk: Desk, provider: OpenIdProvider, pool: Pool
) -> None:
    """Any student signs in at the provider, as often as they like and by what name they like."""
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^(sign_ins|failed_rows):'")
    before = await pool.fetchval("SELECT count(*) FROM audit")
    for number in range(12):
        provider.says("anna", groups=[], preferred_username=f"anna{number}")
        assert (await come(desk(), provider)).status_code == 403
    assert await pool.fetchval("SELECT count(*) FROM audit") - before == 10


async def test_a_page_elsewhere_uses_up_nobodys_attempts(
    desk: Desk, provider: OpenIdProvider, pool: Pool
) -> None:
    """Its pictures have the browsers of a whole network ask for the address of the way back."""
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^sign_ins:'")
    drawn_in = desk(limits=FEW)
    for number in range(6):
        answer = await back(drawn_in, f"{HOST}/sign-in/back?code=x&state={number}")
        assert answer.status_code == 403
    assert (await come(desk(limits=FEW), provider)).status_code == 200


async def test_a_neighbour_at_the_same_address_keeps_no_known_browser_out(
    desk: Desk, provider: OpenIdProvider, pool: Pool
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^(sign_ins|known):'")
    owner, other = desk(limits=FEW), desk(limits=FEW)
    assert (await come(owner, provider)).status_code == 200
    statuses = []
    for _ in range(4):
        neighbour = desk(limits=FEW)
        state = parse_qs(urlsplit(await begin(neighbour)).query)["state"][0]
        told = f"{HOST}/sign-in/back?error=access_denied&state={state}"
        statuses.append((await back(neighbour, told)).status_code)
    assert statuses[-1] == 429
    assert (await come(other, provider)).status_code == 429
    assert (await come(owner, provider)).status_code == 200
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^sign_ins:'")


async def test_new_keys_of_the_provider_are_read(
    desk: Desk, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = desk()
    await come(browser, provider)
    provider.change_key()
    # Not at once for each unknown key, for anybody's token could ask for that.
    assert (await come(browser, provider)).status_code == 403
    monkeypatch.setattr("adapters.oidc.provider._REREAD_SECONDS", 0.0)
    assert (await come(browser, provider)).status_code == 200


async def test_without_the_provider_operators_get_in(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "operators"
    ByFile(file).put("nikos", [StaffRole.OPERATOR], "a long enough one")
    browser = desk(issuer="http://127.0.0.1:1/o", operators_file=file)
    answer = await browser.get("/sign-in/provider")
    assert answer.status_code == 503
    assert AWAY in answer.text
    answer = await browser.post("/sign-in", name="nikos", password="a long enough one")
    assert answer.status_code == 303


async def test_a_provider_that_is_slow_is_away(desk: Desk) -> None:
    answer = await desk(timeout_seconds=0.000_001).get("/sign-in/provider")
    assert answer.status_code == 503
    assert AWAY in answer.text


@pytest.mark.parametrize("passwords", ["everybody", "operators", "nobody"])
async def test_who_may_still_use_a_password(
    desk: Desk, stack: TestStack, tmp_path: Path, passwords: str
) -> None:
    file = tmp_path / "operators"
    ByFile(file).put("nikos", [StaffRole.OPERATOR], "a long enough one")
    hers = stack._stack.place.secret("helpdesk")
    seen = {}
    for name, password in (("helpdesk", hers), ("nikos", "a long enough one")):
        browser = desk(passwords=passwords, operators_file=file)
        page = (await browser.get("/sign-in")).text
        assert ('name="password"' in page) is (passwords != "nobody")
        seen[name] = (await browser.post("/sign-in", name=name, password=password)).status_code
    let_in = {name for name, status in seen.items() if status == 303}
    assert (
        let_in
        == {
            "everybody": {"helpdesk", "nikos"},
            "operators": {"nikos"},
            "nobody": set(),
        }[passwords]
    )


async def test_signing_out_leads_on_to_the_provider(desk: Desk, provider: OpenIdProvider) -> None:
    browser = desk()
    await come(browser, provider)
    await browser.get("/case/A-7K3F-92QD/retry")
    out = await browser.post("/sign-out")
    assert out.headers["refresh"].startswith(
        f"0; url={provider.issuer}/logout/?client_id={CLIENT}&"
    )
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert not await is_in(browser)
    there = await httpx.AsyncClient().get(out.headers["refresh"].removeprefix("0; url="))
    assert there.status_code in (200, 302)


async def test_a_desk_without_a_provider_has_no_such_pages(browser: Browser) -> None:
    for path in ("/sign-in/provider", "/sign-in/back?code=1&state=1"):
        assert (await browser.get(path)).status_code == 404
    assert "/sign-in/provider" not in (await browser.get("/sign-in")).text
