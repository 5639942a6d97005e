"""The search: by whatever a caller says; its words are in no address and not in the audit."""

from secrets import randbelow, token_hex

import pytest
from temporalio.client import Client

from domain.contracts.vocabulary import Language
from ledger import activations, claims
from postgres import Pool
from support.verbs.search import parse_query
from tests.security.test_codec import begin
from tests.stack import TestStack
from tests.support.console.conftest import SignedIn
from tests.workflows.engine import PERSON


async def test_a_name_finds_its_activation_and_stays_out_of_the_audit(
    signed_in: SignedIn, pool: Pool, stack: TestStack, reference: str
) -> None:
    surname = "".join(chr(ord("Α") + randbelow(17)) for _ in range(8))
    person = PERSON.model_copy(update={"person_key": token_hex(8), "last_name_el": surname})
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=person, language=Language.EL
    )
    browser = await signed_in("helpdesk")
    await browser.get("/search?lang=en")
    shown = await browser.post("/search", term=f"μαρ {surname.lower()}")
    assert shown.status_code == 200
    assert f"/case/{reference}" in shown.text
    assert "No longer known" in shown.text
    assert f"Μαρία {surname}" in shown.text
    nothing = await browser.post("/search", term=f"νικ {surname}")
    assert reference not in nothing.text
    assert "Nothing was found." in nothing.text
    rows = await pool.fetch("SELECT a::text AS row FROM audit a ORDER BY id DESC LIMIT 3")
    assert all("search" in row["row"] and surname not in row["row"] for row in rows)
    viewer = await signed_in("viewer")
    assert (await viewer.get("/search")).status_code == 403
    assert 'role="search"' not in (await viewer.get("/queue")).text


async def test_a_hit_that_proved_nothing_has_no_name_and_lists_have_none_at_all(
    signed_in: SignedIn, pool: Pool, stack: TestStack, client: Client, reference: str
) -> None:
    await activations.begin(
        pool, stack.keys, reference=reference, language=Language.EL, mobile=None, email=None
    )
    browser = await signed_in("helpdesk")
    await browser.get("/search?lang=en")
    # The box stands on every page; the only hit of a whole key opens its case, unnamed.
    assert 'action="/search"' in (await browser.get("/queue")).text
    alone = await browser.post("/search", term=reference)
    assert (alone.status_code, alone.headers["location"]) == (303, f"/case/{reference}")
    newest = await pool.fetchval("SELECT count(*) FROM audit WHERE reference = $1", reference)
    assert newest == 0
    run = await begin(client, reference)
    await claims.note_and_claim(
        pool, stack.keys, reference=reference, person=PERSON, language=Language.EL
    )
    for path in ("/queue", "/list?group=working", f"/case/{reference}"):
        assert PERSON.last_name_el not in (await browser.get(path)).text, path
    await run.terminate()


@pytest.mark.parametrize(
    ("typed", "kinds"),
    [
        ("a 7k3f 92qd", {"reference", "student_number", "insurance"}),
        ("6912345678", {"mobile", "username", "student_number", "insurance"}),
        ("maria@example.org", {"email", "username"}),
        ("Παπαδοπούλου", {"names", "username"}),
        ("2026-001", {"student_number", "username", "insurance"}),
        ("ab", set()),
        ("", set()),
    ],
)
def test_words_are_meant_in_every_way_they_can_be(typed: str, kinds: set[str]) -> None:
    sought = parse_query(typed, "GR")
    assert {name for name, value in vars(sought).items() if value} == kinds
