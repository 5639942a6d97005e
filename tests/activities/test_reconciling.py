"""Each disagreement of ledger and directory is found by real rows and entries, and no other is."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.accounts import DirectoryActivities
from activities.comparing_runs import RunActivities
from activities.fencing import fence
from activities.reconciling import ReconcileActivities
from adapters.directory.entries import CODES, codes
from adapters.directory.wiring import directory_of
from adapters.errors import Misconfigured
from domain.contracts.reconciling import IN_DIRECTORY, CompareStage, LookStage, StageCompared
from domain.contracts.vocabulary import Choice, Language, Step
from domain.findings import FindingKind
from ledger import activations, claims, consents, erasure, findings, passwords, rekeyed, usernames
from ledger.findings import FindingRow
from postgres import Pool, connect
from recognition import presence
from security.purposes import User
from tests.activities.case import ACTIVE, PASSWORD, Case, begun
from tests.activities.conftest import MakePerson
from tests.activities.test_conflicts import Operator, operating
from tests.stack import TestStack

LATER = timedelta(minutes=20)


class Reconciler:
    """The activities with the rights of their workers, and a Temporal that the test writes."""

    def __init__(
        self, stack: TestStack, pool: Pool, directory: ReconcileActivities, main: Pool
    ) -> None:
        self.pool = pool
        self.keys = stack.keys
        self.directory = directory
        self.ends: dict[str, Step] | None = {}
        self.runs: list[tuple[dict[str, bool], bytes]] | None = []
        self.of_runs = RunActivities(
            pool=main,
            keys=stack.keys_of(User.MAIN),
            ends_of=self._ends_of,
            open_runs=self._open_runs,
        )

    async def _ends_of(self, references: Sequence[str]) -> dict[str, Step] | None:
        if self.ends is None:
            return None
        return {each: self.ends[each] for each in references if each in self.ends}

    async def _open_runs(self, position: bytes) -> tuple[dict[str, bool], bytes] | None:
        if self.runs is None:
            return None
        number = int(position or b"0")
        if number >= len(self.runs):
            return {}, b""
        return self.runs[number]

    async def stage(self, request: CompareStage) -> StageCompared:
        work = (
            self.directory.compare_directory
            if request.stage in IN_DIRECTORY
            else self.of_runs.compare_runs
        )
        return await begun().run(work, request)

    async def look(self) -> StageCompared:
        """Look once, as the workflow does."""
        began = None
        for stage in LookStage:
            position: str | None = ""
            while position is not None:
                request = CompareStage(stage=stage, began=began, position=position)
                seen = await self.stage(request)
                began, position = seen.began, seen.position
        return seen

    async def later(self) -> None:
        """Let all that was seen and done be as if it was twenty minutes earlier."""
        await self.pool.execute(
            "UPDATE finding SET first_seen = first_seen - $1::interval,"
            " last_seen = last_seen - $1::interval",
            LATER,
        )

    async def found(self, case: Case, *, everything: bool = True) -> list[FindingRow]:
        """Return the confirmed findings about this person; other tests leave some of theirs."""
        rows = await findings.page(self.pool, self.keys, limit=5000, everything=everything)
        return [each for each in rows if case.reference == each.reference or _about(case, each)]

    async def kinds(self, case: Case) -> set[FindingKind]:
        return {each.kind for each in await self.found(case) if each.gone_at is None}

    async def twice(self, case: Case) -> set[FindingKind]:
        """Look twice; the first look confirms nothing."""
        before = await self.kinds(case)
        await self.look()
        assert await self.kinds(case) <= before
        await self.later()
        await self.look()
        return await self.kinds(case)


def _about(case: Case, row: FindingRow) -> bool:
    return row.username in {case.name, f"elsewhere.{case.name}"}


@pytest.fixture
async def reconciler(stack: TestStack, pool: Pool) -> AsyncIterator[Reconciler]:
    directory = directory_of(stack.settings.directory, fence)
    async with (
        await connect(stack.ledger_dsn_of(User.DIRECTORY)) as allowed,
        await connect(stack.ledger_dsn_of(User.MAIN)) as main,
    ):
        activities = ReconcileActivities(
            pool=allowed,
            keys=stack.keys_of(User.DIRECTORY),
            settings=stack.settings,
            directory=directory,
        )
        yield Reconciler(stack, pool, activities, main)
    await directory.close()


@pytest.fixture(scope="module")
def operator(stack: TestStack) -> Iterator[Operator]:
    with operating(stack) as one:
        yield one


@pytest.fixture
async def case(
    stack: TestStack,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
    reference: str,
) -> AsyncIterator[Case]:
    """Give a person with an account that is as it should be."""
    person = make_person()
    number = person.enrolments[0].registration_id
    key = stack.keys.index("person", f"SIS/{number}")
    one = Case(stack, pool, person.model_copy(update={"person_key": key}), reference)
    await made(pool, activities, one)
    yield one
    one.ldap.close()


async def made(pool: Pool, activities: DirectoryActivities, case: Case) -> None:
    """Give the person an account as the engine does, an hour ago."""
    await provisioned(pool, activities, case)
    await activations.close(pool, reference=case.reference, end=Step.ACTIVE)
    await hour_ago(pool, case.reference)


async def provisioned(pool: Pool, activities: DirectoryActivities, case: Case) -> None:
    """Give the person an account, whose activation has not ended."""
    keys, person = case.stack.keys, case.person
    await activations.begin(
        pool,
        keys,
        reference=case.reference,
        language=Language.EL,
        mobile=person.mobile,
        email=None,
    )
    await claims.note_and_claim(
        pool, keys, reference=case.reference, person=person, language=Language.EL
    )
    await usernames.reserve(pool, keys, person_key=person.person_key, candidates=[case.name])
    if await consents.standing(pool, case.reference) is None:
        await case.consent(*Choice)
    assert await case.provision(activities, await case.choose(PASSWORD)) == ACTIVE


async def hour_ago(pool: Pool, reference: str) -> None:
    await pool.execute(
        "UPDATE activation SET started_at = started_at - interval '1 hour',"
        " ended_at = ended_at - interval '1 hour' WHERE reference = $1",
        reference,
    )


async def forgotten(pool: Pool, case: Case) -> None:
    """Leave nothing of the person in the ledger, as an older backup would."""
    await pool.execute("DELETE FROM activation WHERE reference = $1", case.reference)
    await pool.execute("DELETE FROM username WHERE name = $1", case.name)
    await pool.execute("ALTER TABLE consent DISABLE TRIGGER USER")
    await pool.execute("DELETE FROM consent WHERE reference = $1", case.reference)
    await pool.execute("ALTER TABLE consent ENABLE TRIGGER USER")


# --- the directory is older, or was changed by others --------------------------------------


async def test_what_agrees_is_no_finding(reconciler: Reconciler, case: Case) -> None:
    assert await reconciler.twice(case) == set()
    assert await reconciler.found(case) == []


async def test_a_student_who_was_told_active_and_has_no_entry_is_found(
    reconciler: Reconciler, activities: DirectoryActivities, operator: Operator, case: Case
) -> None:
    operator.deletes(case, case.name)
    assert await reconciler.twice(case) == {FindingKind.ACCOUNT_MISSING}
    (row,) = await reconciler.found(case)
    assert (row.reference, row.username, row.mended_at) == (case.reference, case.name, None)
    # Again and again it is one row.
    await reconciler.look()
    assert len(await reconciler.found(case)) == 1
    # The student begins again, and has the account with the same name.
    again = Case(case.stack, case.pool, case.person, f"{case.reference}-AGAIN")
    await made(case.pool, activities, again)
    assert again.entry()
    again.ldap.close()
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == set()


async def test_a_name_that_no_entry_can_have_keeps_nobody_from_being_compared(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await pool.execute(
        "UPDATE activation SET username = $2 WHERE reference = $1",
        case.reference,
        case.stack.keys.encrypt("username", case.reference, "no/name"),
    )
    await reconciler.look()
    assert FindingKind.ACCOUNT_MISSING not in await reconciler.kinds(case)


async def test_an_entry_without_its_password_is_found(
    reconciler: Reconciler, operator: Operator, case: Case
) -> None:
    operator.deletes(case, case.name)
    case.plant(case.name, **{CODES: codes(case.person, case.domain)})
    assert await reconciler.twice(case) == {FindingKind.PASSWORD_MISSING}


async def test_a_renamed_entry_is_no_missing_account(
    reconciler: Reconciler, operator: Operator, case: Case
) -> None:
    operator.renames(case, case.name)
    assert await reconciler.twice(case) == {
        FindingKind.ENTRY_RENAMED,
        FindingKind.NAME_UNRESERVED,
    }
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == {FindingKind.ENTRY_RENAMED}
    held = await usernames.held_by(case.pool, case.person.person_key)
    assert held == f"elsewhere.{case.name}"


async def test_a_second_entry_of_one_person_is_found(
    reconciler: Reconciler, operator: Operator, case: Case
) -> None:
    operator.renames(case, case.name)
    entry = {"objectClass": ["inetOrgPerson"], "cn": ["X"], "sn": ["X"], "userPassword": ["x"]}
    operator.adds(case.dn, entry)
    assert FindingKind.SECOND_ENTRY in await reconciler.twice(case)


async def test_a_withdrawn_choice_that_came_back_is_found(
    reconciler: Reconciler, operator: Operator, case: Case
) -> None:
    await consents.withdraw(case.pool, case.reference, [Choice.RECOVERY_MOBILE])
    assert await reconciler.twice(case) == set()
    await case.pool.execute("ALTER TABLE consent DISABLE TRIGGER USER")
    await case.pool.execute(
        "UPDATE consent SET recorded_at = recorded_at - interval '1 hour' WHERE reference = $1",
        case.reference,
    )
    await case.pool.execute("ALTER TABLE consent ENABLE TRIGGER USER")
    assert await reconciler.twice(case) == {FindingKind.CHOICE_SHOWN}
    operator.replaces(case.name, mobile=[])
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == set()


# --- the ledger is older ---------------------------------------------------------------------


async def test_an_account_that_the_ledger_forgot_is_reserved_and_parked(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await forgotten(pool, case)
    assert await reconciler.twice(case) == {
        FindingKind.NAME_UNRESERVED,
        FindingKind.CONSENT_MISSING,
    }
    mended = {each.kind for each in await reconciler.found(case) if each.mended_at}
    assert mended == {FindingKind.NAME_UNRESERVED}
    assert await usernames.held_by(pool, case.person.person_key) == case.name
    taken = await usernames.reserve(
        pool, case.stack.keys, person_key="somebody else", candidates=[case.name]
    )
    assert taken is None
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == {FindingKind.CONSENT_MISSING}


async def test_a_consent_alone_that_the_ledger_lost_is_found_once_by_its_activation(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await pool.execute("ALTER TABLE consent DISABLE TRIGGER USER")
    await pool.execute("DELETE FROM consent WHERE reference = $1", case.reference)
    await pool.execute("ALTER TABLE consent ENABLE TRIGGER USER")
    assert await reconciler.twice(case) == {FindingKind.CONSENT_MISSING}
    assert len(await reconciler.found(case)) == 1


async def test_a_consent_that_was_lost_with_the_end_is_found_before_and_after_the_sweep_as_one(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await pool.execute("ALTER TABLE consent DISABLE TRIGGER USER")
    await pool.execute("DELETE FROM consent WHERE reference = $1", case.reference)
    await pool.execute("ALTER TABLE consent ENABLE TRIGGER USER")
    await pool.execute(
        "UPDATE activation SET ended_at = NULL, end_step = NULL, username = NULL,"
        " username_index = NULL WHERE reference = $1",
        case.reference,
    )
    assert FindingKind.CONSENT_MISSING in await reconciler.twice(case)
    await activations.close(pool, reference=case.reference, end=Step.ACTIVE)
    await reconciler.later()
    await reconciler.look()
    (found,) = [
        each for each in await reconciler.found(case) if each.kind is FindingKind.CONSENT_MISSING
    ]
    assert (found.reference, found.username) == (case.reference, case.name)


async def test_a_name_that_was_reserved_for_another_meanwhile_is_found(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await forgotten(pool, case)
    await usernames.reserve(pool, case.stack.keys, person_key="other", candidates=[case.name])
    assert await reconciler.twice(case) == {
        FindingKind.NAME_OF_ANOTHER,
        FindingKind.CONSENT_MISSING,
    }


async def test_an_unfinished_activation_is_no_finding(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await pool.execute("DELETE FROM username WHERE name = $1", case.name)
    await pool.execute("UPDATE activation SET ended_at = NULL, end_step = NULL, username = NULL")
    assert await reconciler.twice(case) == set()


async def test_a_person_who_was_erased_is_no_finding(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await erasure.erase(pool, case.stack.keys, case.reference)
    assert await reconciler.twice(case) == set()


async def test_a_person_with_another_row_in_the_registrar_is_no_finding(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    own = case.person.person_key
    for table in ("activation", "username", "consent"):
        await pool.execute("ALTER TABLE consent DISABLE TRIGGER USER")
        await pool.execute(f"UPDATE {table} SET person_key = 'now' WHERE person_key = $1", own)  # noqa: S608
        await pool.execute("ALTER TABLE consent ENABLE TRIGGER USER")
    await rekeyed.note(pool, "now", [own])
    assert await reconciler.twice(case) == set()


async def test_accounts_of_others_are_no_finding(
    reconciler: Reconciler, case: Case, operator: Operator
) -> None:
    operator.adds(
        f"uid=elsewhere.{case.name},{case.people}",
        {
            "objectClass": ["inetOrgPerson", "schacLinkageIdentifiers"],
            "cn": ["X"],
            "sn": ["X"],
            "userPassword": ["x"],
            CODES: [f"{codes(case.person, case.domain)[0]}9"],
        },
    )
    assert await reconciler.twice(case) == set()


async def test_activations_in_progress_are_no_finding(
    stack: TestStack,
    reconciler: Reconciler,
    pool: Pool,
    activities: DirectoryActivities,
    make_person: MakePerson,
) -> None:
    cases = [Case(stack, pool, make_person(), f"A-LIVE-{number}") for number in range(20)]

    async def end(case: Case) -> None:
        await activations.close(pool, reference=case.reference, end=Step.ACTIVE)

    await asyncio.gather(
        reconciler.look(), *(provisioned(pool, activities, case) for case in cases)
    )
    await reconciler.look()
    await reconciler.later()
    await asyncio.gather(reconciler.look(), *map(end, cases))
    await reconciler.look()
    assert [await reconciler.found(case) for case in cases] == [[]] * len(cases)


async def test_an_absence_that_cannot_be_proved_is_something_to_mend(
    reconciler: Reconciler, case: Case
) -> None:
    directory = reconciler.directory._directory
    with pytest.raises(Misconfigured):
        await directory.run(presence.named, directory, ["nobody.here"], ["nobody.else"])
    found = await directory.run(presence.named, directory, [case.name], [])
    assert [*found] == [case.name]


# --- Temporal ----------------------------------------------------------------------------------


async def test_an_activation_without_a_run_is_found_until_it_is_closed(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await pool.execute(
        "UPDATE activation SET ended_at = NULL, end_step = NULL WHERE reference = $1",
        case.reference,
    )
    reconciler.ends = {case.reference: Step.CANCELLED}
    assert await reconciler.twice(case) == {FindingKind.RUN_MISSING}
    await activations.close(pool, reference=case.reference, end=Step.CANCELLED)
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == set()


async def test_runs_that_the_ledger_does_not_know_or_has_ended_are_found(
    reconciler: Reconciler, case: Case
) -> None:
    other = Case(case.stack, case.pool, case.person, f"{case.reference}-UNKNOWN")
    reconciler.runs = [({case.reference: False}, b"1"), ({other.reference: False}, b"")]
    assert await reconciler.twice(case) == {FindingKind.RUN_GOES_ON}
    assert await reconciler.kinds(other) == {FindingKind.RUN_UNKNOWN}
    reconciler.runs = [({case.reference: True}, b"")]
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == await reconciler.kinds(other) == set()


async def test_what_an_ended_activation_left_is_deleted(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await claims.claim(pool, reference=case.reference, keys=[f"key of {case.reference}"])
    await pool.execute("INSERT INTO password_try VALUES ($1, 'id')", case.reference)
    await reconciler.look()
    claimed = "SELECT count(*) FROM claim WHERE reference = $1"
    assert await pool.fetchval(claimed, case.reference) == 1
    await reconciler.later()
    await reconciler.look()
    assert await pool.fetchval(claimed, case.reference) == 0
    assert await passwords.tried(pool, case.reference) is None
    (row,) = await reconciler.found(case)
    assert row.kind is FindingKind.LEFT_BEHIND
    assert row.mended_at
    await reconciler.later()
    await reconciler.look()
    assert await reconciler.kinds(case) == set()


# --- outages -----------------------------------------------------------------------------------


async def test_a_directory_that_is_away_hangs_or_is_empty_concludes_nothing(
    stack: TestStack, reconciler: Reconciler, case: Case
) -> None:
    stack.stop("slapd")
    for stage in IN_DIRECTORY:
        with pytest.raises(ApplicationError) as raised:
            await reconciler.stage(CompareStage(stage=stage))
        assert raised.value.type == "DIRECTORY_DOWN"
    stack.start("slapd")
    assert await reconciler.found(case) == []


async def test_a_temporal_that_is_away_concludes_nothing(
    reconciler: Reconciler, case: Case, pool: Pool
) -> None:
    await pool.execute(
        "UPDATE activation SET ended_at = NULL, end_step = NULL WHERE reference = $1",
        case.reference,
    )
    reconciler.ends = reconciler.runs = None
    for stage in (LookStage.LIVE, LookStage.RUNS):
        with pytest.raises(ApplicationError):
            await reconciler.stage(CompareStage(stage=stage))
    assert await reconciler.found(case) == []
