"""One templated HTTP gateway for SMS, and what its answers mean.

Placeholders are filled in JSON-escaped in a JSON body and percent-encoded in a form and in the
address. Which gateway it is, and how it knows us, is data: `sms_presets.toml` and the settings. The
message id goes along, so that a gateway which knows it delivers a repeated message once.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import quote

import httpx

from activities.failures import failure, guarded
from activities.sms_auth import authentication
from domain.contracts.requests import Delivery
from domain.contracts.vocabulary import FailureType
from settings import Sms

_PLACEHOLDER = re.compile(r"\{(to|digits|text|sender|id|username)\}")
_FORM = "application/x-www-form-urlencoded"
_REFUSED = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_NOT_ALLOWED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_LONGEST_WAIT = timedelta(minutes=5)


class SmsGateway:
    def __init__(self, settings: Sms) -> None:
        self._settings = settings
        self._escaped = _in_address if _FORM in settings.headers.values() else _in_json
        self._client = httpx.AsyncClient(
            headers=settings.headers,
            auth=authentication(settings),
            timeout=settings.timeout_seconds,
            follow_redirects=False,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, *, to: str, text: str, message_id: str) -> Delivery:
        """Hand a text over; a refusal of this very message is an outcome, all else a failure."""
        fields = {
            "to": to,
            "digits": to.removeprefix("+"),
            "text": text,
            "sender": self._settings.sender,
            "id": message_id,
            "username": self._settings.username,
        }
        body = _filled(self._settings.body, {key: self._escaped(fields[key]) for key in fields})
        with guarded(FailureType.SMS_DOWN, (httpx.TransportError, OSError)):
            response = await self._client.request(
                self._settings.method,
                _filled(self._settings.url, {key: _in_address(fields[key]) for key in fields}),
                content=body.encode() if self._settings.method == "POST" else None,
            )
        return self._read(response)

    def _read(self, response: httpx.Response) -> Delivery:
        status = response.status_code
        if response.is_success and re.search(self._settings.ok_pattern, response.text, re.DOTALL):
            return Delivery.SENT
        if status in _REFUSED:
            return Delivery.UNDELIVERABLE
        if status in _NOT_ALLOWED:
            raise failure(FailureType.CONFIGURATION, f"HTTP {status}")
        raise failure(FailureType.SMS_DOWN, f"HTTP {status}", wait=_asked_to_wait(response))


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _in_address(value: str) -> str:
    return quote(value, safe="")


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _asked_to_wait(response: httpx.Response) -> timedelta | None:
    """Read Retry-After, in seconds or as a date; never longer than a few minutes."""
    asked = response.headers.get("Retry-After", "")
    try:
        wait = (
            timedelta(seconds=int(asked))
            if asked.isdecimal()
            else parsedate_to_datetime(asked) - datetime.now(UTC)
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)
