"""A change of the workflows' commands needs `patched` or a new workflow; other changes do not."""

import pytest

from tests.replay.fingerprint import committed, fingerprint, refused, sources

NOW = sources()
BEFORE = fingerprint(NOW)

CHANGES = {
    "an activity more": (
        "activation",
        "        person = await self.supervised(self._claim, person)\n",
        (
            "        person = await self.supervised(self._claim, person)\n"
            "            await calls.reread_student(typed_contact(self.start), person)\n"
        ),
    ),
    "an activity less": (
        "activation",
        "            await self.run_until_done(calls.close_activation, request)\n",
        "",
    ),
    "two activities in another order": (
        "activation",
        (
            "            person = await self.supervised(self._claim, person)\n"
            "            person = await self.supervised(self.insurance.ask_number, person)\n"
        ),
        (
            "            person = await self.supervised(self.insurance.ask_number, person)\n"
            "            person = await self.supervised(self._claim, person)\n"
        ),
    ),
    "another activity": ("calls", "ActivityName.CHECK_PIN", "ActivityName.UNLOCK_PIN"),
    "a timer more": (
        "deadline",
        "            if self._moved_on(due):\n",
        "            await workflow.sleep(1)\n            if self._moved_on(due):\n",
    ),
    "a wait that ends by itself": (
        "deadline",
        "wait_condition(partial(self._moved_on, due))",
        "wait_condition(partial(self._moved_on, due), timeout=due - workflow.now())",
    ),
    "a durable call in place of a local one": (
        "attempts",
        "workflow.execute_local_activity(",
        "workflow.execute_activity(",
    ),
    "a patch that is taken away": (
        "activation",
        'if found.short or workflow.patched("short-course"):',
        "if found.short:",
    ),
    "a child workflow less": (
        "outbox",
        "        await _start(SUPPORT_WORKFLOW, MailSupportRequest(request_id=request_id), name)\n",
        "        del name\n",
    ),
    "a handler that is gone": ("read_model", '    @workflow.query(name="progress")\n', ""),
}
HARMLESS = {
    "another comment": ("activation", "# Needless: a timer ends with its run.", "# No need."),
    "another time-out": ("attempts", "timedelta(seconds=45)", "timedelta(seconds=50)"),
    "another name": ("activation", "_check_lost_account", "_check_deleted_account"),
    "a step in a function of its own": (
        "activation",
        "    async def _newest(",
        (
            "    async def _extracted(self, person: Person) -> Person | None:\n"
            "        return await calls.reread_student(typed_contact(self.start), person)\n\n"
            "    async def _newest("
        ),
        "newest = await calls.reread_student(typed_contact(self.start), person) or person",
        "newest = await self._extracted(person) or person",
    ),
    "a handler more": (
        "read_model",
        '    @workflow.query(name="progress")\n',
        (
            "    @workflow.signal\n    def nudge(self) -> None: ...\n\n"
            '    @workflow.query(name="progress")\n'
        ),
    ),
    "a change with a patch": (
        "activation",
        "        person = await self.supervised(self._claim, person)\n",
        (
            "        person = await self.supervised(self._claim, person)\n"
            '            if workflow.patched("one-more"):\n'
            "                await calls.reread_student(typed_contact(self.start), person)\n"
        ),
    ),
    "a new workflow": (
        "sweep",
        "_ROUNDS = 200\n",
        (
            "_ROUNDS = 200\n\n\n"
            '@workflow.defn(name="Other")\n'
            "class Other:\n"
            "    @workflow.run\n"
            "    async def run(self) -> None:\n"
            "        await workflow.sleep(1)\n"
        ),
    ),
}


def changed(module: str, *replacements: str) -> dict[str, str]:
    source = NOW[module]
    for old, new in zip(replacements[::2], replacements[1::2], strict=True):
        assert old in source, old
        source = source.replace(old, new)
    return NOW | {module: source}


def test_the_commands_are_those_that_are_committed() -> None:
    """After a change that is taken, `make histories` writes them and records what is new."""
    assert committed() == BEFORE, "run `make histories`"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_is_replayed_is_refused(change: tuple[str, ...]) -> None:
    assert refused(BEFORE, fingerprint(changed(*change)))


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_change_that_running_activations_go_on_with_is_taken(change: tuple[str, ...]) -> None:
    assert refused(BEFORE, fingerprint(changed(*change))) == []


def test_each_workflow_and_each_of_its_patches_is_found() -> None:
    versions = {each for tokens in BEFORE.values() for each in tokens if "version " in each}
    for kind in ("defn", "patched"):
        written = sum(source.count(f"workflow.{kind}(") for source in NOW.values())
        assert sum(f"version {kind} " in each for each in versions) == written
