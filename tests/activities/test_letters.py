"""Every letter in both languages, over real SMTP: its reader sees the template's subject."""

from email.header import decode_header, make_header

import pytest

from adapters.messaging.mail import MailRelay
from adapters.messaging.message_templates import Words
from domain.contracts.message_io import Delivery, NoticeKind
from domain.contracts.vocabulary import Language
from tests.adapters.messaging.test_headers import strictly
from tests.adapters.messaging.test_message_templates import GIVEN
from tests.stack import TestStack

TO = "reader@mail.example"
WRITTEN = {"step": "pin", "written_in": "el", "name": "Α", "reply_to": "a@b.example", "text": "?"}
WRITTEN |= {"phone": "+302710372128"}
NAMES = (
    "Πανεπιστήμιο Πελοποννήσου",
    "Εθνικό και Καποδιστριακό Πανεπιστήμιο Αθηνών, Σχολή Επιστημών της Αγωγής και της Υγείας",
    "University of the Peloponnese",
    'Ίδρυμα "Ω" <x@y>, 🎓 of Patras',
    "Y",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", Language)
async def test_subject_and_sender_of_every_letter_are_read_as_they_were_written(
    stack: TestStack, language: Language, name: str
) -> None:
    named = stack.settings.institution.model_copy(update={"name_el": name, "name_en": name})
    settings = stack.settings.model_copy(update={"institution": named})
    words, relay = Words(settings), MailRelay(settings.mail, named)
    letters = [words.letter(each, language, **GIVEN) for each in ("pin", *NoticeKind)]
    letters += [
        words.plain_letter(each, language, **GIVEN | WRITTEN)
        for each in ("support_request", "support_answer")
    ]
    assert len(letters) == 10
    for letter in letters:
        assert await relay.send(to=TO, content=letter, message_id=letter.subject) is Delivery.SENT
        assert stack.messages(TO)[-1]["subject"] == letter.subject

        message = relay.compose(TO, letter, letter.subject)
        sender = dict(message.raw_items())["From"]
        shown = sender.rpartition("<")[0].rstrip()
        assert strictly(shown.encode()) == name
        assert str(make_header(decode_header(sender))) == f"{name} <{settings.mail.sender}>"
    await relay.close()
