"""The second factor after the password: set up once, then asked, and each code works once."""

import asyncio
import json
import re
import secrets
from html import unescape
from pathlib import Path
from time import time

import httpx
import pyotp
import pytest
from fastapi import FastAPI

from ledger import audit
from ledger.sessions import token_hash
from postgres import Pool, connect
from security.purposes import User
from settings import Settings
from support.verbs.second_factor import Who, is_required
from support.verbs.signin import ByFile
from support.verbs.staff import Staff, StaffRole
from tests.commandline import run
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import HOST, MakeApp

PASSWORD = "a long enough one"
CODE = "/sign-in/code"


class Operator:
    """An operator of the file, with an authenticator once they have set it up."""

    def __init__(self, app: FastAPI, pool: Pool, stack: TestStack, name: str) -> None:
        self.app, self.pool, self.name = app, pool, name
        self._keys = stack.keys
        self.secret = ""
        self.recovery_codes: list[str] = []

    async def password(self, address: str = "127.0.0.1") -> Browser:
        """Return a browser of whom the password was right."""
        browser = Browser(self.app, HOST, address)
        await browser.get("/sign-in")
        answer = await browser.post("/sign-in", name=self.name, password=PASSWORD)
        assert answer.headers["location"] == CODE
        return browser

    async def enrol(self) -> Browser:
        """Return a browser that has signed in for the first time."""
        browser = await self.password()
        page = (await browser.get(CODE)).text
        (secret,) = re.findall(r'<span class="app-code">([A-Z2-7 ]+)</span>', page)
        self.secret = secret.replace(" ", "")
        answer = await browser.post(CODE, code=self.code)
        assert answer.status_code == 200
        self.recovery_codes = re.findall(r'<li class="app-code">([A-Z2-7 ]+)</li>', answer.text)
        return browser

    async def later(self) -> None:
        """Have the time step of the last sign-in be over."""
        await self.pool.execute("UPDATE second_factor SET last_step = 0 WHERE name = $1", self.name)

    @property
    def code(self) -> str:
        return pyotp.TOTP(self.secret).now()

    @property
    def wrong(self) -> str:
        near = [pyotp.TOTP(self.secret).at(time() + 30 * off) for off in range(-3, 4)]
        return next(code for code in map("{:06d}".format, range(10)) if code not in near)

    async def acts(self) -> list[tuple[str, str | None]]:
        rows = await audit.page(self.pool, self._keys, actor=self.name)
        return [(row.action, row.reason) for row in reversed(rows)]


@pytest.fixture
def file(tmp_path: Path) -> ByFile:
    return ByFile(tmp_path / "operators")


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    changes = {"operators_file": tmp_path / "operators", "second_factor": "operators"}
    return settings.model_copy(update={"console": settings.console.model_copy(update=changes)})


@pytest.fixture
def operators(app: FastAPI, pool: Pool, stack: TestStack, file: ByFile) -> list[Operator]:
    made = []
    for _ in range(2):
        name = f"nikos{secrets.token_hex(4)}"
        file.put(name, [StaffRole.OPERATOR], PASSWORD)
        made.append(Operator(app, pool, stack, name))
    return made


@pytest.fixture
def nikos(operators: list[Operator]) -> Operator:
    return operators[0]


def has_session(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and "/sign-out" in answer.text


async def test_the_first_sign_in_sets_it_up_and_shows_the_recovery_codes_once(
    nikos: Operator,
) -> None:
    browser = await nikos.password()
    assert (await browser.get("/operations")).status_code == 303
    page = await browser.get(CODE)
    assert page.status_code == 200
    (uri,) = re.findall(r'href="(otpauth://totp/[^"]+)"', page.text)
    assert nikos.name in unescape(uri)
    assert '<svg viewBox="' in page.text
    (secret,) = re.findall(r'<span class="app-code">([A-Z2-7 ]+)</span>', page.text)
    nikos.secret = secret.replace(" ", "")
    assert (await browser.post(CODE, code=nikos.wrong)).status_code == 422
    assert (await browser.get("/operations")).status_code == 303
    before = browser.http.cookies["desk"]
    done = await browser.post(CODE, code=f"{nikos.code[:3]} {nikos.code[3:]}")
    assert done.status_code == 200
    codes = re.findall(r'<li class="app-code">([A-Z2-7 ]+)</li>', done.text)
    assert len({*codes}) == 10
    assert browser.http.cookies["desk"] != before
    assert has_session(await browser.get("/operations"))
    assert (await browser.get(CODE)).headers["location"].startswith("/sign-in")
    acts = await nikos.acts()
    assert [action for action, _ in acts] == [
        "second_factor_failed",
        "second_factor_enrolled",
        "sign_in",
    ]
    stored = await nikos.pool.fetchval(
        "SELECT s::text FROM second_factor s WHERE name = $1", nikos.name
    )
    for text in (nikos.secret, *codes, *(code.replace(" ", "") for code in codes)):
        assert text not in stored
        assert text.encode().hex() not in stored


async def test_a_code_is_asked_each_time_and_works_once_however_many_try(nikos: Operator) -> None:
    await nikos.enrol()
    again = await nikos.password()
    page = await again.get(CODE)
    assert "otpauth" not in page.text
    # Its time step was used to set it up.
    assert (await again.post(CODE, code=nikos.code)).status_code == 422
    await nikos.later()
    browsers = [again, *[await nikos.password() for _ in range(2)]]
    for browser in browsers:
        await browser.get(CODE)
    code = nikos.code
    answers = await asyncio.gather(*(browser.post(CODE, code=code) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    opened = [await browser.get("/operations") for browser in browsers]
    assert sum(map(has_session, opened)) == 1


async def test_the_page_goes_on_to_what_was_asked_for(nikos: Operator) -> None:
    await nikos.enrol()
    await nikos.later()
    browser = Browser(nikos.app, HOST)
    await browser.get("/sign-in?next=%2Ffunnel")
    await browser.post("/sign-in", name=nikos.name, password=PASSWORD)
    await browser.get(CODE)
    assert (await browser.post(CODE, code=nikos.code)).headers["location"] == "/funnel"


async def test_each_recovery_code_replaces_the_authenticator_once(nikos: Operator) -> None:
    await nikos.enrol()
    first, second = nikos.recovery_codes[:2]
    browser = await nikos.password()
    await browser.get(CODE)
    answer = await browser.post(CODE, code=first.lower().replace(" ", "-"))
    assert answer.status_code == 200
    assert ": 9" in answer.text
    assert has_session(await browser.get("/operations"))
    assert (await nikos.acts())[-1] == ("sign_in", "recovery code, 9 left")
    again = await nikos.password()
    await again.get(CODE)
    for wrong in (first, "", "   ", "A" * 16):
        assert (await again.post(CODE, code=wrong)).status_code == 422
    assert (await again.post(CODE, code=second)).status_code == 200


async def test_a_recovery_code_of_another_operator_is_wrong(operators: list[Operator]) -> None:
    nikos, anna = operators
    await nikos.enrol()
    await anna.enrol()
    browser = await anna.password()
    await browser.get(CODE)
    for theirs in (nikos.recovery_codes[0], nikos.code):
        assert (await browser.post(CODE, code=theirs)).status_code == 422


async def test_whoever_has_the_password_tries_few_codes_and_keeps_nobody_out(
    nikos: Operator,
) -> None:
    owner = await nikos.enrol()
    await owner.get("/operations")
    await owner.post("/sign-out")
    await nikos.later()
    thief = await nikos.password("203.0.113.1")
    await thief.get(CODE)
    tried = [(await thief.post(CODE, code=nikos.wrong)).status_code for _ in range(6)]
    assert tried == [*([422] * 5), 429]
    other = await nikos.password("203.0.114.1")
    await other.get(CODE)
    assert (await other.post(CODE, code=nikos.code)).status_code == 429
    await owner.get("/sign-in")
    await owner.post("/sign-in", name=nikos.name, password=PASSWORD)
    await owner.get(CODE)
    assert (await owner.post(CODE, code=nikos.code)).status_code == 303
    assert ("second_factor_failed", "1 times: 203.0.113.0/24") in await nikos.acts()


async def test_a_sign_in_under_way_ends_and_is_no_session(nikos: Operator) -> None:
    await nikos.enrol()
    await nikos.later()
    browser = await nikos.password()
    await browser.get(CODE)
    await nikos.pool.execute(
        "UPDATE sign_in_under_way SET created_at = now() - interval '11 min' WHERE name = $1",
        nikos.name,
    )
    answer = await browser.post(CODE, code=nikos.code)
    assert answer.headers["location"].startswith("/sign-in")
    assert (await browser.get("/operations")).status_code == 303
    stranger = Browser(nikos.app, HOST)
    assert (await stranger.get(CODE)).headers["location"].startswith("/sign-in")


async def test_who_is_signed_out_by_an_operator_does_not_come_in_by_the_second_half(
    nikos: Operator,
) -> None:
    await nikos.enrol()
    await nikos.later()
    browser = await nikos.password()
    await browser.get(CODE)
    run("support", "sign-out", nikos.name).check_returncode()
    assert (await browser.post(CODE, code=nikos.code)).headers["location"].startswith("/sign-in")


async def test_of_two_who_set_it_up_at_once_the_second_signs_in_again(nikos: Operator) -> None:
    late = await nikos.password()
    page = (await late.get(CODE)).text
    (secret,) = re.findall(r'<span class="app-code">([A-Z2-7 ]+)</span>', page)
    await nikos.enrol()
    theirs = pyotp.TOTP(secret.replace(" ", "")).now()
    assert (await late.post(CODE, code=theirs)).headers["location"].startswith("/sign-in")
    assert (await late.get("/operations")).status_code == 303


async def test_another_operator_resets_it_and_nobody_their_own(operators: list[Operator]) -> None:
    nikos, anna = operators
    lost = await nikos.enrol()
    half = await nikos.password()
    helper = await anna.enrol()
    await helper.get("/operations")
    path = "/operations/second-factor"
    why = {"reset_reason": "lost phone"}
    own = await helper.post(path, name=anna.name.title(), **why)
    assert (own.status_code, "άλλος διαχειριστής" in own.text) == (422, True)
    assert (await helper.post(path, name="nobody", **why)).status_code == 422
    asked = await helper.post(path, name=nikos.name)
    assert (asked.status_code, 'href="#reset_reason"' in asked.text) == (422, True)
    assert (await lost.get("/operations")).status_code == 200
    done = await helper.post(path, name=f" {nikos.name.title()} ", **why)
    assert done.headers["location"] == "/operations?told=second_factor"
    assert ("second_factor_reset", f"{nikos.name}: lost phone") in await anna.acts()
    assert (await lost.get("/operations")).status_code == 303
    assert (await half.get(CODE)).headers["location"].startswith("/sign-in")
    anew = await nikos.password()
    assert "otpauth" in (await anew.get(CODE)).text


async def test_the_command_lists_who_has_one(
    operators: list[Operator], file: ByFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    nikos, anna = operators
    await nikos.enrol()
    monkeypatch.setenv("ACTIVATION_CONSOLE__OPERATORS_FILE", str(file._file))
    listed = run("support", "second-factors")
    listed.check_returncode()
    lines = dict(line.split(": ", 1) for line in listed.stdout.splitlines())
    assert lines[nikos.name].startswith("with a second factor, signed in last 20")
    assert lines[nikos.name].endswith((" EET", " EEST"))
    assert lines[anna.name] == "without a second factor, signed in last -"
    assert nikos.secret not in listed.stdout
    (told,) = (
        each
        for each in json.loads(run("support", "second-factors", "--json").stdout)
        if each["name"] == anna.name
    )
    assert told == {"name": anna.name, "second_factor": False, "signed_in_at": None}


async def test_the_command_resets_it(nikos: Operator, stack: TestStack) -> None:
    await nikos.enrol()
    words = ("support", "second-factor-reset", nikos.name.title())
    assert "--reason" in run(*words).stderr
    done = run(*words, "--reason", "lost phone")
    done.check_returncode()
    assert ("second_factor_reset", f"{nikos.name}: lost phone") in [
        (row.action, row.reason) for row in await audit.page(nikos.pool, stack.keys, limit=3)
    ]
    assert done.stdout == f"{nikos.name} sets up a new second factor when signing in.\n"
    assert "Nobody has" in run(*words, "--reason", "again").stderr
    assert "otpauth" in (await (await nikos.password()).get(CODE)).text


@pytest.mark.parametrize(
    ("who", "role", "asked"),
    [
        ("off", StaffRole.OPERATOR, False),
        ("operators", StaffRole.OPERATOR, True),
        ("operators", StaffRole.AUDITOR, False),
        ("all", StaffRole.VIEWER, True),
    ],
)
def test_the_setting_says_who_needs_one(who: Who, role: StaffRole, *, asked: bool) -> None:
    assert is_required(who, Staff("eva", frozenset({role}))) is asked


async def test_the_directorys_operators_are_asked_and_its_viewers_are_not(
    make_app: MakeApp, settings: Settings, stack: TestStack
) -> None:
    for name, onward in (("operator", CODE), ("viewer", "/")):
        browser = Browser(make_app(settings), HOST)
        await browser.get("/sign-in")
        password = stack._stack.place.secret(name)
        answer = await browser.post("/sign-in", name=name, password=password)
        assert answer.headers["location"] == onward


@pytest.mark.parametrize(("language", "heading"), [("el", "Ορίστε τον"), ("en", "Set up your")])
async def test_its_pages_are_in_both_languages(
    nikos: Operator, language: str, heading: str
) -> None:
    browser = await nikos.password()
    page = await browser.get(f"{CODE}?lang={language}")
    assert f'<h1 class="govuk-heading-xl">{heading}' in page.text


FORGED_SIGN_INS = (
    "SELECT $1, $2, '{operator}', '/', NULL::bytea",
    "SELECT $1, name, '{operator}', '/', secret FROM second_factor WHERE name = $2",
)


@pytest.mark.parametrize("forged", FORGED_SIGN_INS)
async def test_a_sign_in_that_somebody_wrote_into_the_ledger_asks_nothing_and_shows_no_secret(
    nikos: Operator, stack: TestStack, forged: str
) -> None:
    await nikos.enrol()
    token = secrets.token_hex(32)
    async with await connect(stack.ledger_dsn_of(User.CONSOLE)) as role:
        await role.execute(
            f"INSERT INTO sign_in_under_way (token_hash, name, roles, onward, secret) {forged}",
            token_hash(token),
            nikos.name,
        )
    browser = Browser(nikos.app, HOST)
    browser.http.cookies.set("desk", token)
    answer = await browser.get(CODE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("change", ["name = 'maria.boss'", "roles = '{auditor}'", "onward = '//x'"])
async def test_a_sign_in_under_way_that_was_changed_has_ended(
    nikos: Operator, stack: TestStack, change: str
) -> None:
    browser = await nikos.password()
    async with await connect(stack.ledger_dsn_of(User.CONSOLE)) as role:
        await role.execute(f"UPDATE sign_in_under_way SET {change} WHERE name = $1", nikos.name)  # noqa: S608 - ours
    assert (await browser.get(CODE)).status_code == 303
