"""One form for a password of one's own and the suggested ones; what its rules promise."""

import html
import re

from domain.contracts.submissions import PasswordSubmission
from domain.contracts.views import Verdict
from domain.passwords import MAX_LENGTH, MIN_LENGTH, judge
from domain.rules import InputRule
from domain.text import BLANK
from ledger import passwords
from postgres import Pool
from security import sealing
from tests.stack import TestStack
from tests.starter.portal.conftest import Browser
from tests.starter.portal.engine import MemoryEngine
from tests.starter.portal.test_branches import suggested
from tests.starter.portal.test_pages import PASSWORD, PROVISIONING, errors, put

MINE = "vrasto-kerasi-plateia-9"
JUDGED = (
    {InputRule.PASSWORD_SHORT, InputRule.PASSWORD_LONG},
    {InputRule.PASSWORD_GREEK, InputRule.PASSWORD_CHARACTERS},
    {InputRule.PASSWORD_BLANK},
)
SIGNS = ("a", " ", "α", "é", "\u00ad", "\u00a0", "\u200b", "\U0001f600", *BLANK)
LENGTHS = (1, MIN_LENGTH - 1, MIN_LENGTH, MAX_LENGTH, MAX_LENGTH + 1)
ENDS = {pair for sign in SIGNS for pair in ((sign, "x"), ("x", sign), (sign, sign))}
TYPED = {f"{first}{'x' * (n - 2)}{last}" for n in LENGTHS for first, last in ENDS}
TYPED |= {"", "a", " ", "\U0001f600" * (MIN_LENGTH // 2), *("x" * n for n in LENGTHS)}


async def test_one_form_takes_a_password_of_ones_own_or_a_suggested_one(
    student: Browser, engine: MemoryEngine, pool: Pool, stack: TestStack
) -> None:
    put(engine, PASSWORD)
    page = (await student.get("/password")).text
    (form,) = re.findall(r'(?s)<form method="post" action="/password".*?</form>', page)
    assert all(f'name="{name}"' in form for name in ("password", "suggestion", "csrf"))
    assert re.search(r'value="own"[^>]* checked', form)
    both = await student.post("/password", password=MINE, suggestion="2")
    (told,) = errors(both)
    assert told.startswith("Γράψατε δικό σας κωδικό πρόσβασης και επιλέξατε και προτεινόμενο")
    assert MINE not in both.text
    none = await student.post("/password", password="", suggestion="own")
    assert errors(none) == ["Γράψτε κωδικό πρόσβασης ή επιλέξτε προτεινόμενο"]
    assert engine.submitted == []
    # A script puts a suggestion into the field; once it is taken, nothing of it is kept.
    offered, hidden = suggested(none.text)[0], dict(student.hidden)
    engine.next = [(Verdict.ACCEPTED, PROVISIONING)]
    await student.post("/password", password=offered, suggested="yes")
    submission, reference = engine.submitted[0][1], engine.started[0].reference
    assert isinstance(submission, PasswordSubmission)
    sealed = await passwords.get(pool, reference=reference, sealed_id=submission.sealed_id)
    assert sealed
    assert sealing.unseal(stack.keys, reference, sealed) == offered.encode()
    put(engine, PASSWORD)
    late = await student.post("/password", **hidden, suggestion="1")
    assert errors(late)[0].endswith("Οι παλαιότεροι δεν ισχύουν πια")


async def test_a_ticked_rule_is_never_one_that_is_refused(
    student: Browser, engine: MemoryEngine
) -> None:
    put(engine, PASSWORD)
    page = (await student.get("/password")).text
    allowed = [html.unescape(each) for each in re.findall(r'data-allows="([^"]*)"', page)]
    for typed in TYPED:
        broken = set(judge(typed, ()))
        refused = [bool(broken & rules) for rules in JUDGED]
        ticked = [re.fullmatch(each, typed) is not None for each in allowed]
        assert not any(map(min, ticked, refused)), ascii(typed)
        # What is kept is ticked, or another of the rules is broken.
        assert any(refused) or all(ticked) or not typed, ascii(typed)
