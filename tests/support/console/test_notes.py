"""A note is written once, read by colleagues, and refused when it is none."""

from temporalio.client import Client

from domain.contracts.submissions import ActivationStart
from ledger import audit, notes
from postgres import Pool
from starter.client.activations import Activations
from support.verbs.notes import LONGEST
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn


async def test_a_double_click_writes_one_note(
    stack: TestStack, pool: Pool, client: Client, reference: str, signed_in: SignedIn
) -> None:
    await Activations(client).start(ActivationStart(reference=reference, mobile="+306912345678"))
    browser = await signed_in("helpdesk")
    path = f"/case/{reference}/note"
    for wrong in (" \n ", "x" * (LONGEST + 1)):
        await browser.get(path)
        answer = await browser.post(path, text=wrong)
        assert answer.status_code == 422
        assert wrong.strip() in answer.text
    await browser.get(path)
    for _ in range(2):
        answer = await browser.post(path, text="Τηλεφώνησε.\r\nΘα ξαναπάρει.")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/case/{reference}?told=done"
    (note,) = await notes.of(pool, stack.keys, reference)
    assert (note.author, note.text) == ("helpdesk", "Τηλεφώνησε.\nΘα ξαναπάρει.")
    (row,) = await audit.page(pool, stack.keys, reference=reference)
    assert (row.actor, row.action, row.reason) == ("helpdesk", "note", "")
    await client.get_workflow_handle(reference).terminate()


async def test_no_note_without_a_case_or_the_role(reference: str, signed_in: SignedIn) -> None:
    browser = await signed_in("helpdesk")
    await browser.get(f"/case/{reference}/note")
    assert (await browser.post(f"/case/{reference}/note", text="x")).status_code == 404
    viewer = await signed_in("viewer")
    assert (await viewer.get(f"/case/{reference}/note")).status_code == 403
