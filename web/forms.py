"""Reads and verifies submitted forms: CSRF protection, and an idempotent submission id.

A form carries a CSRF token, an HMAC of the session's name that needs no store, and a random form
token drawn when it was shown. The submission id is an HMAC of form token and body: a double click
is one submission, a corrected value is another, and the id reveals nothing of the value.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from markupsafe import Markup
from starlette.requests import Request

from domain import references
from domain.addresses import PORTS

MAX_BODY = 16 * 1024
_MAX_FIELDS = 50
_LOOPBACK = ("127.0.0.1", "localhost")
_TYPE = "application/x-www-form-urlencoded"
_BARE_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
"""In no form that a browser sends, and slow to decode."""


class ForgedForm(Exception):
    """The form was not shown to this browser by this application; it is not used."""


@dataclass(frozen=True)
class Form:
    """A verified form: its fields, submission id and candidate references.

    A new activation gets the first of `references` that is not taken.
    """

    fields: tuple[tuple[str, str], ...]
    submission_id: str
    references: tuple[str, ...]

    def get(self, name: str) -> str:
        """Return the value of a field; empty when it is missing or repeated."""
        values = self.all(name)
        return values[0] if len(values) == 1 else ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def wish(submission_id: str, at: datetime) -> str:
    """Return the id of a submission without typed values, which changes each minute.

    A double click within the minute is deduplicated. The same form sent again later, from a page
    that the browser kept, is a new submission: it takes effect, or is refused with a reason.
    """
    minute = int(at.timestamp() // 60)
    return hashlib.sha256(f"{submission_id}\0{minute}".encode()).hexdigest()[:32]


def name_of(token: str) -> str:
    """Return the part of a token that rotation keeps; forms are bound to it."""
    return token.partition(".")[0]


def csrf(key: bytes, token: str) -> str:
    return hmac.digest(key, b"csrf\0" + name_of(token).encode(), "sha256").hex()


def draw() -> str:
    """Return a new form token."""
    return secrets.token_urlsafe(16)


def origins(public_url: str) -> frozenset[str]:
    """Return the accepted origins: the public one, and both loopback names of a local one."""
    url = urlsplit(public_url)
    names = _LOOPBACK if url.hostname in _LOOPBACK else (url.hostname,)
    port = "" if url.port in (None, PORTS.get(url.scheme)) else f":{url.port}"
    return frozenset(f"{url.scheme}://{name}{port}" for name in names)


def hidden(key: bytes, token: str, form_token: str) -> Markup:
    """Return the hidden input fields of a form."""
    fields = (("csrf", csrf(key, token)), ("form", form_token))
    return Markup().join(
        Markup('<input type="hidden" name="{}" value="{}">').format(*field) for field in fields
    )


async def submitted(request: Request, public_url: str, key: bytes, token: str | None) -> Form:
    """Read and verify the form of a request; raises `ForgedForm`."""
    headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForgedForm
    if "origin" in headers and headers["origin"] not in origins(public_url):
        raise ForgedForm
    return read(key, token, headers.get("content-type", ""), await request.body())


def read(key: bytes, token: str | None, content_type: str, body: bytes) -> Form:
    """Parse and verify the form in a request's body; raises `ForgedForm`."""
    if not token or content_type.partition(";")[0].strip().lower() != _TYPE:
        raise ForgedForm
    if _BARE_PERCENT.search(body):
        raise ForgedForm
    try:
        fields = tuple(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise ForgedForm from None
    given = dict(reversed(fields))
    if not hmac.compare_digest(given.get("csrf", "").encode(), csrf(key, token).encode()):
        raise ForgedForm
    shown = given.get("form", "").encode()
    drawn = _digest(key, "reference", shown, body)
    return Form(
        fields=fields,
        submission_id=_digest(key, "submission", shown, body).hex()[:32],
        references=tuple(references.from_digest(drawn[at:]) for at in range(0, 30, 5)),
    )


def _digest(key: bytes, purpose: str, shown: bytes, body: bytes) -> bytes:
    parts = (purpose.encode(), len(shown).to_bytes(4), shown, body)
    return hmac.digest(key, b"\0".join(parts), "sha256")
