"""A page that looks again by itself: it keeps no session alive and is one look in the audit."""

from fastapi import FastAPI
from temporalio.client import Client

from tests.security.test_codec import begin
from tests.support.console.conftest import SignedIn

BY_ITSELF = {"Page-Refresh": "1"}


async def test_an_open_page_is_nobodys_use_of_the_session(
    app: FastAPI, signed_in: SignedIn, client: Client, reference: str
) -> None:
    pool, path = app.state.context.pool, f"/case/{reference}"
    run = await begin(client, reference)
    looks = "SELECT count(*) FROM audit WHERE reference = $1 AND action = 'case'"
    helpdesk = await signed_in("helpdesk")
    page = await helpdesk.get(path)
    assert 'data-live="sentence"' in page.text
    age = "UPDATE staff_session SET seen_at = now() - $1::interval RETURNING seen_at"
    before = {row[0] for row in await pool.fetch(age.replace("$1", "'5 min'"))}
    again = await helpdesk.http.get(path, headers=BY_ITSELF)
    assert again.status_code == 200
    assert await pool.fetchval(looks, reference) == 1
    assert {row[0] for row in await pool.fetch("SELECT seen_at FROM staff_session")} == before
    await helpdesk.get(path)
    assert {row[0] for row in await pool.fetch("SELECT seen_at FROM staff_session")} != before
    assert await pool.fetchval(looks, reference) == 2
    # Who has not opened it has no earlier look, whatever the header says.
    supervisor = await signed_in("supervisor")
    await supervisor.http.get(path, headers=BY_ITSELF)
    assert await pool.fetchval(looks, reference) == 3
    await pool.fetch(age.replace("$1", "'1 day'"))
    ended = await helpdesk.http.get(path, headers=BY_ITSELF)
    assert ended.headers["location"].startswith("/sign-in")
    await run.terminate()
