"""What holds for every function that reads typed text, whatever is typed."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import (
    contacts,
    elot743,
    gsm,
    identity,
    insurance,
    masks,
    pins,
    references,
    text,
)
from domain.contracts.vocabulary import Question
from domain.passwords import judge
from domain.rules import InvalidInput
from domain.usernames import is_valid

TODAY = date(2026, 9, 28)
SCHEMES = ["GR", "EHIC", "CY", "FR"]

Read = Callable[[str], object]


def joined(read: Callable[[str], Iterable[str]]) -> Read:
    return lambda raw: " / ".join(read(raw))


def number(scheme: str, raw: str) -> str:
    return insurance.check(scheme, raw, TODAY)[0]


# Each with something it takes.
READERS: dict[str, tuple[Callable[[str], str | None], str]] = {
    "mobile": (partial(contacts.mobile, region="GR"), "+306912345678"),
    "email": (contacts.email, "nikos@example.gr"),
    "pin": (pins.read, "012345"),
    "reference": (references.normalise, "A-7K3F-92QD"),
    "birth date": (partial(identity.read, Question.BIRTH_DATE, today=TODAY), "2005-01-02"),
    "last four": (partial(identity.read, Question.INSURANCE_LAST_FOUR, today=TODAY), "0013"),
    "student number": (partial(identity.read, Question.STUDENT_NUMBER, today=TODAY), "2026001"),
    "plain": (text.plain, "Nikos"),
    "squash": (text.squash, "0123"),
    "identifier": (text.identifier, "AB12"),
    "student number as compared": (text.student_number, "AB12"),
    **{scheme: (partial(number, scheme), "01010500013") for scheme in SCHEMES},
}
OTHERS: dict[str, Read] = {
    "note": text.note,
    "mobiles on file": joined(partial(contacts.mobiles_on_file, region="GR")),
    "emails on file": joined(contacts.emails_on_file),
}
NORMALISERS: dict[str, Read] = {name: read for name, (read, _) in READERS.items()} | OTHERS
TRANSCRIBERS: dict[str, Read] = {
    "elot743": elot743.elot743,
    "ascii_fold": elot743.ascii_fold,
    "gsm": gsm.to_gsm_greek,
}
JUDGES: dict[str, Read] = {
    "password": lambda raw: judge(raw, ["Ελένη", "2026001"]),
    "username": is_valid,
    "landline": partial(contacts.landline_on_file, region="GR"),
    "has Greek": text.has_greek,
    "Greek only": text.is_greek_only,
    "masked e-mail": masks.email,
    "masked number": masks.insurance,
}

# Full-width and Arabic digits, look-alikes, invisible and bidirectional marks, combining marks,
# letters that grow when folded, and what regular expressions stumble over.
NASTY = [
    *("６", "٣", "²", "Α", "Ο", "ά", "ς", "ΐ", "ß", "ŉ", "İ", "ﬁ", "ﷺ", "Å", "é", "😀", "\ufffd"),
    *("\u200b", "\u200d", "\ufeff", "\u00ad", "\u202e", "\u200f", "\u2066", "\u2028", "\u0085"),
    *("\u0301", "\u0308", "\u0345", "\u034f", "\ufe0f", "\x00", "\x1b", "\x7f", "\t", "\n", "\r"),
    *("@", "+", "-", "–", ".", "/", "'", '"', "(", "<", ",", " ", "\u00a0", "0", "1", "a", "Z"),
]
TAKEN = [good for _, good in READERS.values()]
TYPED = st.lists(st.sampled_from(NASTY + TAKEN) | st.characters(codec="utf-8"), max_size=12)
LONG = [*NASTY, "a@", "a.", "1 ", "1/", "+1", "α.", "4@8", "69", "6940000001 "]


def by_name(reads: dict[str, Read]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("read", reads.values(), ids=reads)


def outcome(read: Read, raw: str) -> object:
    """Return what is read; None where the domain refuses. Anything else that is raised is a bug."""
    try:
        return read(raw)
    except InvalidInput:
        return None


@by_name(NORMALISERS | TRANSCRIBERS)
@given(TYPED.map("".join))
def test_what_was_read_is_read_the_same_again(read: Read, raw: str) -> None:
    once = outcome(read, raw)
    assert once is None or read(str(once)) == once


@by_name(NORMALISERS)
@given(TYPED.map("".join))
@example("a\u202eb\x00c")
def test_nothing_invisible_is_ever_returned(read: Read, raw: str) -> None:
    kept = str(outcome(read, raw))
    assert "".join(kept.split("\n") if read is text.note else [kept]).isprintable()


@by_name(JUDGES)
@given(TYPED.map("".join))
def test_any_text_is_judged(read: Read, raw: str) -> None:
    read(raw)


@pytest.mark.parametrize(("read", "good"), READERS.values(), ids=READERS)
@pytest.mark.parametrize("mark", ["\u200b", "\u202e", "\u2066", "\ufeff", "\x00", "\x7f"])
def test_invisible_marks_change_nothing(read: Read, good: str, mark: str) -> None:
    disguised = "".join(f"{mark}{chr(ord(c) + 0xFEE0)}" for c in good)
    assert read(f" {disguised}{mark}\n") == read(good)
    assert read(good) is not None


@pytest.mark.few(8)
@by_name(NORMALISERS | JUDGES)
def test_16_kib_take_time_by_their_length(read: Read) -> None:
    """A busy machine may disturb one try, hardly twenty."""
    for piece in LONG:
        short = min(tries(read, filled(piece)[:1024]))
        assert any(taken < 64 * short for taken in tries(read, filled(piece))), piece


@by_name(TRANSCRIBERS)
@pytest.mark.parametrize("piece", ["ό", "Ο", "ΐ", "Αυ", "a ", "\u0301"])
def test_what_transcribes_names_takes_time_by_their_length(read: Read, piece: str) -> None:
    short, sixteen_times = filled(piece)[:250], filled(piece)[:4000]
    limit = 64 * min(tries(read, short))
    assert any(taken < limit for taken in tries(read, sixteen_times))


def filled(piece: str) -> str:
    return piece * (16 * 1024 // len(piece.encode()))


def tries(read: Read, raw: str) -> Iterator[float]:
    """Yield the processor time of twenty tries, without what measuring coverage takes."""
    for _ in range(20):
        tracer = sys.gettrace()
        sys.settrace(None)
        begun = time.thread_time()
        outcome(read, raw)
        spent = time.thread_time() - begun
        sys.settrace(tracer)
        yield spent
