"""Random walks over the codes of an activation that is reset at any time, and what always holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import booleans, integers

from domain.codes import CodeBook
from domain.contracts.submissions import Policy

# Thousands of walks take a minute, and two on a machine that does something else as well.
pytestmark = pytest.mark.timeout(600)

POLICY = Policy()
START = datetime(2026, 9, 1, 8, tzinfo=UTC)


class Codes(RuleBasedStateMachine):
    """A student, or a guesser, who asks for codes and types wrong ones as fast as allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.book = CodeBook(POLICY)
        self.now = START
        self.runs = self.sent = 0
        self.wrong_since_lock = 0
        self.born: dict[int, datetime] = {}
        self.issued_to: dict[int, int] = {}
        self.over: set[int] = set()

    @rule(seconds=integers(0, 900))
    def waits(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def resets_the_run(self) -> None:
        self.runs += 1

    @precondition(lambda self: not self.book.locked(self.now))
    @rule(arrives=booleans())
    def asks_for_a_message(self, arrives: bool) -> None:
        self.sent += 1
        code_no = self.book.to_send(self.sent, str(self.runs), self.now)
        assert code_no <= self.sent
        assert self.issued_to.setdefault(code_no, self.runs) == self.runs
        if arrives:
            code = self.book.codes[-1]
            code.handed_over_at = code.handed_over_at or self.now
            self.born.setdefault(code_no, self.now)

    @precondition(lambda self: self.book.codes and not self.book.locked(self.now))
    @rule(late=integers(-3600, 3600), right=booleans())
    def types_a_code(self, late: int, right: bool) -> None:
        at = self.book.judging_time(self.now + timedelta(seconds=late), self.now)
        if not self.book.live(at):
            return
        tried = self.book.count(at)
        if right:
            self.book.take_back(tried)
            self.book.use(tried[-1])
            self.over.add(tried[-1])
            return
        self.wrong_since_lock += 1
        self.book.lock_if_spent(self.now)
        if self.book.locked(self.now):
            assert self.wrong_since_lock == POLICY.pin_tries
            self.wrong_since_lock = 0
            self.over |= {code.number for code in self.book.codes}

    @precondition(lambda self: self.book.locked(self.now))
    @rule()
    def is_unlocked(self) -> None:
        self.book.unlock()

    @invariant()
    def few_codes_live_and_none_too_long(self) -> None:
        live = self.book.live(self.now)
        assert len(live) <= 2
        assert set(live).isdisjoint(self.book.dead(self.now))
        assert self.over.isdisjoint(live)
        for number in live:
            if number in self.born:
                assert self.now < self.born[number] + POLICY.pin_ttl

    @invariant()
    def tries_are_bounded(self) -> None:
        assert 0 <= self.book.tries_left(self.now) <= POLICY.pin_tries_per_code
        assert all(0 <= code.tries <= POLICY.pin_tries_per_code for code in self.book.codes)
        assert self.wrong_since_lock < POLICY.pin_tries


TestCodes = Codes.TestCase
TestCodes.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
