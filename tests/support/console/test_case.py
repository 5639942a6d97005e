"""The page of a case: the sentence, masked facts, what happened, what can be done; and the look."""

import asyncio
import io
import re
import secrets
from datetime import UTC, datetime

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from domain.contracts.channels import Channel
from domain.contracts.staff import SendCodeSubmission
from domain.contracts.submissions import ResendRequest
from domain.contracts.vocabulary import ActivityName, FailureType, Language, Step, TaskQueue
from ledger import activations
from postgres import Pool
from settings import Settings
from starter.client.activations import Activations
from support.console import case
from support.console.app import assemble, create
from support.verbs import cases
from support.verbs.cases import CaseState, CaseSummary
from tests.security.log_lines import lines, read
from tests.server import hurried, working
from tests.stack import TestStack
from tests.starter.client.test_activations import begun, waits_for_its_pin
from tests.support.console.conftest import SignedIn, sign_in_to
from tests.workflows.engine import World
from workflows.support_request import SupportRequest

__all__ = ["lines"]


async def noted(pool: Pool, stack: TestStack, reference: str) -> None:
    await activations.begin(
        pool,
        stack.keys,
        reference=reference,
        language=Language.EN,
        mobile="+306912345678",
        email=None,
    )


@pytest.fixture
async def begun_on_file(pool: Pool, stack: TestStack, reference: str) -> str:
    await noted(pool, stack, reference)
    return reference


async def test_a_case_is_told_in_words_with_no_worker_and_the_look_is_in_the_audit(
    signed_in: SignedIn, client: Client, world: World, begun_on_file: str, pool: Pool
) -> None:
    reference = begun_on_file
    world.failing, world.failure = {ActivityName.SEND_PIN: 99}, FailureType.SMS_DOWN
    activations = Activations(client)
    async with working(client, world):
        await activations.start(begun(reference))
        async with asyncio.timeout(20):
            while (await cases.standing(client, reference)).wait_reason != "SMS_DOWN":  # noqa: ASYNC110 - another process sets it
                await asyncio.sleep(0.05)
    browser = await signed_in("helpdesk")
    before = datetime.now(UTC)
    page = await browser.get(f"/case/{reference.lower()}?lang=en")
    took = datetime.now(UTC) - before
    print(f"case page: {took}")  # noqa: T201 - a figure for who runs this
    assert page.status_code == 200, page.text
    told_masked = ("+30 •••••••78", "Μ. Π.", "Ελληνικά</dd>")
    for told in ("The SMS gateway does not answer", "since", *told_masked):
        assert told in page.text
    assert "«There is a delay»" in page.text or "«Type the six-digit code (pin)»" in page.text
    assert "Failed: sending of the six-digit code (pin) SMS_DOWN" in page.text
    assert "send_pin: SMS_DOWN: away" in page.text
    assert "/handbook#SMS_DOWN" in page.text
    assert f'href="/case/{reference}/retry"' in page.text
    assert f'href="/case/{reference}/cancel"' not in page.text
    for personal in ("6912345678", "Παπαδοπούλου", "maria@example.org", "2026001"):
        assert personal not in page.text
    rows = await pool.fetch("SELECT actor, action FROM audit WHERE reference = $1", reference)
    assert [tuple(row) for row in rows] == [("helpdesk", "case")]
    await client.get_workflow_handle(reference).terminate()
    after = await browser.get(f"/case/{reference}?lang=en")
    assert "ended from outside" in after.text
    assert "This activation was cancelled" in after.text


async def test_a_run_whose_own_code_fails_shows_the_error_to_who_must_mend_it(
    signed_in: SignedIn, client: Client, reference: str
) -> None:
    async with Worker(client, task_queue=TaskQueue.MAIN, workflows=[SupportRequest]):
        await Activations(hurried(client)).start(begun(reference))
        async with asyncio.timeout(30):
            while (await cases.standing(client, reference)).state is not CaseState.FAILING:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.2)
    page = await (await signed_in("helpdesk")).get(f"/case/{reference}?lang=en")
    assert "The engine itself fails" in page.text
    assert re.search(r"<pre[^>]*>[^<]*Activation", page.text)
    await client.get_workflow_handle(reference).terminate()


async def test_what_temporal_has_forgotten_is_told_by_the_ledger(
    signed_in: SignedIn, pool: Pool, stack: TestStack, reference: str
) -> None:
    await noted(pool, stack, reference)
    browser = await signed_in("helpdesk")
    page = await browser.get(f"/case/{reference}?lang=en")
    assert "Temporal no longer knows it" in page.text
    await activations.close(pool, reference=reference, end=Step.ACTIVE)
    page = await browser.get(f"/case/{reference}?lang=en")
    assert "The account is active." in page.text
    # The portal knows it as little: who comes back begins anew.
    assert "Nothing of it any more" in page.text


async def test_a_code_that_staff_ask_for_is_not_the_students(
    signed_in: SignedIn, client: Client, world: World, begun_on_file: str
) -> None:
    reference = begun_on_file
    async with working(client, world):
        await waits_for_its_pin(Activations(client), reference)
        for name, model in (("resend_pin", ResendRequest), ("send_code", SendCodeSubmission)):
            asked = model(
                submission_id=secrets.token_hex(8),
                received_at=datetime.now(UTC),
                channel=Channel.SMS,
            )
            await Activations(client).submit(reference, name, asked)
    page = await (await signed_in("helpdesk")).get(f"/case/{reference}?lang=en")
    await client.get_workflow_handle(reference).terminate()
    assert "Asked for a six-digit code (pin)" in page.text
    assert "× Asked for a six-digit code (pin)" not in page.text


async def test_with_temporal_away_a_case_is_told_by_the_ledger_and_says_so(
    stack: TestStack, settings: Settings, pool: Pool, reference: str
) -> None:
    await noted(pool, stack, reference)
    away = await Client.connect("127.0.0.1:1", lazy=True)
    app = create(assemble(settings, stack.keys, pool, away))
    browser = await sign_in_to(app, stack, "operator")
    page = await browser.get(f"/case/{reference}?lang=en")
    assert page.status_code == 200
    assert "Temporal does not answer" in page.text
    assert "/handbook#TEMPORAL_DOWN" in page.text
    refused = await browser.post(f"/case/{reference}/retry", reason="tried")
    assert refused.status_code == 503
    assert "Nothing was lost" in refused.text


async def test_unknown_and_other_departments_cases_look_the_same(
    signed_in: SignedIn, client: Client, world: World, reference: str
) -> None:
    async with working(client, world):
        await waits_for_its_pin(Activations(client), reference)
    browser = await signed_in("helpdesk")
    for unknown in ("A-0000-0000", "nonsense"):
        assert (await browser.get(f"/case/{unknown}")).status_code == 404
    assert (await browser.get(f"/case/{reference}")).status_code == 200
    await client.get_workflow_handle(reference).terminate()


@pytest.mark.parametrize("path", sorted(case.HEADINGS))
def test_every_heading_is_one_the_students_pages_have(path: str) -> None:
    from settings.section import TREE  # noqa: PLC0415 - for this one look

    if path == "/identify":
        return
    words = TREE / "starter/wording.py"
    files = [words, *(TREE / "templates/pages").glob("*.html")]
    pages = "".join(page.read_text("utf-8") for page in files)
    assert f'_("{case.HEADINGS[path]}")' in pages


def test_a_line_of_what_nobody_can_tell_names_no_step() -> None:
    line = CaseSummary(
        "A", Step.LOOKUP, None, datetime.now(UTC), None, None, state=CaseState.UNSEEN
    )
    assert line.as_dict()["step"] is None


async def test_what_a_page_of_a_case_logs_has_its_reference(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, lines: io.StringIO
) -> None:
    async def fail(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(case, "load_case", fail)
    browser = await signed_in("helpdesk")
    read(lines)
    assert (await browser.get("/case/a7k3f92qd")).status_code == 500
    told = [line["reference"] for line in read(lines) if line["level"] == "error"]
    assert told == ["A-7K3F-92QD"]
