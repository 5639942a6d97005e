"""Codes and tries are counted as the design says."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.codes import CodeBook
from domain.contracts.submissions import Policy

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


class Sender:
    """Sends messages of one run after the other and notes when they were handed over."""

    def __init__(self) -> None:
        self.book = CodeBook(Policy())
        self.sent = 0
        self.run_id = "first"

    def reserve(self, at: datetime = NOW) -> int:
        self.sent += 1
        return self.book.to_send(self.sent, self.run_id, at)

    def hand_over(self, number: int, at: datetime) -> None:
        code = next(code for code in self.book.codes if code.number == number)
        code.handed_over_at = code.handed_over_at or at

    def send(self, at: datetime = NOW) -> int:
        number = self.reserve(at)
        self.hand_over(number, at)
        return number


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def book(sender: Sender) -> CodeBook:
    return sender.book


def test_a_code_lives_ten_minutes_from_its_handing_over(sender: Sender, book: CodeBook) -> None:
    assert sender.reserve(NOW - 3 * MINUTE) == 1
    assert book.expires_at(1) is None
    assert book.life_left(1, NOW) == 10 * MINUTE
    assert book.live(NOW) == (1,)
    sender.hand_over(1, NOW)
    assert book.expires_at(1) == NOW + 10 * MINUTE
    assert book.life_left(1, NOW + MINUTE) == 9 * MINUTE
    assert book.live(NOW + 10 * MINUTE - MOMENT) == (1,)
    assert book.live(NOW + 10 * MINUTE) == ()
    assert book.dead(NOW + 10 * MINUTE) == (1,)


def test_before_any_message_there_is_nothing_to_type(book: CodeBook) -> None:
    assert book.live(NOW) == book.dead(NOW) == ()
    assert book.tries_left(NOW) == 0
    assert not book.locked(NOW)
    assert book.judging_time(NOW - MINUTE, NOW) == NOW


def test_a_resend_with_five_minutes_left_repeats_the_code_and_its_life(
    sender: Sender, book: CodeBook
) -> None:
    sender.send()
    assert sender.send(NOW + 5 * MINUTE) == 1
    assert book.expires_at(1) == NOW + 10 * MINUTE


def test_later_a_new_code_comes_and_the_old_one_lives_out_its_time(
    sender: Sender, book: CodeBook
) -> None:
    sender.send()
    later = NOW + 5 * MINUTE + MOMENT
    assert sender.send(later) == 2
    assert book.live(later) == (1, 2)
    assert book.live(NOW + 10 * MINUTE) == (2,)
    assert book.dead(NOW + 10 * MINUTE) == (1,)
    assert book.expires_at(2) == later + 10 * MINUTE


def test_a_run_that_began_anew_repeats_no_code_of_the_run_before(sender: Sender) -> None:
    sender.send()
    sender.run_id = "second"
    assert sender.send(NOW + MINUTE) == 2
    assert sender.send(NOW + 2 * MINUTE) == 2


def test_two_codes_at_most_are_alive(sender: Sender, book: CodeBook) -> None:
    for run in ("first", "second", "third"):
        sender.run_id = run
        sender.send()
    assert book.live(NOW) == (2, 3)
    assert book.dead(NOW) == (1,)


def test_a_code_still_on_its_way_is_repeated(sender: Sender) -> None:
    assert [sender.reserve(), sender.reserve(NOW + 20 * MINUTE)] == [1, 1]


def test_five_wrong_tries_end_a_code_and_the_next_message_has_another(
    sender: Sender, book: CodeBook
) -> None:
    sender.send()
    for left in (5, 4, 3, 2, 1):
        assert book.tries_left(NOW) == left
        assert book.count(NOW) == (1,)
        book.lock_if_spent(NOW)
    assert book.tries_left(NOW) == 0
    assert book.live(NOW) == ()
    assert not book.locked(NOW)
    assert sender.send() == 2
    assert book.tries_left(NOW) == 5


def test_a_wrong_try_counts_against_every_code_alive(sender: Sender, book: CodeBook) -> None:
    sender.send()
    sender.send(NOW + 6 * MINUTE)
    tried = book.count(NOW + 6 * MINUTE)
    assert [code.tries for code in book.codes] == [1, 1]
    assert book.tries_left(NOW + 6 * MINUTE) == 4
    book.take_back(tried)
    assert [code.tries for code in book.codes] == [0, 0]
    assert book.wrong == 0


def test_a_code_proves_once(sender: Sender, book: CodeBook) -> None:
    number = sender.send()
    book.use(number)
    assert book.live(NOW) == ()
    assert not book.worth_sending(number, NOW)
    assert sender.send() == 2


def test_codes_that_may_not_be_compared_are_ended_and_others_live(
    sender: Sender, book: CodeBook
) -> None:
    sender.send()
    sender.send(NOW + 6 * MINUTE)
    book.end([1])
    assert book.live(NOW + 6 * MINUTE) == (2,)


def test_ten_wrong_tries_lock_the_activation_for_an_hour_and_end_its_codes(
    sender: Sender, book: CodeBook
) -> None:
    for minutes in (0, 6, 12):
        sender.send(NOW + minutes * MINUTE)
        for _ in range(4):
            if not book.locked(NOW + minutes * MINUTE):
                book.count(NOW + minutes * MINUTE)
                book.lock_if_spent(NOW + minutes * MINUTE)
    locked_at = NOW + 12 * MINUTE
    assert book.locked_until == locked_at + 60 * MINUTE
    assert book.locked(locked_at + 60 * MINUTE - MOMENT)
    assert not book.locked(locked_at + 60 * MINUTE)
    book.unlock()
    assert not book.locked(locked_at)
    assert book.live(locked_at) == ()
    assert sender.send(locked_at) == 4
    assert book.tries_left(locked_at) == 5


@pytest.mark.parametrize(
    ("received", "judged"),
    [
        (timedelta(minutes=4), timedelta(minutes=4)),
        (timedelta(minutes=-9), timedelta()),
        (timedelta(minutes=99), timedelta(minutes=30)),
    ],
)
def test_a_code_is_judged_by_when_it_reached_the_portal_never_before_the_message_nor_after_now(
    sender: Sender, book: CodeBook, received: timedelta, judged: timedelta
) -> None:
    sender.send()
    assert book.judging_time(NOW + received, NOW + 30 * MINUTE) == NOW + judged
