"""Two hundred activations wait for a dead directory; all are active soon after its return.

They come by `Activations`, as the portal's answers do, without pages. The directory's own rate is
measured beside it: entries added and opened by the same code on the same machine, nothing else.
"""

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import postgres
from adapters.directory.ldap_client import LdapClient
from adapters.directory.ldap_results import SUCCESS
from demo.part import aside
from domain.contracts.submissions import (
    ActivationStart,
    ConsentSubmission,
    PasswordSubmission,
    PinSubmission,
)
from domain.contracts.views import Progress
from domain.contracts.vocabulary import Step, WaitReason
from domain.references import from_digest
from ledger import activations, passwords
from postgres import Pool
from security import sealing
from security.keys import KeyRing
from starter.client.activations import Activations
from tests.faults.runner import Run
from tests.faults.walker import until
from tests.faults.world import Person

_NUMBER = 200
_AT_ONCE = 10
_WITHIN = 120.0
_SAMPLE = 40


def test_two_hundred_wait_for_the_directory(run: Run) -> None:
    world = run.world
    students = run.enrol(_NUMBER)
    world.stop("slapd")
    aside(_come_to_the_password(run, students))
    until(lambda: all(step is Step.PROVISIONING for _, step, _ in run.standing()))
    run.all_wait_for(WaitReason.DIRECTORY_DOWN)
    world.start("slapd")
    back = time.monotonic()
    until(lambda: all(step is Step.ACTIVE for _, step, _ in run.standing()), within=2 * _WITHIN)
    run.figures.recovery = time.monotonic() - back
    rate = _own_rate(run)
    allowed = max(_WITHIN, 1.3 * _NUMBER / rate)
    run.figures.notes.append(
        f"{_NUMBER} active {run.figures.recovery:.0f} s after the directory's return;"
        f" by itself it makes {rate:.1f} accounts a second"
    )
    run.check(within=allowed)


async def _come_to_the_password(run: Run, students: list[Person]) -> None:
    engine, keys = Activations(await run.world.client()), run.world.keys
    slots = asyncio.Semaphore(_AT_ONCE)
    async with await postgres.connect(run.world.ledger_dsn) as ledger:

        async def come(student: Person) -> None:
            async with slots:
                await _activate(engine, ledger, keys, student)

        await asyncio.gather(*map(come, students))


async def _activate(engine: Activations, ledger: Pool, keys: KeyRing, student: Person) -> None:
    reference = from_digest(hashlib.sha256(student.number.encode()).digest())
    start = ActivationStart(reference=reference, mobile=student.to)
    await activations.begin(
        ledger, keys, reference=reference, language=start.language, mobile=student.to, email=None
    )
    await engine.start(start)
    await _arrive(engine, reference, Step.PIN)
    pin = keys.pin(reference, 1)
    stamp = {"submission_id": f"{student.number}-pin", "received_at": datetime.now(UTC)}
    await engine.submit(reference, "submit_pin", PinSubmission(**stamp, pin=pin))
    shown = (await _arrive(engine, reference, Step.REVIEW)).review
    assert shown
    stamp["submission_id"] = f"{student.number}-consent"
    consent = ConsentSubmission(**stamp, shown_hash=shown.shown_hash)
    await engine.submit(reference, "give_consent", consent)
    await _arrive(engine, reference, Step.PASSWORD)
    sealed_id = f"{student.number}-password"
    box = sealing.seal(keys, reference, student.password)
    await passwords.put(
        ledger, reference=reference, sealed_id=sealed_id, sealed=box, ttl=timedelta(hours=1)
    )
    stamp["submission_id"] = sealed_id
    chosen = PasswordSubmission(**stamp, sealed_id=sealed_id)
    await engine.submit(reference, "submit_password", chosen)


async def _arrive(engine: Activations, reference: str, step: Step) -> Progress:
    """Look until the activation stands at this step and its page can be drawn."""
    async with asyncio.timeout(60):
        while True:
            progress = await engine.progress(reference)
            drawn = progress and (step is not Step.REVIEW or progress.review)
            if progress and drawn and progress.step is step:
                return progress
            await asyncio.sleep(0.2)


def _own_rate(run: Run) -> float:
    """Return how many accounts a second the directory makes with nobody else about."""
    settings = run.world.settings.directory
    ldap = LdapClient(settings)

    def make(number: int) -> None:
        uid = f"rate{run.figures.seed}x{number}"
        dn, password = f"uid={uid},{settings.people_dn}", f"a-password-{uid}".encode()
        ldap.search(settings.people_dn, f"(uid={uid})", ("*",))
        ldap.add(dn, {"objectClass": ["inetOrgPerson"], "uid": [uid], "cn": [uid], "sn": [uid]})
        ldap.set_password(dn, password)
        assert ldap.bind_as(dn, password).code == SUCCESS

    begun = time.monotonic()
    with ThreadPoolExecutor(settings.pool_size) as threads:
        list(threads.map(make, range(_SAMPLE)))
    took = time.monotonic() - begun
    ldap.close()
    return _SAMPLE / took
