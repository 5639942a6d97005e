"""An activation that has left every kind of row in the ledger that one can leave."""

from datetime import UTC, datetime, timedelta

from domain import consent
from domain.contracts.account_io import RecordConsent, RecordInsurance
from domain.contracts.channels import Channel
from domain.contracts.message_io import Delivery
from domain.contracts.people import Destination, Person
from domain.contracts.vocabulary import Language, Step
from ledger import (
    activations,
    claims,
    codes,
    consents,
    insurance,
    messages,
    notes,
    passwords,
    posts,
    sessions,
    support_requests,
    used_again,
    usernames,
)
from ledger.support_requests import HelpRequest
from postgres import Pool
from security.sealing import seal
from tests.codes import POLICY, send, typed
from tests.stack import TestStack
from tests.workflows.engine import PERSON

MOBILE = "+306912345678"


def person_of(stack: TestStack, reference: str) -> Person:
    return PERSON.model_copy(update={"person_key": stack.keys.index("person", reference)})


async def live(
    pool: Pool, stack: TestStack, reference: str, person: Person, *, number: str = ""
) -> str:
    """Live through it to the end; return the id of a request for help that was sent on the way."""
    keys, name, el = stack.keys, f"u{reference[2:].lower()}", Language.EL
    await activations.begin(pool, keys, reference=reference, language=el, mobile=MOBILE, email=None)
    await claims.note_and_claim(pool, keys, reference=reference, person=person, language=el)
    await claims.claim(pool, reference=reference, keys=[f"key of {reference}"])
    await used_again.note(pool, reference, {f"key of {reference}": f"own key of {reference}"})
    await usernames.reserve(pool, stack.keys, person_key=person.person_key, candidates=[name])
    await send(stack, pool, reference)
    await codes.check(pool, typed(reference, "000000"), POLICY, 15, lambda _: None)
    await messages.record(
        pool,
        keys,
        key=messages.notice_key(reference, 1),
        reference=reference,
        destination=Destination(channel=Channel.SMS, to=MOBILE),
        outcome=Delivery.SENT,
    )
    agreed = RecordConsent(
        reference=reference,
        person_key=person.person_key,
        shown=consent.review(person, name, "1"),
        choices=(),
        language=el,
        accepted_at=datetime.now(UTC),
    )
    await consents.record(pool, keys, agreed)
    given = RecordInsurance(
        reference=reference,
        person_key=person.person_key,
        scheme="EHIC",
        number=number or f"number of {reference}",
    )
    assert await insurance.record(pool, keys, given)
    sealed = seal(keys, reference, "Chroma-zontana-kila-89")
    await passwords.put(
        pool, reference=reference, sealed_id="1", sealed=sealed, ttl=timedelta(hours=1)
    )
    await posts.take(pool, reference, "submission")
    await sessions.begin(pool, reference)
    await sessions.attach(
        pool, keys, reference, f"{reference}-next", "submission", reference=reference, typed=b"t"
    )
    request = HelpRequest(f"help-{reference}", reference, "pin", el, "Μαρία", "m@x.gr", "Ε;")
    await support_requests.put(pool, keys, request)
    await notes.put(
        pool, keys, note_id=reference, reference=reference, author="anna", text="rang twice"
    )
    await activations.provisioned(pool, keys, reference=reference, username=name)
    # As the version before ended it, when what is deleted at the end was a statement of its own.
    ended = "UPDATE activation SET ended_at = now(), end_step = $2 WHERE reference = $1"
    await pool.execute(ended, reference, Step.ACTIVE)
    return request.id


async def left(pool: Pool, reference: str, person: Person) -> dict[str, str]:
    """Return, by table, what still tells of this activation or this person."""
    tables = await pool.fetch(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    found = {
        table["name"]: await pool.fetchval(
            f"SELECT string_agg(t::text, ' ') FROM {table['name']} t"  # noqa: S608 - as the catalogue has it
            " WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0",
            reference,
            person.person_key,
        )
        for table in tables
    }
    return {name: rows for name, rows in found.items() if rows}
