"""The pages of the acts: the effect in words, a reason, a result, and nothing done twice."""

from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest
from temporalio.client import Client

from domain.contracts.submissions import PinSubmission
from domain.contracts.vocabulary import Step, WaitReason
from ledger import audit
from postgres import Pool
from security.keyfiles import KeyUnavailable
from settings import Settings
from starter.client.activations import Activations
from support.console.app import assemble, create
from support.verbs import preset_reasons
from support.verbs.staff import Action
from tests.server import working
from tests.stack import TestStack
from tests.starter.client.test_activations import handed_over, until, waits_for_its_pin
from tests.starter.portal.conftest import Browser
from tests.support.console.conftest import SignedIn, sign_in_to
from tests.workflows.engine import World, pin_of
from web import times

WHY = "Τηλεφώνημα στο γραφείο"


async def acts(pool: Pool, reference: str) -> list[str]:
    rows = await pool.fetch("SELECT action FROM audit WHERE reference = $1 ORDER BY id", reference)
    return [row["action"] for row in rows]


async def test_an_act_says_its_effect_asks_why_and_tells_its_result(
    client: Client, world: World, reference: str, pool: Pool, signed_in: SignedIn
) -> None:
    browser = await signed_in("supervisor")
    activations = Activations(client)
    path = f"/case/{reference}/hold"
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
        page = await browser.get(path.lower())
        assert "σταματά μέχρι να την αποδεσμεύσει" in page.text
        without = await browser.post(path, reason="  ")
        assert without.status_code == 422
        assert "Γράψτε τον λόγο" in without.text
        endless = await browser.post(path, reason="α" * 501)
        assert endless.status_code == 422
        assert "α" * 501 in endless.text
        form = browser.hidden
        for _ in range(2):
            browser.hidden = form
            done = await browser.post(path, reason=WHY)
            assert done.status_code == 303
            assert done.headers["location"] == f"/case/{reference}?told=done"
        stands = await activations.recorded_state(reference)
        assert stands is not None
        assert stands.wait_reason is WaitReason.HELD
        await browser.get(path)
        impossible = await browser.post(path, reason=WHY)
        assert impossible.status_code == 409
        assert "Αναστέλλεται μόνο ό,τι περιμένει τον φοιτητή" in impossible.text
        assert f'href="/case/{reference}">Πίσω στην υπόθεση' in impossible.text
        case = await browser.get(f"/case/{reference}")
        assert "Δεν έγινε δεκτό, δεν άλλαξε τίποτα: Αναστολή (" in case.text
        await client.get_workflow_handle(reference).terminate()
    assert set(await acts(pool, reference)) == {"hold", "refused", "case"}


async def mistype(activations: Activations, reference: str) -> None:
    for _ in range(5):
        typed = {"submission_id": token_hex(8), "received_at": datetime.now(UTC)}
        wrong = PinSubmission.model_validate(typed | {"pin": pin_of(9)})
        await activations.submit(reference, "submit_pin", wrong)


async def lock(activations: Activations, reference: str, browser: Browser) -> None:
    """Mistype as many codes as an activation has tries, with a second code in between."""
    await waits_for_its_pin(activations, reference)
    await mistype(activations, reference)
    await browser.get(f"/case/{reference}/resend")
    await browser.post(f"/case/{reference}/resend", reason="λ", channel="sms")
    await until(activations, reference, handed_over)
    await mistype(activations, reference)
    await until(activations, reference, lambda now: now.wait_reason is WaitReason.PIN_LOCKED)


async def test_after_a_message_that_was_refused_the_next_press_sends_and_says_so(
    client: Client, world: World, reference: str, pool: Pool, signed_in: SignedIn
) -> None:
    browser, activations = await signed_in("helpdesk"), Activations(client)
    path = f"/case/{reference}/unlock_send"
    async with working(client, world):
        await lock(activations, reference, browser)
        world.staff_may = False
        await browser.get(path)
        half = await browser.post(path, reason=WHY, channel="sms")
        assert half.status_code == 409
        assert "Ξεκλειδώθηκε, αλλά δεν στάλθηκε" in half.text
        await browser.get(path)
        unsent = await browser.post(path, reason=WHY, channel="sms")
        assert unsent.status_code == 409
        assert "Ξεκλειδώθηκε" not in unsent.text
        world.staff_may = True
        await browser.get(path)
        sent = await browser.post(path, reason=WHY, channel="sms")
        assert sent.headers["location"] == f"/case/{reference}?told=sent"
        assert "δεν ήταν πια κλειδωμένη" in (await browser.get(sent.headers["location"])).text
        await client.get_workflow_handle(reference).terminate()
    assert await acts(pool, reference) == [
        *("resend", "unlock", "resend", "refused", "resend", "refused", "resend", "case")
    ]


async def test_one_act_unlocks_and_sends_with_a_chosen_reason_in_the_audit(
    client: Client, world: World, reference: str, pool: Pool, signed_in: SignedIn
) -> None:
    browser = await signed_in("helpdesk")
    activations = Activations(client)
    path = f"/case/{reference}/unlock_send"
    chosen = preset_reasons.PRESETS[Action.UNLOCK][0]

    async with working(client, world):
        await lock(activations, reference, browser)
        assert path in (await browser.get(f"/case/{reference}")).text
        assert 'value="email"' in (await browser.get(path)).text
        assert (await browser.post(path, preset="invented", channel="sms")).status_code == 422
        done = await browser.post(path, preset=chosen, reason="ξανά", channel="sms")
        assert done.headers["location"] == f"/case/{reference}?told=done"
        await until(activations, reference, lambda now: now.wait_reason is WaitReason.WAITING_PIN)
        # Of two members of staff the second sends as well, and is told that nothing was locked.
        await browser.get(path)
        second = await browser.post(path, preset=chosen, channel="sms")
        assert second.headers["location"] == f"/case/{reference}?told=sent"
        case = await browser.get(f"/case/{reference}")
        await client.get_workflow_handle(reference).terminate()
    assert await acts(pool, reference) == [
        *("resend", "case", "unlock", "resend", "resend", "case")
    ]
    assert "(helpdesk: Ο φοιτητής τηλεφώνησε και είχε γράψει λάθος" in case.text
    assert " - ξανά)" in case.text


async def test_without_a_worker_an_act_is_taken_in(
    client: Client, world: World, reference: str, signed_in: SignedIn
) -> None:
    browser = await signed_in("supervisor")
    activations = Activations(client)
    async with working(client, world):
        await waits_for_its_pin(activations, reference)
    await browser.get(f"/case/{reference}/hold")
    done = await browser.post(f"/case/{reference}/hold", reason=WHY)
    assert done.headers["location"].endswith("?told=taken")
    async with working(client, world):
        now = await until(activations, reference, lambda now: now.step is Step.NEEDS_SUPPORT)
        assert now.wait_reason is WaitReason.HELD
        await client.get_workflow_handle(reference).terminate()


async def test_an_unknown_or_impossible_reference_is_one_page(
    client: Client, reference: str, pool: Pool, signed_in: SignedIn
) -> None:
    del client
    browser = await signed_in("supervisor")
    for name in (reference, "nonsense"):
        await browser.get("/case/A-7K3F-92QD/cancel")
        answer = await browser.post(f"/case/{name}/cancel", reason=WHY)
        assert answer.status_code == 404
        assert "Ελέγξτε τον αριθμό αναφοράς" in answer.text
    assert await acts(pool, reference) == []


async def test_who_signed_out_in_between_loses_nothing_but_the_form(
    client: Client, reference: str, pool: Pool, signed_in: SignedIn
) -> None:
    del client
    browser = await signed_in("supervisor")
    await browser.get(f"/case/{reference}/cancel")
    await pool.execute("DELETE FROM staff_session")
    answer = await browser.post(f"/case/{reference}/cancel", reason=WHY)
    assert answer.headers["location"].startswith("/sign-in")
    assert await acts(pool, reference) == []


async def test_all_of_a_cause_are_woken_from_one_page(
    client: Client, pool: Pool, signed_in: SignedIn
) -> None:
    del client
    browser = await signed_in("supervisor")
    await browser.get("/retry-all/USERNAME_CONFLICT")
    assert (await browser.get("/retry-all/WAITING_CONSENT")).status_code == 404
    assert (await browser.get("/retry-all/NONSENSE")).status_code == 404
    assert (await browser.get("/retry-all/INSURANCE_CONFLICT")).status_code == 404
    assert (await browser.post("/retry-all/INSURANCE_CONFLICT", reason=WHY)).status_code == 404
    page = await browser.get("/retry-all/USERNAME_CONFLICT")
    assert "0 ενεργοποιήσεις περιμένουν για αυτό" in page.text
    assert (await browser.post("/retry-all/USERNAME_CONFLICT", reason=" ")).status_code == 422
    done = await browser.post("/retry-all/USERNAME_CONFLICT", reason=WHY)
    assert done.headers["location"] == "/queue?told=waking"
    asked = "SELECT count(*) FROM audit WHERE action = 'retry_all' AND actor = 'supervisor'"
    assert await pool.fetchval(asked) == 1


async def test_what_cannot_begin_is_not_said_to_have_begun(
    client: Client,
    stack: TestStack,
    settings: Settings,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(times, "CONSOLE_RPC", timedelta(seconds=0.2))
    nowhere = await Client.connect("127.0.0.1:9", lazy=True, data_converter=client.data_converter)
    app = create(assemble(settings, stack.keys, pool, nowhere))
    browser = await sign_in_to(app, stack, "supervisor")
    why = token_hex(8)
    for cause, status in (
        ("DIRECTORY_DOWN", 503),
        ("WAITING_PIN", 404),
        ("DATA_DISPUTED", 404),
        ("HELD", 404),
    ):
        await browser.get("/registrar")
        answer = await browser.post(f"/retry-all/{cause}", reason=why)
        assert answer.status_code == status, cause
    rows = await audit.page(pool, stack.keys, action="retry_all", limit=5)
    assert not [row for row in rows if row.reason and why in row.reason]


async def test_what_cannot_be_handed_to_a_worker_is_told_to_who_asked(
    client: Client, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise KeyUnavailable

    browser = await signed_in("supervisor")
    await browser.get("/retry-all/USERNAME_CONFLICT")
    monkeypatch.setattr(Client, "start_workflow", fails)
    answer = await browser.post("/retry-all/USERNAME_CONFLICT", reason=WHY)
    assert answer.status_code == 503
    del client
