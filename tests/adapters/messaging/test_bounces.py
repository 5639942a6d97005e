"""Notifications of mail servers are read as they come, and nothing else is taken for one."""

import pytest

from adapters.messaging import bounces
from domain.receipts import Receipt

TOKEN = "0123456789abcdef" * 4
POSTFIX = f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example (Mail Delivery System)
To: no-reply@university.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

This is a MIME-encapsulated message.

--B
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<maria@mail.example>: user unknown. Message-ID: <{"f" * 64}@university.example>

--B
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
X-Postfix-Queue-ID: 4B7D
Arrival-Date: Mon, 30 Nov 2026 10:14:00 +0200 (EET)

Final-Recipient: rfc822; maria@mail.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--B
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: no-reply@university.example
To: maria@mail.example
Subject: =?utf-8?q?=CE=95=CE=BE?=
Message-ID: <{TOKEN}@university.example>

text
--B--
"""
EXCHANGE = POSTFIX.replace("message/rfc822", "text/rfc822-headers").replace("\n", "\r\n")


@pytest.mark.parametrize("mail", [POSTFIX, EXCHANGE, POSTFIX[: POSTFIX.index("text\n--B--")]])
def test_a_notification_names_its_letter_and_what_became_of_it(mail: str) -> None:
    assert bounces.read(mail.encode()) == (TOKEN, Receipt.FAILED)


@pytest.mark.parametrize(
    ("action", "status", "state"),
    [
        ("failed", "4.4.7", Receipt.EXPIRED),
        ("Delayed", "4.4.1", Receipt.PENDING),
        ("relayed", "2.0.0", Receipt.PENDING),
        ("delivered", "2.0.0", Receipt.DELIVERED),
    ],
)
def test_what_a_server_says_of_a_letter_is_told_apart(
    action: str, status: str, state: Receipt
) -> None:
    mail = POSTFIX.replace("Action: failed", f"Action: {action}").replace(
        ": 5.1.1\n", f": {status}\n"
    )
    assert bounces.read(mail.encode()) == (TOKEN, state)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\x00\xfe" * 1000,
        POSTFIX.replace("Action: failed", "Action: eaten").encode(),
        POSTFIX.replace(TOKEN, "0" * 32).encode(),
        POSTFIX.replace("message/delivery-status", "text/plain").encode(),
        f"Subject: Away\nIn-Reply-To: <{TOKEN}@university.example>\n\nI am away.".encode(),
        b"Content-Type: multipart/report; boundary=B\n\n" + b"--B\n" * 20_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(300)
        ),
    ],
)
def test_any_other_mail_is_passed_over(mail: bytes) -> None:
    assert bounces.read(mail) is None


@pytest.mark.parametrize(
    "odd",
    [
        POSTFIX.replace("Subject: =?utf-8?q?=CE=95=CE=BE?=", "Content-Type: text/plain; charset=x"),
        POSTFIX.replace("To: maria", "To: \x1cmaria"),
        POSTFIX.replace("30 Nov 2026", "30 Nov 2026\x1c"),
    ],
)
def test_a_malformed_letter_in_a_notification_hinders_nothing(odd: str) -> None:
    mail = odd.replace("\n\ntext\n", "\nContent-Transfer-Encoding: 8bit\n\nκείμενο\n").encode()
    assert bounces.read(mail) == (TOKEN, Receipt.FAILED)


def test_parts_within_parts_without_end_are_passed_over() -> None:
    assert bounces.read(b"Content-Type: message/rfc822\n\n" * 30_000) is None
