"""Waking many: one that cannot be reached keeps nobody else asleep."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
import structlog
from temporalio.client import Client

from domain.contracts.submissions import RetryRequest, Submission
from domain.contracts.vocabulary import Step, WaitReason
from postgres import Pool, connect
from security.keys import KeyRing
from settings import Settings
from starter.client.activations import Activations
from starter.client.connect import TemporalUnavailable
from support.verbs import cases
from support.verbs.actions import act, retriable, retry_all
from support.verbs.cases import CaseSummary, UnknownReference
from support.verbs.staff import Action, NotAllowed, Role, Staff
from support.verbs.staff_context import StaffContext
from tests.desk import desk
from tests.stack import TestStack


async def test_one_that_temporal_did_not_take_keeps_nobody_else_asleep(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal as one process sees it while it comes back: the first call finds it away."""
    asked: list[str] = []

    async def standing(_: Client, reference: str) -> None:
        asked.append(reference)
        if len(asked) == 1:
            raise TemporalUnavailable("away")
        raise UnknownReference  # The others are gone meanwhile.

    async def waiting(*_: object) -> list[CaseSummary]:
        return [line(reference) for reference in "ABCDE"]

    monkeypatch.setattr(cases, "standing", standing)
    monkeypatch.setattr(cases, "waiting_for", waiting)
    async with await connect(stack.ledger_dsn) as pool:
        with structlog.testing.capture_logs() as logged:
            woken = await retry_all(
                desk(client, pool), WaitReason.DIRECTORY_DOWN, reason="mended", over=0
            )
            assert asked == []
            assert await woken == 0
    assert sorted(asked) == list("ABCDE")
    assert [each["outcome"] for each in logged] == ["TemporalUnavailable"]


async def test_each_is_told_that_many_are_tried(
    stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it is nobody's word on the case itself."""
    sent: list[Submission] = []

    async def one(*_: object) -> CaseSummary:
        return line("A")

    async def waiting(*_: object) -> list[CaseSummary]:
        return [line("A")]

    async def submit(_: object, __: str, ___: object, request: Submission) -> None:
        sent.append(request)

    monkeypatch.setattr(cases, "standing", one)
    monkeypatch.setattr(cases, "waiting_for", waiting)
    monkeypatch.setattr(Activations, "submit", submit)
    async with await connect(stack.ledger_dsn) as pool:
        staff = desk(client, pool)
        await (await retry_all(staff, WaitReason.FOREIGN_ENTRY, reason="mended", over=0))
        await act(staff, Action.RETRY, reference="A", reason="looked into")
    assert [each.of_many for each in sent if isinstance(each, RetryRequest)] == [True, False]


async def test_those_of_other_departments_are_neither_counted_nor_woken(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def waiting(*_: object) -> list[CaseSummary]:
        return [line("A", "401"), line("B", "402"), line("C")]

    monkeypatch.setattr(cases, "waiting_for", waiting)
    for departments, seen in (({"401"}, "A"), (set[str](), ""), (None, "ABC")):
        limited = None if departments is None else frozenset(departments)
        staff = Staff("eva", frozenset({Role.SUPERVISOR}), limited)
        eva = StaffContext(
            client, cast("Pool", None), cast("KeyRing", None), cast("Settings", None), staff
        )
        assert await retriable(eva, WaitReason.DIRECTORY_DOWN) == list(seen)
    viewer = replace(eva, staff=Staff("eva", frozenset({Role.VIEWER})))
    with pytest.raises(NotAllowed):
        await retriable(viewer, WaitReason.DIRECTORY_DOWN)


def line(reference: str, department: str | None = None) -> CaseSummary:
    return CaseSummary(
        reference,
        Step.PROVISIONING,
        WaitReason.DIRECTORY_DOWN,
        datetime.now(UTC),
        next_try_at=None,
        department=department,
    )
