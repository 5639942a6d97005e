"""A note is written once, read by colleagues, and refused when it is none."""

import re
from secrets import token_hex

from temporalio.client import Client

from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import Language
from ledger import activations, audit, notes, support_requests
from ledger.support_requests import HelpRequest
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


async def test_a_note_to_a_colleague_is_on_their_first_page_until_they_have_read_it(
    stack: TestStack, pool: Pool, client: Client, reference: str, signed_in: SignedIn
) -> None:
    await Activations(client).start(ActivationStart(reference=reference, mobile="+306912345678"))
    await activations.begin(
        pool,
        stack.keys,
        reference=reference,
        language=Language.EL,
        mobile="+306900000001",
        email=None,
    )
    helpdesk, supervisor = await signed_in("helpdesk"), await signed_in("supervisor")
    path = f"/case/{reference}/note"
    assert '<option value="supervisor"' in (await helpdesk.get(path)).text
    unknown = await helpdesk.post(path, text="Κάλεσέ την", to="nobody-here")
    assert unknown.status_code == 422
    assert "Κάλεσέ την" in unknown.text
    assert (await helpdesk.post(path, text="Κάλεσέ την", to="supervisor")).status_code == 303
    assert "helpdesk → supervisor: Κάλεσέ την" in (await supervisor.get(f"/case/{reference}")).text
    (note,) = await notes.unread(pool, "supervisor", None)
    form = f'action="/notes/{note.id}/read"'
    for first in ("/queue", "/mine"):
        assert form not in (await helpdesk.get(first)).text
        seen = (await supervisor.get(first)).text
        assert form in seen
        assert "Κάλεσέ" not in seen
    assert (await helpdesk.post(f"/notes/{note.id}/read")).status_code == 404
    for back, to in (("/mine", "/mine"), ("//evil.example", "/queue")):
        marked = await supervisor.post(f"/notes/{note.id}/read", back=back)
        assert marked.headers["location"] == to
    assert form not in (await supervisor.get("/queue")).text
    told = [
        (row.actor, row.action, row.reason)
        for row in await audit.page(pool, stack.keys, reference=reference, without=["case"])
    ]
    assert told == [("supervisor", "note", "read")] * 2 + [("helpdesk", "note", "supervisor")]
    await client.get_workflow_handle(reference).terminate()


async def test_a_note_on_a_request_for_help_is_read_there(
    stack: TestStack, pool: Pool, signed_in: SignedIn
) -> None:
    number = token_hex(16)
    await support_requests.put(
        pool,
        stack.keys,
        HelpRequest(number, None, None, Language.EL, "Μαρία", "maria@example.org", "Βοήθεια"),
    )
    helpdesk, supervisor = await signed_in("helpdesk"), await signed_in("supervisor")
    path = f"/requests/{number}"
    await helpdesk.get(path)
    refused = await helpdesk.post(f"{path}/note", note=" ", **{"note-to": "supervisor"})
    assert refused.status_code == 422
    assert '<option value="supervisor" selected>' in refused.text
    for _ in range(2):
        written = await helpdesk.post(f"{path}/note", note="Την ξέρω", **{"note-to": "supervisor"})
        assert written.headers["location"] == path
    seen = (await supervisor.get("/queue")).text
    assert seen.count(f'href="{path}"') == 1
    page = (await supervisor.get(path)).text
    assert page.count("Την ξέρω") == 1
    assert "helpdesk → supervisor" in page
    (note,) = await notes.unread(pool, "supervisor", None)
    await supervisor.get("/queue")
    await supervisor.post(f"/notes/{note.id}/read")
    assert await notes.unread(pool, "supervisor", None) == []
    told = await audit.page(pool, stack.keys, action="note", limit=2)
    assert [row.reason for row in told] == [f"{number}: read", f"{number}: supervisor"]
    await pool.execute("DELETE FROM support_request WHERE id = $1", number)


async def test_all_unread_notes_are_reached_page_by_page(pool: Pool, signed_in: SignedIn) -> None:
    await pool.execute(
        "INSERT INTO case_note (id, reference, author, text, addressee)"
        " SELECT 'page' || n, 'A-0000-0000', 'helpdesk', '', 'supervisor'"
        " FROM generate_series(1, 51) n"
    )
    supervisor = await signed_in("supervisor")
    for first in ("/queue", "/mine"):
        seen = (await supervisor.get(first)).text
        assert "Σελίδα 1 από 2." in seen
        more = (await supervisor.get(re.findall(r'rel="next" href="([^"]+)"', seen)[0])).text
        shown = [re.findall(r'action="/notes/(page\d+)/read"', page) for page in (seen, more)]
        assert [*map(len, shown)] == [50, 1]
        assert len({*shown[0], *shown[1]}) == 51
        assert f'rel="prev" href="{first}?page=1"' in more
    await pool.execute("DELETE FROM case_note WHERE id LIKE 'page%'")
