"""The other gateway, which is asked when the first is away or must be mended."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from activities import errors
from domain.contracts.message_io import Delivery
from settings.systems import Sms
from tests.adapters.gateway import (
    TEXT,
    TO,
    Gateway,
    Talk,
    cut,
    drip,
    fail,
    hang,
    running,
    send,
    talking,
)


@pytest.fixture
def other() -> Iterator[Gateway]:
    with running() as made:
        yield made


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_the_other_gateway_helps_out_within_the_same_try(
    gateway: Gateway, other: Gateway, status: int
) -> None:
    gateway.status = status
    assert await send(Sms(url=gateway.url), Sms(url=other.url)) is Delivery.SENT
    assert [json.loads(each.seen[0][2]) for each in (gateway, other)] == [
        {"to": TO, "text": TEXT, "from": "UNIVERSITY", "id": "A-7K3F-92QD:pin:1"}
    ] * 2


@pytest.mark.parametrize("talk", [cut, hang, drip])
async def test_a_message_of_unknown_fate_goes_to_the_other_gateway_too(
    other: Gateway, talk: Talk
) -> None:
    async with talking(talk) as url:
        first = Sms(url=url, timeout_seconds=0.5)
        assert await send(first, Sms(url=other.url)) is Delivery.SENT
    assert json.loads(other.seen[0][2])["text"] == TEXT


@pytest.mark.parametrize(("status", "outcome"), [(200, "sent"), (400, "undeliverable")])
async def test_what_the_first_gateway_decides_stands(
    gateway: Gateway, other: Gateway, status: int, outcome: str
) -> None:
    gateway.status = status
    assert await send(Sms(url=gateway.url), Sms(url=other.url)) == outcome
    assert other.seen == []


async def test_of_two_failures_the_one_that_may_be_tried_again_sooner_is_told(
    gateway: Gateway, other: Gateway
) -> None:
    both = Sms(url=gateway.url), Sms(url=other.url)
    gateway.status, other.status = 401, 503
    assert (await fail(*both)).message == "SMS_DOWN: HTTP 503"
    gateway.status, other.status = 503, 401
    assert (await fail(*both)).message == "SMS_DOWN: HTTP 503"
    other.status, other.headers = 429, {"Retry-After": "200"}
    gateway.headers = {"Retry-After": "7"}
    told = await fail(*both)
    assert (told.message, told.wait) == ("SMS_DOWN: HTTP 503", timedelta(seconds=7))


async def test_operators_hear_of_each_cause_once_and_of_no_student(
    gateway: Gateway, other: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "_alarmed", {})
    both = Sms(url=gateway.url), Sms(url=other.url)
    with capture_logs() as lines:
        for status in (401, 401, 503, 503, 401):
            gateway.status = status
            assert await send(*both) is Delivery.SENT
    told = [(line["event"], line["log_level"], line["outcome"]) for line in lines]
    assert told == [
        ("trouble outside", "error", "CONFIGURATION: HTTP 401"),
        ("trouble outside", "error", "SMS_DOWN: HTTP 503"),
    ]


@pytest.mark.parametrize(
    ("first", "second", "told", "asked"),
    [
        ([], ["CY"], Delivery.SENT, [1, 0]),
        (["GR", "CY"], [], Delivery.SENT, [1, 0]),
        (["CY"], ["GR"], Delivery.SENT, [0, 1]),
        (["CY"], ["DE"], Delivery.UNDELIVERABLE, [0, 0]),
    ],
)
async def test_a_gateway_sends_to_its_countries_only(
    gateway: Gateway,
    other: Gateway,
    *,
    first: list[str],
    second: list[str],
    told: Delivery,
    asked: list[int],
) -> None:
    gateways = Sms(url=gateway.url, countries=first), Sms(url=other.url, countries=second)
    assert await send(*gateways) is told
    assert [len(each.seen) for each in (gateway, other)] == asked
