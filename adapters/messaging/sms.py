"""Sends SMS through templated HTTP gateways, and interprets their answers.

Placeholders are JSON-escaped in a JSON body and percent-encoded in a form and in the URL. Gateway
and authentication are data: `sms_presets.toml` and the settings. The message id is sent as
idempotency key for gateways that deduplicate.

Delivery is at least once: if it is unknown whether a gateway accepted a message, it is retried,
because a duplicate does no harm and a lost message does.
"""

import asyncio
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from prometheus_client import Counter

from adapters.errors import AdapterError, Misconfigured, Unavailable, translated
from adapters.messaging.sms_auth import ClientCredentials, authentication
from adapters.web_address import trusted
from domain import contacts, gsm
from domain.contracts.message_io import Delivery
from domain.contracts.vocabulary import FailureType
from settings.systems import SMS_PLACEHOLDERS, Sms

_PLACEHOLDER = re.compile(rf"\{{({'|'.join(sorted(SMS_PLACEHOLDERS))})\}}")
_FORM = "application/x-www-form-urlencoded"
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_NOT_ALLOWED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN)
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
"""Answers that say that the request was not handled; after another 5xx nobody knows."""
_LONGEST_WAIT = timedelta(minutes=5)
_LONGEST_ANSWER = 64 * 1024
PARTS = Counter(
    "activation_sms_parts",
    "Parts of the SMS that a gateway took, each of which is paid for; `sms` or `sms_fallback`.",
    ["gateway"],
)


class SmsGateways:
    """One gateway, and an optional fallback for when the first is away or misconfigured.

    `alarm` is called for each gateway that fails, even if the other one succeeds. `receipts` is the
    address under which each gateway has that for its delivery receipts.
    """

    def __init__(
        self,
        first: Sms,
        fallback: Sms | None,
        alarm: Callable[[str], None] = lambda _: None,
        receipts: str = "",
    ) -> None:
        self._alarm = alarm
        self._gateways = {"sms": SmsGateway(first, f"{receipts}/sms")}
        if fallback:
            self._gateways["sms_fallback"] = SmsGateway(fallback, f"{receipts}/sms_fallback")

    async def close(self) -> None:
        for gateway in self._gateways.values():
            await gateway.close()

    async def send(self, *, to: str, content: str, message_id: str) -> Delivery:
        """Send by the first gateway that answers, else raise the error with the shortest wait.

        A number in a country to which no gateway may send is undeliverable.
        """
        failures = []
        gateways = {name: each for name, each in self._gateways.items() if each.may_send(to)}
        if not gateways:
            return Delivery.UNDELIVERABLE
        for name, gateway in gateways.items():
            try:
                outcome = await gateway.send(to=to, content=content, message_id=message_id)
            except AdapterError as error:
                failures.append(error)
                self._alarm(error.message)
                continue
            if outcome is Delivery.SENT:
                PARTS.labels(name).inc(gsm.parts(content))
            return outcome
        raise min(failures, key=lambda error: error.wait or timedelta()) from None


class SmsGateway:
    def __init__(self, settings: Sms, receipts: str = "") -> None:
        self._settings = settings
        self._receipts = receipts
        self._escaped = _in_address if _FORM in settings.headers.values() else _in_json
        self._rests_until = time.monotonic()
        self._auth = authentication(settings)
        self._client = httpx.AsyncClient(
            headers={"Accept-Encoding": "identity", **settings.headers},
            auth=self._auth,
            verify=trusted(),
            timeout=settings.timeout_seconds,
            follow_redirects=False,
            event_hooks={"response": [_shorten]},
        )

    async def close(self) -> None:
        await self._client.aclose()

    def may_send(self, to: str) -> bool:
        countries = self._settings.countries
        return not countries or contacts.country(to) in countries

    async def send(self, *, to: str, content: str, message_id: str) -> Delivery:
        """Send a text; a refusal of this message is an outcome, all else is raised.

        An error says whether the gateway certainly has not taken the message.
        """
        handed_over = False

        async def note(event: str, _: Mapping[str, Any]) -> None:
            nonlocal handed_over
            handed_over = handed_over or event.endswith("send_request_headers.started")

        try:
            return await self._send(to, content, message_id, note)
        except AdapterError as error:
            error.not_sent = error.not_sent or not handed_over
            raise

    async def _send(
        self,
        to: str,
        content: str,
        message_id: str,
        note: Callable[[str, Mapping[str, Any]], Awaitable[None]],
    ) -> Delivery:
        rest = timedelta(seconds=self._rests_until - time.monotonic())
        if rest > timedelta():
            raise Unavailable(FailureType.SMS_DOWN, "it asked to wait", wait=rest)
        fields = {
            "to": to,
            "digits": to.removeprefix("+"),
            "text": content,
            "sender": self._settings.sender,
            "id": message_id,
            "username": self._settings.username,
            "receipt_url": f"{self._receipts}/{_in_address(message_id)}",
        }
        body = _filled(self._settings.body, {key: self._escaped(fields[key]) for key in fields})
        url = _filled(self._settings.url, {key: _in_address(fields[key]) for key in fields})
        sent = body.encode() if self._settings.method == "POST" else None
        request = self._client.build_request(
            self._settings.method, url, content=sent, extensions={"trace": note}
        )
        return self._read(await self._exchanged(request, self._auth))

    async def knows_us(self) -> bool:
        """Check the secret without sending; False: there is no such call. Raises as `send`."""
        settings = self._settings
        if settings.check_url:
            url = _filled(settings.check_url, {"username": _in_address(settings.username)})
            response = await self._exchanged(self._client.build_request("GET", url), self._auth)
            if not response.is_success:
                raise Misconfigured(f"HTTP {response.status_code}")
        elif isinstance(self._auth, ClientCredentials):
            self._auth.keep(await self._exchanged(self._auth.ask(), None))
        else:
            return False
        return True

    async def _exchanged(self, request: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
        with translated(FailureType.SMS_DOWN, (httpx.RequestError, TimeoutError)):
            try:
                # A total time-out: that of httpx applies to each read by itself.
                async with asyncio.timeout(self._settings.timeout_seconds):
                    return await self._client.send(request, auth=auth)
            except httpx.ConnectError as error:
                if _is_untrusted(error):
                    raise Misconfigured("certificate not trusted") from None
                raise

    def _read(self, response: httpx.Response) -> Delivery:
        settings, status, said = self._settings, response.status_code, response.text
        if response.is_success and re.search(settings.ok_pattern, said, re.DOTALL):
            return Delivery.SENT
        if status in _REFUSED and re.search(settings.refused_pattern, said, re.DOTALL):
            return Delivery.UNDELIVERABLE
        if status in (*_REFUSED, *_NOT_ALLOWED):
            raise _not_taken(Misconfigured(f"HTTP {status}"))
        wait = _asked_to_wait(response)
        if wait:
            # The gateway's rate limit is for the engine, not for one student.
            self._rests_until = time.monotonic() + wait.total_seconds()
        away = Unavailable(FailureType.SMS_DOWN, f"HTTP {status}", wait=wait)
        raise _not_taken(away) if status in _BUSY else away


class _Beginning(httpx.AsyncByteStream):
    """A response stream that is cut off at a limit of bytes."""

    def __init__(self, whole: httpx.AsyncByteStream) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = _LONGEST_ANSWER
        async for chunk in self._whole:
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                return

    async def aclose(self) -> None:
        await self._whole.aclose()


def _not_taken(error: AdapterError) -> AdapterError:
    error.not_sent = True
    return error


async def _shorten(response: httpx.Response) -> None:
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - an async client's
    response.stream = _Beginning(response.stream)


def _is_untrusted(error: BaseException | None) -> bool:
    while error and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _in_address(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _asked_to_wait(response: httpx.Response) -> timedelta | None:
    """Read Retry-After, in seconds or as a date, capped at a few minutes."""
    asked = response.headers.get("Retry-After", "")
    try:
        if asked.isdecimal():
            wait = timedelta(seconds=int(asked))
        else:
            wait = parsedate_to_datetime(asked) - _answered_at(response)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)


def _answered_at(response: httpx.Response) -> datetime:
    """Return the time of the answer, by the gateway's clock if it sends a Date."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return datetime.now(UTC)
