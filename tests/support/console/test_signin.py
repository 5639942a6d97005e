"""Who may sit down at the desk, for how long, and how often somebody may try."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from demo.slapd import GROUPS_DN
from postgres import Pool
from settings import Settings
from support.verbs.signin import ByFile
from support.verbs.staff import StaffRole
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, MakeApp, SignedIn

WRONG = "Το όνομα χρήστη ή ο κωδικός πρόσβασης είναι λανθασμένα"


def console(settings: Settings, **changes: object) -> Settings:
    changed = settings.console.model_copy(update=changes)
    return settings.model_copy(update={"console": changed})


async def tries(browser: Browser, name: str, password: str) -> tuple[int, str]:
    await browser.get("/sign-in")
    answer = await browser.post("/sign-in", name=name, password=password)
    return answer.status_code, answer.text


async def test_nobody_sees_a_page_before_the_sign_in_which_leads_back(
    browser: Browser, stack: TestStack
) -> None:
    away = await browser.get("/case/A-7K3F-92QD/retry")
    assert away.status_code == 303
    assert away.headers["location"] == "/sign-in?next=%2Fcase%2FA-7K3F-92QD%2Fretry"
    await browser.get(away.headers["location"])
    browser.hidden["next"] = "/case/A-7K3F-92QD/retry"
    answer = await browser.post(
        "/sign-in", name="helpdesk", password=stack._stack.place.secret("helpdesk")
    )
    assert answer.headers["location"] == "/case/A-7K3F-92QD/retry"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await browser.get("/case/A-7K3F-92QD/retry")).status_code == 200


@pytest.mark.parametrize("onward", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_the_sign_in_leads_nowhere_else(
    browser: Browser, stack: TestStack, onward: str
) -> None:
    await browser.get("/sign-in")
    browser.hidden["next"] = onward
    answer = await browser.post(
        "/sign-in", name="viewer", password=stack._stack.place.secret("viewer")
    )
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("viewer", "wrong"),
        ("viewer", ""),
        ("nobody", "wrong"),
        ("", ""),
        ("*", "wrong"),
        ("viewer,ou=staff", "wrong"),
        ("viewer", "α" * 300),
    ],
)
async def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    browser: Browser, name: str, password: str
) -> None:
    status, page = await tries(browser, name, password)
    assert status == 422
    assert WRONG in page
    assert not password or password not in page.replace("wrong", "") or password == "wrong"
    assert (await browser.get("/")).headers["location"].startswith("/sign-in")


async def test_a_link_from_elsewhere_signs_nobody_out(browser: Browser) -> None:
    """Such a browser holds the cookie back; one set now would take the place of a live one."""
    for path in ("/case/A-7K3F-92QD/retry", "/sign-in?next=%2Fcase%2FA-7K3F-92QD%2Fretry"):
        answer = await browser.http.get(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.headers["refresh"] == ("0; url=/sign-in?next=%2Fcase%2FA-7K3F-92QD%2Fretry")
        assert "set-cookie" not in answer.headers


async def test_who_is_signed_in_already_goes_on(signed_in: SignedIn) -> None:
    helpdesk = await signed_in("helpdesk")
    answer = await helpdesk.http.get("/sign-in?next=%2Fregistrar")
    assert answer.headers["location"] == "/registrar"


async def test_who_has_no_role_is_told_so_and_not_let_in(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool
) -> None:
    nobodys = console(settings, groups={"viewer": f"cn=auditor,{GROUPS_DN}"})
    browser = Browser(make_app(nobodys), HOST)
    status, page = await tries(browser, "viewer", stack._stack.place.secret("viewer"))
    assert status == 422
    assert "δεν έχει ρόλο" in page
    noted = "SELECT count(*) FROM audit WHERE actor = 'viewer' AND action = 'sign_in_refused'"
    assert await pool.fetchval(noted) == 1


async def test_who_has_no_role_does_not_fill_the_audit(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool
) -> None:
    """A student's own password is right however often it is typed."""
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^(sign_ins|failed_rows):'")
    nobodys = console(settings, groups={"viewer": f"cn=auditor,{GROUPS_DN}"})
    limits = settings.limits.model_copy(update={"failed_sign_ins_per_name": 2})
    browser = Browser(make_app(nobodys.model_copy(update={"limits": limits})), HOST)
    noted = "SELECT count(*) FROM audit WHERE actor = 'viewer' AND action = 'sign_in_refused'"
    before = await pool.fetchval(noted)
    for _ in range(4):
        status, _ = await tries(browser, "viewer", stack._stack.place.secret("viewer"))
        assert status == 422
    assert await pool.fetchval(noted) - before == 2


async def test_the_support_of_the_demo_has_the_roles_of_two_groups(signed_in: SignedIn) -> None:
    page = await (await signed_in("support")).get("/case/A-7K3F-92QD/cancel")
    assert page.status_code == 200
    assert 'href="/operations"' in page.text
    assert 'href="/audit"' not in page.text


async def test_a_group_limits_its_members_to_departments(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool
) -> None:
    limited = console(settings, departments={f"cn=helpdesk,{GROUPS_DN}": ["401", "402"]})
    await tries(Browser(make_app(limited), HOST), "helpdesk", stack._stack.place.secret("helpdesk"))
    query = "SELECT departments FROM staff_session WHERE name = 'helpdesk' ORDER BY created_at DESC"
    assert await pool.fetchval(query) == ["401", "402"]


async def test_without_the_directory_sessions_live_on_and_operators_get_in(
    make_app: MakeApp,
    settings: Settings,
    signed_in: SignedIn,
    stack: TestStack,
    tmp_path: Path,
) -> None:
    file = tmp_path / "operators"
    ByFile(file).put("nikos", [StaffRole.OPERATOR, StaffRole.AUDITOR], "a long enough one")
    browser = Browser(make_app(console(settings, operators_file=file)), HOST)
    before = await signed_in("helpdesk")
    stack.stop("slapd")
    try:
        assert (await before.get("/case/A-7K3F-92QD/retry")).status_code == 200
        status, page = await tries(browser, "viewer", "whatever")
        assert status == 503
        assert "Ο κατάλογος δεν απαντά" in page
        assert (await tries(browser, "nikos", "another one"))[0] == 422
        assert (await tries(browser, "Nikos", "a long enough one"))[0] == 303
        assert (await browser.get("/case/A-7K3F-92QD/retry")).status_code == 200
        assert (await browser.get("/case/A-7K3F-92QD/hold")).status_code == 403
    finally:
        stack.start("slapd")
    assert file.stat().st_mode & 0o077 == 0
    assert "long enough" not in file.read_text()


async def test_a_session_ends_by_itself_by_age_and_by_signing_out(
    signed_in: SignedIn, pool: Pool
) -> None:
    path = "/case/A-7K3F-92QD/retry"
    for aged in (
        "UPDATE staff_session SET seen_at = now() - interval '16 minutes'",
        "UPDATE staff_session SET created_at = now() - interval '9 hours'",
    ):
        browser = await signed_in("helpdesk")
        await pool.execute(aged)
        assert (await browser.get(path)).status_code == 303
    browser = await signed_in("helpdesk")
    await browser.get(path)
    out = await browser.post("/sign-out")
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert (await browser.get(path)).status_code == 303


async def test_a_copy_of_a_cookie_from_before_or_after_the_session_is_worth_nothing(
    browser: Browser, app: FastAPI, stack: TestStack
) -> None:
    async def sign_in(name: str) -> str:
        await browser.get("/sign-in")
        before.append(browser.http.cookies["desk"])
        password = stack._stack.place.secret(name)
        await browser.post("/sign-in", name=name, password=password)
        return str(browser.http.cookies["desk"])

    path, before = "/case/A-7K3F-92QD/retry", list[str]()
    current = await sign_in("helpdesk")
    await browser.get(path)
    for token, status in ((before[0], 303), (current, 200)):
        thief = Browser(app, HOST)
        thief.hidden = browser.hidden
        thief.http.headers["Cookie"] = f"desk={token}"
        assert (await thief.get(path)).status_code == status
        if status == 303:
            # Signed by another token, the form is no form of this browser.
            assert (await thief.post("/sign-out")).status_code == 403
    form = dict(browser.hidden)
    await browser.post("/sign-out")
    browser.http.headers["Cookie"] = f"desk={current}"
    assert (await browser.get(path)).status_code == 303
    assert (await browser.http.post(path, data=form | {"reason": "x"})).status_code == 303


async def test_head_is_answered_as_get_is_without_a_body(
    app: FastAPI, browser: Browser, signed_in: SignedIn
) -> None:
    await browser.get("/sign-in")
    paths = {str(getattr(route, "path", "")) for route in app.routes}
    for one in (browser, await signed_in("support")):
        for path in sorted(path for path in paths if path and "{" not in path):
            got, head = await one.get(path), await one.http.head(path)
            assert head.status_code == got.status_code, path
            assert {*head.headers} == {*got.headers}, path
            assert head.content == b""


async def test_a_name_may_be_tried_so_often(
    make_app: MakeApp, settings: Settings, stack: TestStack, pool: Pool
) -> None:
    await pool.execute("DELETE FROM budget WHERE bucket ~ '^(sign_ins|known):'")
    limits = settings.limits.model_copy(update={"sign_ins_per_name_elsewhere": 2})
    browser = Browser(make_app(settings.model_copy(update={"limits": limits})), HOST)
    name = "auditor"
    seen = [(await tries(browser, name, "wrong"))[0] for _ in range(2)]
    answer = await browser.post("/sign-in", name=name, password=stack._stack.place.secret(name))
    assert (seen, answer.status_code) == ([422, 422], 429)
    assert "Δοκιμάστε ξανά μετά" in answer.text
    left = (
        "SELECT extract(epoch FROM max(ends_at) - now()) FROM budget WHERE bucket LIKE 'sign_ins:%'"
    )
    assert 0 <= int(answer.headers["retry-after"]) - await pool.fetchval(left) < 30


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_form_of_somebody_elses_changes_nothing(
    app: FastAPI, headers: dict[str, str], stack: TestStack
) -> None:
    browser = Browser(app, HOST, **headers)
    await browser.get("/sign-in")
    password = stack._stack.place.secret("viewer")
    assert (await browser.post("/sign-in", name="viewer", password=password)).status_code == 403
