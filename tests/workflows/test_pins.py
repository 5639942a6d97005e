"""Codes and tries are counted as the design says."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts.submissions import Policy
from workflows.pins import PinBook

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def book() -> PinBook:
    return PinBook(Policy())


def sent(book: PinBook, at: datetime = NOW) -> int:
    """Send the next message and return its code's number."""
    _, number = book.next_send(at)
    book.handed_over(number, at)
    return number


def test_a_code_lives_ten_minutes_from_its_handing_over(book: PinBook) -> None:
    assert book.next_send(NOW - 3 * MINUTE) == (1, 1)
    assert book.live(NOW) == ()
    book.reserved(1)
    assert book.expires_at() is None
    assert book.live(NOW) == (1,)
    book.handed_over(1, NOW)
    assert book.expires_at() == NOW + 10 * MINUTE
    assert book.live(NOW + 10 * MINUTE - MOMENT) == (1,)
    assert book.live(NOW + 10 * MINUTE) == ()
    assert book.dead(NOW + 10 * MINUTE) == (1,)


def test_before_any_message_there_is_nothing_to_type(book: PinBook) -> None:
    assert book.expires_at() is None
    assert book.live(NOW) == book.dead(NOW) == ()
    assert book.tries_left(NOW) == 0
    assert not book.locked(NOW)


def test_a_resend_with_five_minutes_left_repeats_the_code_and_its_life(book: PinBook) -> None:
    sent(book)
    assert book.next_send(NOW + 5 * MINUTE) == (2, 1)
    book.handed_over(1, NOW + 5 * MINUTE)
    assert book.expires_at() == NOW + 10 * MINUTE


def test_later_a_new_code_comes_and_the_old_one_lives_out_its_time(book: PinBook) -> None:
    sent(book)
    later = NOW + 5 * MINUTE + MOMENT
    assert book.next_send(later) == (2, 2)
    book.handed_over(2, later)
    assert book.live(later) == (1, 2)
    assert book.live(NOW + 10 * MINUTE) == (2,)
    assert book.dead(NOW + 10 * MINUTE) == (1,)
    assert book.expires_at() == later + 10 * MINUTE


def test_two_codes_at_most_are_alive(book: PinBook) -> None:
    for number in range(1, 4):
        book.next_send(NOW)
        book.handed_over(number, NOW + (number - 1) * MINUTE)
        book.codes[-1].wrong = 5 if number < 3 else 0
    book.codes[0].wrong = book.codes[1].wrong = 0
    assert book.live(NOW + 3 * MINUTE) == (2, 3)
    assert book.dead(NOW + 3 * MINUTE) == (1,)


def test_a_code_still_on_its_way_is_repeated(book: PinBook) -> None:
    assert [book.next_send(NOW), book.next_send(NOW + 20 * MINUTE)] == [(1, 1), (2, 1)]


def test_another_message_may_be_asked_for_after_a_minute(book: PinBook) -> None:
    book.next_send(NOW)
    assert book.resend_at == NOW + MINUTE
    book.handed_over(1, NOW + 2 * MINUTE)
    assert book.resend_at == NOW + 3 * MINUTE


def test_five_wrong_tries_end_a_code_and_the_next_message_has_another(book: PinBook) -> None:
    sent(book)
    for left in (5, 4, 3, 2, 1):
        assert book.tries_left(NOW) == left
        book.wrong_try(NOW, NOW)
    assert book.tries_left(NOW) == 0
    assert book.live(NOW) == ()
    assert not book.locked(NOW)
    assert sent(book) == 2
    assert book.tries_left(NOW) == 5


def test_a_wrong_try_counts_against_every_code_alive(book: PinBook) -> None:
    sent(book)
    sent(book, NOW + 6 * MINUTE)
    book.wrong_try(NOW + 6 * MINUTE, NOW + 6 * MINUTE)
    assert [code.wrong for code in book.codes] == [1, 1]
    assert book.tries_left(NOW + 6 * MINUTE) == 4


def test_ten_wrong_tries_lock_the_activation_for_an_hour(book: PinBook) -> None:
    for _ in range(2):
        sent(book)
        for _ in range(5):
            assert not book.locked(NOW)
            book.wrong_try(NOW, NOW)
    assert book.locked_until == NOW + 60 * MINUTE
    assert book.locked(NOW + 60 * MINUTE - MOMENT)
    assert not book.locked(NOW + 60 * MINUTE)
    book.unlock()
    assert not book.locked(NOW)
    sent(book, NOW + 61 * MINUTE)
    assert book.tries_left(NOW + 61 * MINUTE) == 5


@pytest.mark.parametrize(
    ("received", "judged"),
    [
        (timedelta(minutes=4), timedelta(minutes=4)),
        (timedelta(minutes=-9), timedelta()),
        (timedelta(minutes=99), timedelta(minutes=30)),
    ],
)
def test_a_code_is_judged_by_when_it_reached_the_portal_never_before_the_message_nor_after_now(
    book: PinBook, received: timedelta, judged: timedelta
) -> None:
    sent(book)
    assert book.judging_time(NOW + received, NOW + 30 * MINUTE) == NOW + judged


def test_with_no_message_handed_over_a_code_is_judged_now(book: PinBook) -> None:
    book.next_send(NOW)
    assert book.judging_time(NOW - MINUTE, NOW) == NOW
