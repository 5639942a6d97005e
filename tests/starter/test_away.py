"""One list for each of Temporal and PostgreSQL tells whether it is away: code by code, everywhere.

Through a page, which keeps the form; an activity, which is tried again; a command, in one line.
"""

import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RetryConfig, RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.records import LedgerActivities
from domain.contracts.account_io import ClaimPerson
from domain.contracts.vocabulary import FailureType, Language
from ledger.migrate import migrate
from postgres import Pool, connect
from security.codec import data_converter
from security.purposes import User
from settings import Settings
from starter import cli
from starter.client.activations import Activations
from starter.client.connect import NO_ANSWER, TemporalUnavailable, asking
from starter.client.health import temporal_ready
from starter.portal.app import assemble, create
from tests.answering_grpc import Server, answering
from tests.ledger import trouble
from tests.ledger.conftest import database
from tests.people import MARIA
from tests.stack import TestStack
from tests.starter.portal.conftest import HOST, Browser, healthy
from tests.starter.portal.engine import MemoryEngine

AWAY = (
    *("CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
    *("ABORTED", "OUT_OF_RANGE", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
)
OURS = (
    *("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "UNIMPLEMENTED"),
    "UNAUTHENTICATED",
)
EACH = [*AWAY, *OURS]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with answering() as made:
        yield made


@pytest.fixture
async def client(stack: TestStack, server: Server) -> Client:
    """Connect as the engine does, but without its patience."""
    at_once = RetryConfig(initial_interval_millis=1, max_retries=1, max_elapsed_time_millis=1)
    return await Client.connect(
        f"127.0.0.1:{server.port}",
        retry_config=at_once,
        data_converter=data_converter(stack.keys),
    )


@pytest.fixture(autouse=True)
def unwritten() -> Iterator[None]:
    """Keep the traceback of each mistake from being painted."""
    with capture_logs():
        yield


@pytest.fixture(scope="module")
async def pool(stack: TestStack) -> AsyncIterator[Pool]:
    """Give a ledger of its own, where what begins or claims meets what a test asks for."""
    async with database(stack) as dsn:
        await migrate(dsn)
        async with await connect(dsn) as opened:
            for table in ("activation", "claim"):
                await trouble.plant(opened, table)
            yield opened


@pytest.fixture
def settings(stack: TestStack) -> Settings:
    portal = {"public_url": HOST, "starts_under_way": 10_000}
    changed = stack.settings.portal.model_copy(update=portal)
    return stack.settings.model_copy(update={"portal": changed})


def test_each_status_there_is_stands_in_the_test() -> None:
    assert {*EACH} == {status.name for status in RPCStatusCode} - {"OK"}


@pytest.mark.parametrize("name", EACH)
def test_each_status_is_its_absence_or_ours_to_mend(name: str) -> None:
    error = RPCError("told", RPCStatusCode[name], b"")
    with pytest.raises(TemporalUnavailable if name in AWAY else RPCError) as raised, asking():
        raise error
    assert isinstance(raised.value, NO_ANSWER)
    refused = getattr(raised.value, "refused", None)
    assert refused is ({"RESOURCE_EXHAUSTED": True}.get(name, False) if name in AWAY else None)


@pytest.mark.parametrize(("error", "refused"), [(TimeoutError(), False), (RuntimeError(), True)])
def test_silence_is_an_absence_and_no_connection_a_sure_refusal(
    error: Exception, refused: bool
) -> None:
    with pytest.raises(TemporalUnavailable) as raised, asking():
        raise error
    assert raised.value.refused is refused


@pytest.mark.parametrize("name", EACH)
async def test_a_page_keeps_the_form_while_temporal_is_away_and_hides_no_mistake(
    stack: TestStack,
    pool: Pool,
    settings: Settings,
    server: Server,
    client: Client,
    *,
    name: str,
) -> None:
    server.statuses = [RPCStatusCode[name]]

    async def health() -> bool:
        return await temporal_ready(client)

    app = create(assemble(settings, stack.keys, pool, Activations(client), health))
    browser = Browser(app)
    page = await browser.give_contact()
    assert page.status_code == (503 if name in AWAY else 500)
    assert ('value="6912345678"' in page.text) is (name in AWAY)
    assert (await browser.get("/readyz")).json()["temporal"] is False


async def test_attributes_that_could_not_be_looked_at_are_looked_at_again(
    server: Server, client: Client
) -> None:
    """Only who may not ask for them is ready without."""
    ok = RPCStatusCode.OK
    server.statuses = [ok, RPCStatusCode.UNAVAILABLE]
    assert not await temporal_ready(client)
    server.statuses = [ok]  # It has none.
    assert not await temporal_ready(client)
    server.statuses = [ok, RPCStatusCode.PERMISSION_DENIED, ok]
    assert await temporal_ready(client)
    assert await temporal_ready(client)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("FAILED_PRECONDITION", "Temporal cannot be reached"),
        ("CANCELLED", "Temporal cannot be reached"),
        (
            "PERMISSION_DENIED",
            (
                "Temporal answers PERMISSION_DENIED: it refuses this client: the API key or the"
                " client certificate is wrong, has expired, or has no right here"
            ),
        ),
    ],
)
@pytest.mark.parametrize("words", ["support list", "temporal init", "support show A-7K3F-92QD"])
def test_each_command_tells_it_in_one_line(
    stack: TestStack,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    says: str,
    words: str,
) -> None:
    assert stack.settings
    server.statuses = [RPCStatusCode[name]]
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{server.port}")
    monkeypatch.setattr(sys, "argv", ["activation", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr() == ("", f"{says}\n")


@pytest.mark.parametrize("code", [*trouble.AWAY, *trouble.OURS])
async def test_each_code_of_postgresql_keeps_the_form_and_is_tried_again(
    stack: TestStack, pool: Pool, settings: Settings, code: str
) -> None:
    browser = Browser(create(assemble(settings, stack.keys, pool, MemoryEngine(), healthy)))
    await browser.begin()
    records = LedgerActivities(pool=pool, keys=stack.keys_of(User.MAIN), settings=settings)
    claim = ClaimPerson(reference=code, person=MARIA, language=Language.EL)
    await trouble.ask(pool, code)
    try:
        page = await browser.post("/contact", mobile="6912345678", email="")
        with pytest.raises(ApplicationError) as failed:
            await ActivityEnvironment().run(records.claim_person, claim)
    finally:
        await trouble.ask(pool, None)
    away = code in trouble.AWAY
    assert page.status_code == (503 if away else 500)
    assert ('value="6912345678"' in page.text) is away
    kind = FailureType.LEDGER_DOWN if away else FailureType.CONFIGURATION
    assert (failed.value.type, failed.value.non_retryable) == (kind, False)
    assert (await browser.post("/contact", mobile="6912345678", email="")).status_code == 303
    assert await ActivityEnvironment().run(records.claim_person, claim)
