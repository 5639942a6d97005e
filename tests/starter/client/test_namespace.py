"""What `activation temporal init` does to a namespace, and what it leaves as it was."""

import asyncio
import os
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import ArchivalState, IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    RemoveSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client

from demo.place import any_port
from starter.client import connect, namespace
from starter.client.namespace import SEARCH_ATTRIBUTES, Unprepared
from tests.commandline import run
from tests.secured import NAME, Authority, api_proxy
from tests.stack import TestStack

MONTH, WEEK = timedelta(days=30), timedelta(days=7)


@pytest.fixture
async def own(stack: TestStack, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Connect to a namespace of its own, which nobody has made."""
    del client
    monkeypatch.setenv("TEMPORAL_NAMESPACE", f"space-{secrets.token_hex(4)}")
    return await connect.connect(stack.settings, stack.keys)


async def made(client: Client, retention: timedelta) -> None:
    """Create the namespace as others may have done it."""
    request = RegisterNamespaceRequest(
        namespace=client.namespace,
        description="of others",
        history_archival_state=ArchivalState.ARCHIVAL_STATE_DISABLED,
    )
    request.workflow_execution_retention_period.FromTimedelta(retention)
    await client.workflow_service.register_namespace(request)


async def add(client: Client, kind: IndexedValueType.ValueType, *names: str) -> None:
    request = AddSearchAttributesRequest(
        namespace=client.namespace, search_attributes=dict.fromkeys(names, kind)
    )
    await client.operator_service.add_search_attributes(request)


async def test_a_missing_namespace_is_created_only_when_told(own: Client) -> None:
    said: list[str] = []

    with pytest.raises(Unprepared, match="correct TEMPORAL_NAMESPACE"):
        await namespace.make_ready(own, MONTH)
    assert await namespace.find_retention(own) is None
    await namespace.make_ready(own, WEEK, create=True, say=said.append)

    assert said == [
        f"namespace {own.namespace}: created, keeps closed histories for 7 days",
        f"search attributes: added: {', '.join(SEARCH_ATTRIBUTES)}",
    ]
    assert await namespace.find_retention(own) == WEEK
    await own.count_workflows("ActivationStep = 'pin' AND StandsSince > '2026-01-01T00:00:00Z'")


async def test_what_others_made_is_left_as_it_is_but_for_what_is_told(own: Client) -> None:
    await made(own, WEEK)
    said: list[str] = []

    await namespace.make_ready(own, MONTH, create=True, say=said.append)
    assert await namespace.find_retention(own) == WEEK
    await namespace.make_ready(own, MONTH, set_retention=True, say=said.append)
    await namespace.make_ready(own, MONTH, set_retention=True, say=said.append)

    names = ", ".join(SEARCH_ATTRIBUTES)
    there = f"search attributes: was there: {names}"
    assert said == [
        f"namespace {own.namespace}: was there, keeps closed histories for 7 days",
        f"search attributes: added: {names}",
        f"namespace {own.namespace}: keeps closed histories for 30 days now, not 7",
        there,
        f"namespace {own.namespace}: was there, keeps closed histories for 30 days",
        there,
    ]
    described = await own.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=own.namespace)
    )
    assert described.namespace_info.description == "of others"
    assert described.config.history_archival_state == ArchivalState.ARCHIVAL_STATE_DISABLED


async def test_two_at_once_both_succeed(own: Client) -> None:
    each = (namespace.make_ready(own, MONTH, create=True) for _ in range(4))
    await asyncio.gather(*each)
    assert await namespace.missing_attributes(own) == []


async def test_an_attribute_of_another_type_is_told_and_nothing_is_added(own: Client) -> None:
    await made(own, MONTH)
    await add(own, IndexedValueType.INDEXED_VALUE_TYPE_TEXT, "Department")

    with pytest.raises(Unprepared, match=r"another type than Department=Keyword, .* remove"):
        await namespace.make_ready(own, MONTH)
    assert "WaitReason" in await namespace.missing_attributes(own)

    request = RemoveSearchAttributesRequest(
        namespace=own.namespace, search_attributes=["Department"]
    )
    await own.operator_service.remove_search_attributes(request)
    await namespace.make_ready(own, MONTH)


async def test_a_limit_of_temporal_is_told(own: Client) -> None:
    await made(own, MONTH)
    await add(own, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD, *(f"Ours{n}" for n in range(9)))

    with pytest.raises(Unprepared, match="cannot have more than 10 search attribute"):
        await namespace.make_ready(own, MONTH)


async def test_where_no_client_administers_what_is_missing_is_told_with_the_command_for_it(
    own: Client, stack: TestStack, tmp_path: Path
) -> None:
    authority, port = Authority(tmp_path / "authority"), any_port()
    environ = os.environ | {
        "TEMPORAL_ADDRESS": f"127.0.0.1:{port}",
        "TEMPORAL_API_KEY": "right",
        "TEMPORAL_TLS_SERVER_NAME": NAME,
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(authority.certificate),
    }

    async def told(*options: str) -> tuple[int, str]:
        words = ("temporal", "init", *options)
        ended = await asyncio.to_thread(run, *words, environ=environ)
        return ended.returncode, ended.stdout + ended.stderr

    target, pair = stack._stack.temporal.address, authority.issue(NAME)
    with api_proxy(tmp_path, target, pair, "right", port):
        code, said = await told("--create-namespace")
        assert code == 1
        assert "tcld namespace create, with a retention of 30 days" in said
        await made(own, WEEK)
        code, said = await told()
        assert code == 1
        assert "ActivationStep=Keyword, WaitReason=Keyword, Department=Keyword" in said
        assert "StandsSince=Datetime. This client may not add any" in said
        code, said = await told("--set-retention")
        assert code == 1
        assert "tcld namespace retention set --retention-days 30" in said
        await namespace.make_ready(own, MONTH)
        code, said = await told()
        assert code == 0, said
        assert "was there, keeps closed histories for 7 days" in said
    assert "right" not in said.replace("rights", "")
