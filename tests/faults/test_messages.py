"""SMS gateway and mail relay die, hang, lie or lose answers: the same code arrives."""

import time

import pytest

from tests.faults.proxy import Answering, BlackHole, DropAfter, Fault, LoseAnswer, Refuse
from tests.faults.runner import Run


def _http(status: str, body: bytes = b"", *headers: str) -> Answering:
    head = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return Answering("\r\n".join((*head, "", "")).encode() + body)


_ANSWERS = {
    "500": _http("500 Internal Server Error"),
    "429": _http("429 Too Many Requests", b"", "Retry-After: 3"),
    "error-body": _http("200 OK", b'{"status": "error", "reason": "no credit"}'),
    "html": _http("200 OK", b"<html><body>Maintenance</body></html>"),
    "malformed": _http("200 OK", b'{"status": "acc'),
    "huge": _http("200 OK", b"x" * 5_000_000),
    "no-http": Answering(b"ERROR\r\n"),
    "silence": BlackHole(),
    "refused": Refuse(),
}
_IN_SUBSET = ("429",)


@pytest.mark.parametrize(
    "answer",
    [pytest.param(a, marks=[pytest.mark.subset] if a in _IN_SUBSET else []) for a in _ANSWERS],
)
def test_f25_f27_the_gateway_answers(run: Run, answer: str) -> None:
    link = run.world.links["worker-sms"]
    run.walk(
        lambda: link.suffer(_ANSWERS[answer]),
        link.heal,
        at="/contact",
        during=lambda: time.sleep(4),
    )


@pytest.mark.subset
def test_f26_the_gateway_accepts_and_the_answer_is_lost(run: Run) -> None:
    lost = LoseAnswer(lambda answer: answer.startswith(b"HTTP/1.1 200"), times=3)
    run.walk(lambda: run.world.links["worker-sms"].suffer(lost), at="/contact")
    assert lost.lost == 3


_RELAYS: dict[str, Fault] = {
    "greylisting": Answering(b"450 4.7.1 try again later\r\n", first=True),
    "shutting-down": Answering(b"421 4.3.2 closing\r\n", first=True),
    "tarpit": BlackHole(),
    "drops": DropAfter(400),
    "refused": Refuse(),
}


@pytest.mark.parametrize(
    "relay",
    [pytest.param(r, marks=[pytest.mark.subset] if r == "drops" else []) for r in _RELAYS],
)
def test_f28_the_mail_relay(run: Run, relay: str) -> None:
    link = run.world.links["worker-smtp"]
    run.walk(
        lambda: link.suffer(_RELAYS[relay]),
        link.heal,
        at="/contact",
        during=lambda: time.sleep(4),
        students=run.enrol(by_email=True),
    )
