"""Cases and requests that staff take or give each other; none changes what they did not see."""

from secrets import token_hex

from fastapi import FastAPI
from temporalio.client import Client

from domain.contracts.vocabulary import Language, Step
from ledger import activations, erasure, support_requests
from ledger.support_requests import HelpRequest
from starter.client.activations import Activations
from tests.server import working
from tests.starter.client.test_activations import waits_for_its_pin
from tests.support.console.conftest import SignedIn
from tests.support.console.test_codec import page as session
from tests.support.console.test_queue import listed
from tests.workflows.engine import World
from workflows.search_attributes import STEP

WAITING = "/list?group=student&sort=since&order=descending"


async def test_a_case_is_taken_given_with_a_note_and_of_two_at_once_the_second_is_told(
    app: FastAPI, signed_in: SignedIn, client: Client, world: World, reference: str
) -> None:
    pool, keys = app.state.context.pool, app.state.context.keys
    path = f"/case/{reference}/assign"
    await activations.begin(
        pool, keys, reference=reference, language=Language.EL, mobile="+306912345678", email=None
    )
    async with working(client, world):
        await waits_for_its_pin(Activations(client), reference)
    await listed(client, [reference], f"{STEP.name} = '{Step.PIN}'")
    elsewhere = await session(app, pool, "helpdesk", departments=("NONE",))
    helpdesk, supervisor = await signed_in("helpdesk"), await signed_in("supervisor")

    assert reference in (await helpdesk.get(f"{WAITING}&assigned=nobody")).text
    assert "Ανάθεση σε εμένα" in (await helpdesk.get(f"/case/{reference}")).text
    seen = (await supervisor.get(path)).text
    assert '<option value="helpdesk"' in seen
    assert elsewhere.name not in seen
    form = helpdesk.hidden
    for _ in range(2):
        helpdesk.hidden = form | {"was": ""}
        taken = await helpdesk.post(path, to="helpdesk")
        assert taken.headers["location"] == f"/case/{reference}?told=done"
    assert "Ανάθεση σε: helpdesk." in (await helpdesk.get(f"/case/{reference}")).text
    for mine in ("/mine", f"{WAITING}&assigned=me"):
        assert reference in (await helpdesk.get(mine)).text, mine
    assert reference not in (await helpdesk.get(f"{WAITING}&assigned=nobody")).text

    late = await supervisor.post(path, to="supervisor", was="")
    assert late.status_code == 422
    assert "Στο μεταξύ" in late.text
    unknown = await supervisor.post(path, to=elsewhere.name, was="helpdesk")
    assert unknown.status_code == 422
    given = await supervisor.post(path, to="helpdesk", was="helpdesk", text="Πάρ' τον τηλέφωνο")
    assert given.status_code == 303
    assert "supervisor → helpdesk: Πάρ" in (await helpdesk.get(f"/case/{reference}")).text
    assert "supervisor, " in (await helpdesk.get("/mine")).text

    hidden = await elsewhere.http.get(path)
    assert hidden.status_code == 404
    assert reference not in (await elsewhere.http.get("/mine")).text
    acts = "SELECT actor, action FROM audit WHERE reference = $1 AND action <> 'case' ORDER BY id"
    assert [tuple(row) for row in await pool.fetch(acts, reference)] == [
        *(("helpdesk", "assign"), ("helpdesk", "assign")),
        *(("supervisor", "assign"), ("supervisor", "refused")),
        *(("supervisor", "assign"), ("supervisor", "note")),
    ]
    await erasure.erase(pool, keys, reference)
    assert (
        await pool.fetchval("SELECT count(*) FROM assignment WHERE reference = $1", reference) == 0
    )
    await client.get_workflow_handle(reference).terminate()


async def test_a_request_for_help_is_taken(app: FastAPI, signed_in: SignedIn) -> None:
    pool, keys, number = app.state.context.pool, app.state.context.keys, token_hex(8)
    await support_requests.put(
        pool,
        keys,
        HelpRequest(number, None, None, Language.EL, "Μαρία", "maria@example.org", "Βοήθεια"),
    )
    helpdesk, supervisor = await signed_in("helpdesk"), await signed_in("supervisor")
    await helpdesk.get(f"/requests/{number}")
    await supervisor.get(f"/requests/{number}")
    taken = await helpdesk.post(f"/requests/{number}/assign", to="helpdesk", was="")
    assert taken.status_code == 303
    late = await supervisor.post(f"/requests/{number}/assign", to="supervisor", was="")
    assert late.status_code == 409
    assert "Ανάθεση σε: helpdesk." in (await supervisor.get("/requests")).text
    assert number in (await helpdesk.get("/mine")).text
    assert number not in (await supervisor.get("/mine")).text
    await pool.execute("DELETE FROM support_request WHERE id = $1", number)
