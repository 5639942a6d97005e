"""Temporal's own web page shows readable payloads to an operator signed in at the console only."""

import json
import re
from http import HTTPStatus
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.journey import Student
from tests.stack import WholeStack

# Temporal's page is some hundred scripts, on a machine that may be busy with more.
PATIENCE = 60_000
pytestmark = pytest.mark.timeout(240)

TICK = """
    localStorage.setItem("endpoint", JSON.stringify("%s/codec"));
    localStorage.setItem("includeCredentials", "true");
    localStorage.setItem("overrideRemoteCodecConfiguration", "true");
"""
"""What the page keeps when "Include cross-origin credentials" is ticked in it once."""


async def begin(page: Page, env: dict[str, str], student: Student) -> None:
    await page.goto(f"{env['PORTAL_URL']}/who")
    await page.locator("input[name=who][value=student]").check()
    await page.locator("main button").click()
    await page.locator("input[name=mobile]").fill(student.mobile)
    await page.locator("main button").click()
    await page.wait_for_url(re.compile("/(pin|progress)"))


async def open_run(page: Page, env: dict[str, str], reference: str) -> int:
    """Open the run's page and return how its first question to the codec server was answered."""
    async with page.expect_response(
        lambda answer: "/codec/decode" in answer.url and answer.request.method == "POST",
        timeout=PATIENCE,
    ) as asked:
        address = f"{env['TEMPORAL_UI_URL']}/namespaces/activation/workflows/{reference}"
        await page.goto(address, wait_until="commit")
    return (await asked.value).status


async def test_only_a_signed_in_operator_reads_payloads_in_temporals_page(
    whole_stack: WholeStack, open_page: OpenPage
) -> None:
    env = whole_stack.env
    student = Student()
    await student.enrol(env["REGISTRAR_DSN"])
    before = references(whole_stack)
    page = await open_page()
    await page.add_init_script(TICK % env["SUPPORT_URL"])
    await begin(page, env, student)
    (reference,) = references(whole_stack) - before
    assert await open_run(page, env, reference) == 401

    await page.goto(f"{env['SUPPORT_URL']}/sign-in")
    await page.locator("input[name=name]").fill(env["SUPPORT_USER"])
    await page.locator("input[name=password]").fill(env["SUPPORT_PASSWORD"])
    await page.locator("main button").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    assert await open_run(page, env, reference) == HTTPStatus.OK
    # The page itself shows it: what it asks of a run must come back whole, or it shows an error.
    await page.get_by_text(f"+30{student.mobile}").first.wait_for(timeout=PATIENCE)


def references(stack: WholeStack) -> set[str]:
    listed: list[dict[str, Any]] = json.loads(stack.command("support", "list", "--json").stdout)
    return {line["reference"] for line in listed}
