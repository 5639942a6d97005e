"""Staff note a withdrawal by the command; audit, ledger and the real directory follow."""

from secrets import randbelow, token_bytes

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from activities.accounts import DirectoryActivities
from activities.fencing import fence
from adapters.directory.wiring import directory_of
from domain.contracts.people import Enrolment, Person
from domain.contracts.vocabulary import Choice, TaskQueue
from domain.references import from_digest
from ledger import audit, consents
from ledger.consents import Consent
from postgres import connect
from security.purposes import User
from support.verbs.withdrawal import outcome_text
from tests.activities.case import ACTIVE, PASSWORD, Case
from tests.sandbox import sandbox
from tests.stack import TestStack
from tests.starter.test_cli import assert_one_line, command
from tests.starter.test_cli import told as answer
from tests.workflows.engine import PERSON
from workflows.withdrawal import Withdrawal

SAYS = ("--reason", "asked by letter")


@pytest.fixture
def person(stack: TestStack) -> Person:
    number = f"{randbelow(10**9):09}"
    enrolment = Enrolment(
        system_id="SIS",
        registration_id=f"W{number}",
        department_id="401",
        department_el="Πληροφορικής",
        department_en="Informatics",
    )
    changes = {
        "person_key": stack.keys.index("person", f"SIS/W{number}"),
        "enrolments": (enrolment,),
        "former": (),
        "login_name": f"w{number}",
        "email": f"w{number}@mail.example",
        "mobile": "+306912345678",
    }
    return PERSON.model_copy(update=changes)


async def test_a_withdrawn_choice_leaves_the_directory_and_the_account_stays(
    stack: TestStack, client: Client, person: Person
) -> None:
    reference = from_digest(token_bytes(20))
    async with await connect(stack.ledger_dsn) as pool:
        case = Case(stack, pool, person, reference)
        activities = DirectoryActivities(
            pool=pool,
            keys=stack.keys_of(User.DIRECTORY),
            settings=stack.settings,
            directory=directory_of(stack.settings.directory, fence),
        )
        await pool.execute(
            "INSERT INTO activation (reference, language, mobile_index) VALUES ($1, 'el', 'm')",
            reference,
        )
        await case.consent(*Choice)
        assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE
        before = case.entry()
        assert before
        words = ("support", "withdraw", reference.lower(), "--choice", "recovery_mobile", *SAYS)
        for _ in range(2):
            assert await answer(*words) == {
                "reference": reference,
                "agreed": True,
                "choices": ["recovery_email", "directory_listing"],
                "account": True,
            }
        stands = await consents.standing(pool, reference)
        assert stands
        handle = client.get_workflow_handle(f"withdrawal-{reference}-{stands.id}")
        async with (
            Worker(
                client,
                task_queue=TaskQueue.MAIN,
                workflows=[Withdrawal],
                workflow_runner=sandbox(),
            ),
            Worker(client, task_queue=TaskQueue.DIRECTORY, activities=activities.all()),
        ):
            await handle.result()
        assert case.entry() == {name: before[name] for name in before if name != "mobile"}
        rows = await audit.page(pool, stack.keys, reference=reference)
        assert [(row.action, row.reason) for row in rows] == 2 * [("withdraw", "asked by letter")]
        case.ldap.close()
        await activities.close()


async def test_what_was_not_agreed_to_is_refused_in_words(
    stack: TestStack, client: Client, person: Person
) -> None:
    del client  # The command asks for Temporal, which it gives.
    reference = from_digest(token_bytes(20))
    async with await connect(stack.ledger_dsn) as pool:
        words = ("support", "withdraw", reference, *SAYS)
        assert_one_line(await command(*words), says="Nothing was agreed to")
        case = Case(stack, pool, person, reference)
        case.ldap.close()
        await case.consent(Choice.RECOVERY_EMAIL)
        refused = await command(*words, "--choice", "recovery_mobile")
        assert_one_line(refused, says="not chosen")
        assert not await pool.fetchval("SELECT count(*) FROM audit WHERE reference = $1", reference)
        whole = await command(*words)
        assert whole.returncode == 0, whole.stderr
        assert "No account is created without a new consent." in whole.stdout
        stands = await consents.standing(pool, reference)
        assert stands
        assert not stands.agreed


@pytest.mark.parametrize(
    ("agreed", "account", "says"),
    [
        (True, True, "leaves its entry"),
        (True, False, "Still chosen: recovery_email."),
        (False, True, "the engine never deletes one"),
        (False, False, "No account is created"),
    ],
)
async def test_the_answer_says_what_becomes_of_the_account(
    stack: TestStack, person: Person, agreed: bool, account: bool, says: str
) -> None:
    async with await connect(stack.ledger_dsn) as pool:
        reference = from_digest(token_bytes(20))
        case = Case(stack, pool, person, reference)
        case.ldap.close()
        await case.consent(Choice.RECOVERY_EMAIL, Choice.RECOVERY_MOBILE)
        choices = [Choice.RECOVERY_MOBILE] if agreed else []
        stands: Consent = await consents.withdraw(pool, reference, choices)
    assert says in outcome_text(stands, account=account)
