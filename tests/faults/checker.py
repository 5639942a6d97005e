"""The one checker: reads ledger, directory, inbox and Temporal after a run, and trusts none.

Each invariant is one function with its number; all are asked after every run. Failures name
students by their invented number and activations by their reference.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import (
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHistory,
)
from temporalio.worker import Replayer

from demo.messages import Message
from domain.contracts.vocabulary import Step, WaitReason
from starter.client.activations import Activations
from tests.faults.walker import Walker
from tests.faults.world import Attributes, Person, World
from tests.sandbox import sandbox
from tests.scan import scan
from workflows.activation import Activation
from workflows.search_attributes import REASON, STEP
from workflows.steps import ENDS

_CLOSED_WITHIN = 60
_CODES = 10
_PER_HOUR = 3
_TABLES = (
    "activation",
    "claim",
    "consent",
    "end_recorded",
    "insurance",
    "message",
    "sealed_password",
)


@dataclass(frozen=True, repr=False)
class Case:
    """One activation as all systems have it."""

    reference: str
    student: Person
    row: asyncpg.Record
    description: WorkflowExecutionDescription
    history: WorkflowHistory

    @property
    def step(self) -> Step:
        return Step(self.description.typed_search_attributes.get(STEP) or Step.LOOKUP)

    @property
    def reason(self) -> WaitReason | None:
        reason = self.description.typed_search_attributes.get(REASON)
        return WaitReason(reason) if reason else None

    @property
    def open(self) -> bool:
        return self.description.status is WorkflowExecutionStatus.RUNNING


@dataclass(frozen=True, repr=False)
class Findings:
    """What the systems hold of the students of one run."""

    world: World
    students: Sequence[Person]
    walkers: Sequence[Walker]
    cases: Sequence[Case]
    rows: Mapping[str, Sequence[asyncpg.Record]]
    entries: Mapping[str, Sequence[Attributes]]
    messages: Mapping[str, Sequence[Message]]
    foreign: frozenset[str]
    restored: bool
    directory_ahead: timedelta

    def of(self, student: Person) -> list[Case]:
        return [case for case in self.cases if case.student is student]

    def ledger(self, table: str, reference: str) -> list[asyncpg.Record]:
        return [row for row in self.rows[table] if row["reference"] == reference]

    def active(self, student: Person) -> list[Case]:
        return [case for case in self.of(student) if case.step is Step.ACTIVE]

    def duplicated(self) -> int:
        """Count accounts and consents beyond the one there may be, and active ends."""
        entries = sum(max(len(found) - 1, 0) for found in self.entries.values())
        ends = sum(max(len(self.active(student)) - 1, 0) for student in self.students)
        consents = Counter(row["reference"] for row in self.rows["consent"])
        more = sum(max(n - self.agreed(reference), 0) for reference, n in consents.items())
        return entries + ends + more

    def agreed(self, reference: str) -> int:
        """Count how often a student pressed the button; what was lost on the way may count."""
        (student,) = {case.student for case in self.cases if case.reference == reference}
        tried = [walker.tried["/review"] for walker in self.walkers if walker.student is student]
        return max(1, sum(tried))


async def find(
    world: World,
    students: Sequence[Person],
    walkers: Sequence[Walker],
    foreign: frozenset[str],
    *,
    restored: bool,
    directory_ahead: timedelta,
) -> Findings:
    """Read all there is of them; `foreign` have entries that others made.

    `restored` says that Temporal's file is an older copy, `directory_ahead` how far the directory's
    clock is ahead of the ledger's.
    """
    by_index = {each.index(world.keys): each for each in students}
    ledger = await asyncpg.connect(world.ledger_dsn)
    try:
        begun = await _begun(world, ledger, by_index)
        references = [row["reference"] for row in begun]
        await _all_settled(world, references)
        begun = await _begun(world, ledger, by_index)
        rows = {
            table: await ledger.fetch(
                f"SELECT * FROM {table} WHERE reference = ANY($1)",  # noqa: S608 - ours
                references,
            )
            for table in _TABLES
        }
        rows["username"] = await ledger.fetch("SELECT * FROM username")
    finally:
        await ledger.close()
    cases = await _cases(world, by_index, begun)
    stored = list(world.entries().values())
    entries = {
        each.number: [entry for entry in stored if each.number in _codes(entry)]
        for each in students
    }
    messages = {each.to: world.messages(each.to) for each in students}
    read = (cases, rows, entries, messages)
    return Findings(world, students, walkers, *read, foreign, restored, directory_ahead)


async def standing(
    world: World, students: Sequence[Person]
) -> list[tuple[str, Step, WaitReason | None]]:
    """Give where the activations of these students stand now, without any worker."""
    by_index = {each.index(world.keys): each for each in students}
    ledger = await asyncpg.connect(world.ledger_dsn)
    try:
        begun = await _begun(world, ledger, by_index)
    finally:
        await ledger.close()
    client = await world.client()
    found = []
    for row in begun:
        description = await client.get_workflow_handle(row["reference"]).describe()
        attributes = description.typed_search_attributes
        reason = attributes.get(REASON)
        step = Step(attributes.get(STEP) or Step.LOOKUP)
        found.append((row["reference"], step, WaitReason(reason) if reason else None))
    return found


async def _begun(
    world: World, ledger: "asyncpg.Connection[asyncpg.Record]", by_index: Mapping[str, Person]
) -> list[asyncpg.Record]:
    """Give the rows of what has a run: a form that was answered 503 may have left its row."""
    query = "SELECT * FROM activation WHERE coalesce(mobile_index, email_index) = ANY($1)"
    engine = Activations(await world.client())
    rows = await ledger.fetch(query, list(by_index))
    return [row for row in rows if await engine.recorded_state(row["reference"])]


async def _all_settled(world: World, references: Sequence[str]) -> None:
    """Wait until what has come to an end has also done what is left to do after it."""
    client = await world.client()
    for reference in references:
        handle = client.get_workflow_handle(reference)
        if (await handle.describe()).typed_search_attributes.get(STEP) in set(ENDS):
            async with asyncio.timeout(_CLOSED_WITHIN):
                await handle.result()


async def _cases(
    world: World, by_index: Mapping[str, Person], begun: Sequence[asyncpg.Record]
) -> list[Case]:
    client = await world.client()
    cases = []
    for row in begun:
        handle = client.get_workflow_handle(row["reference"])
        student = by_index[row["mobile_index"] or row["email_index"]]
        description, history = await handle.describe(), await handle.fetch_history()
        cases.append(Case(row["reference"], student, row, description, history))
    return cases


def _codes(entry: Attributes) -> set[str]:
    return {code.rpartition(":")[2] for code in entry.get("schacpersonaluniquecode", [])}


async def check(found: Findings) -> None:
    """Ask all invariants; the last one replays every history."""
    for invariant in INVARIANTS:
        invariant(found)
    await every_history_replays(found)


# --- the invariants ------------------------------------------------------------------------------


def one_entry_a_student(found: Findings) -> None:
    """I1: at most one entry, and one exactly where an activation ended active."""
    for student in found.students:
        entries = found.entries[student.number]
        assert len(entries) <= 1, f"{student.number} has {len(entries)} entries"
        if found.active(student):
            assert len(entries) == 1, f"{student.number} is active without an entry"


def one_name_a_person(found: Findings) -> None:
    """I2: an entry's name is reserved for that very person, and for nobody else."""
    holders = {row["name"]: row["person_key"] for row in found.rows["username"]}
    for student in found.students:
        persons = {case.row["person_key"] for case in found.active(student)}
        for entry in found.entries[student.number] if persons else ():
            assert holders.get(entry["uid"][0].lower()) in persons, f"{student.number}: uid"


def agreed_before_it_could_be_used(found: Findings) -> None:
    """I3: whoever is active had a consent on record before there was an entry or a password."""
    for student in found.students:
        for case in found.active(student):
            recorded = [row["recorded_at"] for row in found.ledger("consent", case.reference)]
            assert recorded, f"{case.reference} is active without a consent"
            (entry,) = found.entries[student.number]
            first = min(recorded).replace(microsecond=0) + found.directory_ahead
            if student.number not in found.foreign:
                assert _time(entry, "createtimestamp") >= first, f"{case.reference}: entry first"
            assert _time(entry, "pwdchangedtime") >= first, f"{case.reference}: password first"


def the_chosen_password_opens(found: Findings) -> None:
    """I4: who is active logs in with the password they chose."""
    for student in found.students:
        if found.active(student):
            (entry,) = found.entries[student.number]
            student.login = entry["uid"][0]
            assert student.logs_in(found.world.environment), f"{student.number} cannot log in"


def no_password_without_consent(found: Findings) -> None:
    """I5: an entry of somebody who has not agreed cannot be used."""
    agreed = {row["reference"] for row in found.rows["consent"]}
    for student in found.students:
        if student.number not in found.foreign and not agreed.intersection(
            case.reference for case in found.of(student)
        ):
            for entry in found.entries[student.number]:
                assert "userpassword" not in entry, f"{student.number} has a password"


def passwords_are_hashed(found: Findings) -> None:
    """I6: what is stored is a hash of the allowed scheme."""
    for entries in found.entries.values():
        for stored in (value for entry in entries for value in entry.get("userpassword", [])):
            assert stored.startswith("{ARGON2}$argon2"), "a password of another scheme"


def one_pin_a_code(found: Findings) -> None:
    """I7: each code of an activation is one PIN, and every PIN sent is one of its codes."""
    keys = found.world.keys
    for case in found.cases:
        codes = {keys.pin(case.reference, number) for number in range(1, _CODES)}
        sent = {pin for text in _pin_messages(found, case) for pin in _pins(text)}
        assert sent <= codes, f"{case.reference} was sent a PIN that is none"
        rows = [row for row in found.ledger("message", case.reference) if ":pin:" in row["key"]]
        assert len(sent) <= len(rows), f"{case.reference} was sent more PINs than noted"


def within_the_budget_and_on_file(found: Findings) -> None:
    """I8: PIN messages stay in their budget, and go to nobody but the contact on file."""
    pins = [row for row in found.rows["message"] if ":pin:" in row["key"]]
    for contact, number in Counter(row["contact_index"] for row in pins).items():
        assert number <= _PER_HOUR, f"contact {contact[:8]} got {number} PIN messages"
    references = {case.reference for case in found.cases}
    on_file = {each.index(found.world.keys) for each in found.students}
    told = {row["contact_index"] for row in found.rows["message"] if row["reference"] in references}
    assert told <= on_file, "a message went to a contact that is not on file"


def nothing_secret_in_the_logs(found: Findings) -> None:
    """I9: no password, PIN or AMKA of this run stands in a log of ours."""
    marks = {f"{each.number} password": each.password for each in found.students}
    marks |= {f"{each.number} amka": each.amka for each in found.students}
    logs = [log for log in found.world.logs() if log.exists()]
    assert scan(logs, marks) == set()


def no_accepted_step_is_lost(found: Findings) -> None:
    """I10: whatever a student was told is accepted is part of how things stand."""
    for walker in found.walkers:
        cases = found.of(walker.student)
        references = {case.reference for case in cases}
        if walker.accepted["/contact"]:
            assert cases, f"{walker.student.number}'s contact was accepted and is nowhere"
        agreed = [row for row in found.rows["consent"] if row["reference"] in references]
        assert not walker.accepted["/review"] or agreed, f"{walker.student.number}: consent"
        typed = [row for row in found.rows["insurance"] if row["reference"] in references]
        # It is stored with the consent, which leaves none before it.
        both = walker.accepted["/insurance"] and walker.accepted["/review"]
        assert not both or typed, f"{walker.student.number}: insurance"
        waits = (Step.PROVISIONING, Step.NEEDS_SUPPORT)
        waiting = any(case.open and case.step in waits for case in cases)
        taken = walker.accepted["/password"] and not walker.again
        done = waiting or any(case.step in ENDS for case in cases)
        assert not taken or done, f"{walker.student.number}: password"


def who_waits_says_why(found: Findings) -> None:
    """I11: an open activation has a reason, and none of its tasks fails for ever."""
    for case in found.cases:
        failed = [
            event.workflow_task_failed_event_attributes.cause
            for event in case.history.events
            if event.HasField("workflow_task_failed_event_attributes")
        ]
        broken = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
        assert broken not in failed, f"{case.reference} is not deterministic"
        if case.open:
            assert case.reason, f"{case.reference} waits in {case.step} without a reason"


def ends_are_ends(found: Findings) -> None:
    """I12: a closed run stands at an end, its row says the same, once, and it holds nobody."""
    for case in found.cases:
        if not case.open:
            assert case.description.status is WorkflowExecutionStatus.COMPLETED, case.reference
            assert case.step in ENDS, f"{case.reference} ended in {case.step}"
            # The ledger's first end stands where Temporal was restored from before it.
            ends = {case.step, Step.ACTIVE} if found.restored else {case.step}
            assert case.row["end_step"] in ends, f"{case.reference}: row"
            times = len(found.ledger("end_recorded", case.reference))
            assert times == 1, f"the end of {case.reference} was recorded {times} times"
            assert not found.ledger("claim", case.reference), f"{case.reference} holds somebody"


def each_effect_once(found: Findings) -> None:
    """I13: one consent for what was shown, one notice of each kind, one insurance number."""
    shown = Counter((row["reference"], row["shown_hash"]) for row in found.rows["consent"])
    for (reference, _), number in shown.items():
        assert number <= found.agreed(reference), f"{reference} agreed {number} times"
    insured = Counter(row["reference"] for row in found.rows["insurance"])
    assert all(number == 1 for number in insured.values()), "an insurance number twice"
    for student in found.students:
        texts = Counter(message["text"] for message in found.messages[student.to])
        again = [text for text, number in texts.items() if number > 1]
        assert not again, f"{student.number} got {len(again)} messages twice"


def sealed_passwords_are_gone(found: Findings) -> None:
    """I16: no sealed password outlives its time or its activation."""
    now = datetime.now(UTC)
    over = {case.reference for case in found.cases if not case.open}
    for row in found.rows["sealed_password"]:
        assert row["reference"] not in over, f"{row['reference']} has a sealed password left"
        assert row["expires_at"] > now, f"{row['reference']}: a sealed password outlived its time"


async def every_history_replays(found: Findings) -> None:
    """I18: the code repeats its own decisions."""
    client = await found.world.client()
    replayer = Replayer(
        workflows=[Activation],
        namespace=client.namespace,
        data_converter=client.data_converter,
        workflow_runner=sandbox(),
    )
    for case in found.cases:
        await replayer.replay_workflow(case.history)


INVARIANTS: Sequence[Callable[[Findings], None]] = (
    one_entry_a_student,
    one_name_a_person,
    agreed_before_it_could_be_used,
    the_chosen_password_opens,
    no_password_without_consent,
    passwords_are_hashed,
    one_pin_a_code,
    within_the_budget_and_on_file,
    nothing_secret_in_the_logs,
    no_accepted_step_is_lost,
    who_waits_says_why,
    ends_are_ends,
    each_effect_once,
    sealed_passwords_are_gone,
)
"""I17 is held by the walker, which takes no page that nobody designed; I19 by the runner."""


def _time(entry: Attributes, name: str) -> datetime:
    written = entry[name][0][:14]
    return datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _pins(text: str) -> list[str]:
    return re.findall(r"(?<!\d)\d{6}(?!\d)", text)


def _pin_messages(found: Findings, case: Case) -> list[str]:
    mark = case.reference[:6]
    texts = [message["text"] for message in found.messages[case.student.to]]
    return [text for text in texts if mark in text and _pins(text)]
