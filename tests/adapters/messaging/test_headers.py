"""Header fields as octets: what RFC 2047 and 5322 allow, and what a strict reader makes of them."""

import base64
import re
import string
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.messaging.headers import AsWritten, mailbox, text

WORD = re.compile(rb"=\?utf-8\?b\?([A-Za-z0-9+/]+={0,2})\?=")
ADDRESS = "no-reply@university.example"
PIECES = (
    *("Πανεπιστήμιο ", "τῶν ", "άέ", "University, of ", '"<x>@y" ', "=?utf-8?q?x?=", "a"),
    "\N{GRADUATION CAP}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GRADUATION CAP}",
)
ENDS = ("\r\n", "\n", "\r", "\u2028", "\x85", "\0")
NAMES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.text(string.printable, max_size=200),
    st.text(max_size=200),
    st.lists(st.sampled_from((*PIECES, *ENDS)), max_size=12).map("".join),
)


def strictly(body: bytes) -> str:
    """Decode a header's body as RFC 2047 demands: words of one line each, nothing in between."""
    lines = body.split(b"\r\n ")
    if not WORD.fullmatch(lines[0]):
        assert len(lines) == 1
        return body.decode("ascii")
    octets = []
    for line in lines:
        word = WORD.fullmatch(line)
        assert word, line
        assert len(line) <= 75
        octets.append(base64.b64decode(word[1], validate=True))
        octets[-1].decode()  # No character is cut in two.
    return b"".join(octets).decode()


def sent(subject: str, name: str) -> tuple[bytes, dict[str, bytes]]:
    """Return a message as it is sent, and the bodies of its headers."""
    message = EmailMessage(policy=AsWritten())
    message["From"] = mailbox("From", name, ADDRESS)
    message["Subject"] = text("Subject", subject)
    message.set_content("Κωδικός\n", cte="quoted-printable")
    raw = message.as_bytes()
    fields = re.split(rb"\r\n(?![ \t])", raw.partition(b"\r\n\r\n")[0])
    return raw, {
        key.decode(): body for key, _, body in (field.partition(b": ") for field in fields)
    }


def one_line(value: str) -> str:
    """Return what a header can tell of a text: no end of line, nothing invisible at an end."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", value).strip(" ")


@given(NAMES, NAMES)
@example("Ο κωδικός για την ενεργοποίηση", "Πανεπιστήμιο Πελοποννήσου και Θεσσαλίας, Τρίπολη")
def test_whatever_is_written_is_read_again_and_no_header_can_be_added(
    subject: str, name: str
) -> None:
    raw, headers = sent(subject, name)
    assert list(headers) == [
        *("From", "Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version")
    ]
    assert all(len(line) <= 76 and line.strip() for line in raw.splitlines() if line)
    assert strictly(headers["Subject"]) == one_line(subject)
    shown, spec = re.fullmatch(rb"(?s)(.*?)(?:\r\n | |^)<?([^<> ]+)>?", headers["From"]).groups()  # type: ignore[union-attr] # a mismatch fails as it should
    assert (strictly(shown), spec.decode()) == (one_line(name), ADDRESS)

    read = message_from_bytes(raw)
    for field, told in (("Subject", subject), ("From", name)):
        body = read[field].replace("\r\n", "").removesuffix(f"<{ADDRESS}>").removesuffix(ADDRESS)
        assert str(make_header(decode_header(body.strip()))) == one_line(told)


@pytest.mark.parametrize(
    "address", ["a@b\r\nBcc: c@d", "a@b c@d", "a@b, c@d", "<a@b>", "", "a", "a@β"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        mailbox("To", "", address)


def test_the_longest_address_is_not_cut() -> None:
    address = f"{'x' * 64}@{'y' * 63}.{'z' * 63}.example"
    assert mailbox("To", "", address) == address
    assert mailbox("To", "Α", address) == f"=?utf-8?b?zpE=?=\r\n <{address}>"
