"""Lists that are narrowed and named: who may see names, of whom, and what the audit has of it."""

from secrets import token_hex

from fastapi import FastAPI
from temporalio.client import Client
from temporalio.common import SearchAttributePair

from domain.contracts.vocabulary import Language, Step
from ledger import audit, claims
from starter.client.activations import Activations
from tests.server import working
from tests.starter.client.test_activations import waits_for_its_pin
from tests.support.console.conftest import SignedIn
from tests.support.console.test_codec import page as session
from tests.support.console.test_queue import left_alone, listed
from tests.workflows.engine import PERSON, World
from workflows.search_attributes import STEP

WAITING = "/list?group=student&sort=since&order=descending"
WORKING = "/list?group=working&sort=since&order=descending"


async def test_a_list_is_narrowed_and_named_for_who_may_search(
    app: FastAPI, signed_in: SignedIn, client: Client, world: World, reference: str
) -> None:
    pool, keys = app.state.context.pool, app.state.context.keys
    async with working(client, world):
        await waits_for_its_pin(Activations(client), reference)
    person = PERSON.model_copy(update={"person_key": token_hex(8), "last_name_el": "Λιστοπούλου"})
    await claims.note_and_claim(
        pool, keys, reference=reference, person=person, language=Language.EL
    )
    unknown = await left_alone(client, SearchAttributePair(STEP, Step.LOOKUP))
    await listed(client, [reference], f"{STEP.name} = '{Step.PIN}'")
    department = PERSON.enrolments[0]

    browser = await signed_in("helpdesk")
    plain = (await browser.get(f"{WAITING}&lang=en")).text
    assert reference in plain
    assert "Λιστοπούλου" not in plain
    assert f">{department.department_en}</option>" in plain
    assert 'name="names"' in plain
    named = (await browser.get(f"{WAITING}&names=1&step=pin")).text
    assert "Λιστοπούλου" in named
    assert "1 minute" in named
    (newest,) = await audit.page(pool, keys, limit=1)
    assert newest.action == "search"
    assert reference in (newest.reason or "")
    assert "•••••••78" in (await browser.get(f"{WORKING}&names=1")).text
    rows = await audit.page(pool, keys, limit=2)
    assert any("contacts" in (row.reason or "") and unknown in (row.reason or "") for row in rows)
    for other in ("older=1d", "step=review"):
        assert reference not in (await browser.get(f"{WAITING}&{other}")).text, other
    ours = (await browser.get(f"{WAITING}&department={department.department_id}")).text
    assert reference in ours
    assert f">{department.department_en}</td>" in ours
    for invalid in ("older=x", "department=%27", "step=x"):
        assert reference in (await browser.get(f"{WAITING}&{invalid}")).text, invalid

    viewer = await signed_in("viewer")
    seen = (await viewer.get(f"{WAITING}&names=1")).text
    assert reference in seen
    assert "Λιστοπούλου" not in seen
    assert 'name="names"' not in seen
    limited = await session(app, pool, "helpdesk", departments=("NONE",))
    hidden = (await limited.http.get(f"{WAITING}&names=1&lang=en")).text
    assert reference not in hidden
    assert department.department_en not in hidden
    for each in (reference, unknown):
        await client.get_workflow_handle(each).terminate()
