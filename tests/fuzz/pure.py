"""Fuzzes what needs no stack: the codec by flips, cuts and swaps, and each validator of a field."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path
from random import Random

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from adapters.messaging import headers
from domain import (
    blanks,
    contacts,
    countries,
    dates,
    gsm,
    identity,
    insurance,
    names,
    passwords,
    pins,
    references,
    text,
    unreadable,
    usernames,
)
from domain.contracts.vocabulary import Question
from domain.rules import InvalidInput, Unfit
from security import redaction, rotation
from security.codec import Codec
from security.keys import KeyRing, UnknownEpoch
from support.verbs.search import parse_query
from tests.fuzz.values import CONTACTS, DATES, NUMBERS, TEXTS, hostile
from web import forms
from web.context import _accepted
from web.limits import networks

_TODAY = date(2026, 11, 29)
_LARGEST = 16 * 1024
MOST_SECONDS = 0.005
_LONGEST_LINE = 2000
GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
_WORDS = (
    f"{GREEK} ",
    f"{GREEK[:11]} ",
    r"\'",
    r"\'\"",
    "12 3 ",
    "+12 34 ",
    "%CE%B1",
    "αβγ ",
    "abc ",
    "1 ",
    "12345678 ",
    "a@b.gr ",
    "a@b.gr,",
    "ΑΒΓ-",
    "6912345678/",
)
"""What a field of many words or values is made of, beside what the other lists have."""
_CONTEXT = ("mpapadopoulou", "Μαρία", "Παπαδοπούλου", "2026123", "31122007")
_FORM_KEY = bytes(32)

Validator = Callable[[str], object]


def _form(raw: str) -> object:
    token = f"csrf={forms.csrf(_FORM_KEY, 'x')}&a={raw}".encode("utf-8", "replace")
    return forms.read(_FORM_KEY, "x", "application/x-www-form-urlencoded", token)


VALIDATORS: Mapping[str, Validator] = {
    "mobile": partial(contacts.mobile, region="GR"),
    "mobiles on file": partial(contacts.mobiles_on_file, region="GR"),
    "e-mail": partial(contacts.email_elsewhere, own=("university.example",)),
    "e-mails on file": contacts.emails_on_file,
    "unreadable mobile": partial(unreadable.mobile, region="GR"),
    "unreadable e-mail": unreadable.email,
    "pin": pins.read,
    "birth date": lambda raw: identity.read(Question.BIRTH_DATE, raw, _TODAY),
    "last four": lambda raw: identity.read(Question.INSURANCE_LAST_FOUR, raw, _TODAY),
    "student number": lambda raw: identity.read(Question.STUDENT_NUMBER, raw, _TODAY),
    "second datum": partial(identity.readings, today=_TODAY),
    "date on file": partial(dates.on_file, today=_TODAY),
    "date in entry": partial(dates.in_entry, today=_TODAY),
    "AMKA": partial(insurance.check, insurance.AMKA, today=_TODAY),
    "European card": partial(insurance.check, insurance.EHIC, today=_TODAY),
    "password": lambda raw: passwords.judge(raw, _CONTEXT, ("University",), ("paok",)),
    "note": text.note,
    "plain text": text.plain,
    "reference": references.normalise,
    "username": usernames.unusable,
    "country": countries.code,
    "blank": blanks.value,
    "words of a name": names.sought,
    "search": partial(parse_query, region="GR"),
    "SMS text": lambda raw: gsm.to_gsm_greek(raw[:_LONGEST_LINE]),
    "mail header": lambda raw: headers.text("Subject", raw[:_LONGEST_LINE]),
    "mail address": lambda raw: headers.mailbox("To", raw[:_LONGEST_LINE], "a@b.example"),
    "log line": redaction.scrub,
    "body of a form": _form,
    "language header": _accepted,
    "address of a client": networks,
    **{
        f"number of {country}": partial(insurance.check, country, today=_TODAY)
        for country in ("CY", "BG", "DE", "IT", "FR", "ES")
    },
}
"""Each is given what its callers give: headers and messages have no text of 16 KiB."""
_REFUSED = (InvalidInput, Unfit, forms.ForgedForm)


def _typed(draw: Random) -> str:
    """Return a hostile value, or one that is nearly right: a letter less, more, twice or other."""
    if draw.random() < 0.5:
        return hostile(draw)[:_LARGEST]
    value = list(
        draw.choice((*CONTACTS, *DATES, *NUMBERS, "01010500013", "A-7K3F-92QD", "AB123456"))
    )
    for _ in range(draw.randrange(4)):
        at = draw.randrange(len(value) + 1)
        match draw.randrange(3):
            case 0:
                value[at:at] = draw.choice("0a.@-+ α\u200b")
            case 1:
                del value[at : at + 1]
            case _:
                value[at:at] = value[:2]
    return "".join(value)


def _largest() -> list[str]:
    """Return the shapes of 16 KiB: each listed value and letter again and again, then a slip."""
    pieces = [
        each
        for each in (*TEXTS, *CONTACTS, *DATES, *NUMBERS, *_WORDS, *"a@.0 +-(<&%α\u0301\u200b\t")
        if each
    ]
    made = [(piece * (_LARGEST // len(piece) + 1))[:_LARGEST] for piece in pieces]
    return made + [each[:-1] + "!" for each in made]


def exceptions(seed: int, number: int) -> int:
    """Try each validator with so many values; print and count the exceptions it must not raise."""
    bad, draw = 0, Random(f"{seed}-validators")  # noqa: S311 - repeatable on purpose
    for name, validator in VALIDATORS.items():
        for raw in (_typed(draw) for _ in range(number)):
            try:
                validator(raw)
            except _REFUSED:
                pass
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                bad += 1
                sys.stdout.write(f"  {name}: {type(error).__name__} at {raw[:60]!r}\n")
    sys.stdout.write(
        f"validators: {len(VALIDATORS)} of {number} values each, {bad} unexpected exceptions\n"
    )
    return bad


def slow() -> int:
    """Measure each validator at 16 KiB; print the slowest and count those over the limit."""
    largest = _largest()
    took = {
        name: max((_seconds(validator, raw), raw[:20]) for raw in largest)
        for name, validator in VALIDATORS.items()
    }
    slowest = sorted(((*each, name) for name, each in took.items()), reverse=True)
    for seconds, raw, name in slowest[:5]:
        sys.stdout.write(f"  at 16 KiB: {1000 * seconds:.2f} ms for {name} ({raw!r} ...)\n")
    return sum(seconds > MOST_SECONDS for seconds, _, _ in slowest)


def _seconds(validator: Validator, raw: str) -> float:
    """Return the time of this process that it takes; the least of some, if it seems too long."""
    first = _once(validator, raw)
    return first if first <= MOST_SECONDS else min(_once(validator, raw) for _ in range(5))


def _once(validator: Validator, raw: str) -> float:
    began = time.process_time()
    with suppress(*_REFUSED):
        validator(raw)
    return time.process_time() - began


def codec(seed: int, number: int) -> int:
    """Change payloads of two activations; return how many that were changed could still be read."""
    with tempfile.TemporaryDirectory() as folder:
        rotation.create(Path(folder), "2026-11")
        ring = KeyRing(Path(folder))
        return asyncio.run(_codec(ring, Random(f"{seed}-codec"), number))  # noqa: S311 - as above


async def _codec(ring: KeyRing, draw: Random, number: int) -> int:
    clear = [Payload(metadata={"encoding": b"json/plain"}, data=b'"%d"' % n) for n in range(8)]
    places = [
        Codec(ring).with_context(WorkflowSerializationContext("activation", name))
        for name in ("A-1", "A-2")
    ]
    boxes = [box.SerializeToString() for place in places for box in await place.encode(clear)]
    read = unreadable_ = raised = 0
    for _ in range(number):
        changed = _changed(boxes, draw)
        try:
            forged = Payload.FromString(changed)
        except DecodeError:
            unreadable_ += 1
            continue
        place = draw.choice(places)
        genuine = any(forged == Payload.FromString(box) for box in boxes)
        try:
            (told,) = await place.decode([forged])
        except UnknownEpoch:
            raised += 1
        else:
            read += not genuine and told.metadata["encoding"] != b"binary/refused"
    sys.stdout.write(
        f"codec: {number} flips, cuts and swaps, {unreadable_} no payload at all,"
        f" {read} read all the same, {raised} that stop a run\n"
    )
    return read + raised


def _changed(boxes: list[bytes], draw: Random) -> bytes:
    box = bytearray(draw.choice(boxes))
    match draw.randrange(4):
        case 0:
            box[draw.randrange(len(box))] ^= 1 << draw.randrange(8)
        case 1:
            at = draw.randrange(len(box))
            del box[at : at + draw.randrange(1, 40)]
        case 2:
            return _swapped(boxes, draw)
        case _:
            other, at = draw.choice(boxes), draw.randrange(len(box))
            box[at:] = other[at:]
    return bytes(box)


def _swapped(boxes: list[bytes], draw: Random) -> bytes:
    """Return a payload whose data, or a word about them, is another payload's."""
    one, other = (Payload.FromString(draw.choice(boxes)) for _ in "ab")
    name = draw.choice(("data", *sorted(one.metadata)))
    if name == "data":
        one.data = other.data
    else:
        one.metadata[name] = other.metadata[name]
    return one.SerializeToString()


def run(seed: int, number: int) -> int:
    """Play both; `number` changes of payloads, and half as many values for each validator."""
    return codec(seed, number) + exceptions(seed, number // 2) + slow()
