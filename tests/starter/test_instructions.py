"""The 32 points of the university's instructions, each checked on the pages and messages.

README has them as a table, which a test holds to this list.
"""

import asyncio
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Language, Step, WaitReason
from settings import Settings
from starter.brand.pages import Rendered, render
from starter.brand.samples import at
from starter.commands.templates import messages
from tests.stack import TestStack

README = Path(__file__).parents[2] / "README.md"
NUMBER = 32
OTHER_COUNTRY = "Θέλω να χρησιμοποιήσω αριθμό ασφάλισης άλλης χώρας (ή Ευρωπαϊκή κάρτα Ασφάλισης)"


class Point(NamedTuple):
    """What the instructions say, where a student meets it, and the words or marks there.

    `place` is a page or message as README names it, `page` as the preview does.
    """

    says: str
    place: str
    page: str
    marks: tuple[str, ...]


POINTS = (
    Point("one address, with the button «Ενεργοποίηση λογαριασμού τώρα!»", "`/`", "start",
          ('href="/who"', "Ενεργοποίηση λογαριασμού τώρα!")),
    Point("the choice «Είμαι φοιτητής»", "`/who`", "who",
          ('name="who" type="radio" value="student"', "Είμαι φοιτητής")),
    Point("the button «Έναρξη ενεργοποίησης»", "`/who`", "who", ("> Έναρξη ενεργοποίησης <",)),
    Point("the mobile that the secretariat has", "`/contact`", "contact",
          ('name="mobile"', "το κινητό τηλέφωνο", "που έχετε δηλώσει στη Γραμματεία του Τμήματός")),
    Point("or also the personal e-mail that the secretariat has", "`/contact`", "contact",
          ('name="email"', "το προσωπικό email που έχετε δηλώσει στη Γραμματεία")),
    Point("the button «Επόμενο»", "`/contact`", "contact", ("> Επόμενο <",)),
    Point("only the mobile, only the e-mail, or both", "`/contact`", "contact",
          ("Μπορείτε να συμπληρώσετε μόνο το κινητό ή μόνο το email ή και τα δύο",)),
    Point("«Δεν βρέθηκε χρήστης με τα στοιχεία αυτά»", "`/contact`, again", "contact-not-found",
          ("Δεν βρέθηκε χρήστης με τα στοιχεία αυτά",)),
    Point("a six-digit code (pin) by SMS", "SMS", "sms", ("012345",)),
    Point("a six-digit code (pin) by e-mail", "e-mail", "email",
          ("εξαψήφιος κωδικός (pin)", "012345")),
    Point("what such an e-mail looks like", "`/help`", "help",
          ("Ενδεικτικό μήνυμα email", "help-mail.el.webp")),
    Point("the code goes into the box of the next page", "`/pin`", "pin",
          ('name="pin"', "Εξαψήφιος κωδικός (pin)")),
    Point("the button «Επόμενο»", "`/pin`", "pin", ("> Επόμενο <",)),
    Point("the AMKA, if the secretariat does not have it", "`/insurance`", "insurance",
          ("Αριθμός Μητρώου Κοινωνικής Ασφάλισης (Α.Μ.Κ.Α.)", 'name="number"',
           "Η Γραμματεία του Τμήματός σας δεν τον έχει")),
    Point("and only then", "no such step", "start", ("τον Α.Μ.Κ.Α. σας: ενδέχεται",)),
    Point(f"without AMKA: «{OTHER_COUNTRY}»", "`/insurance`", "insurance",
          ('href="/insurance/other"', OTHER_COUNTRY)),
    Point("first a list: country or European card", "`/insurance/other`", "insurance-other",
          ("<select", '<option value="EHIC">Ευρωπαϊκή κάρτα Ασφάλισης', ">Κύπρος<")),
    Point("then a box for the number", "`/insurance/other`", "insurance-other",
          ('name="number"',)),
    Point("the button «Επόμενο»", "`/insurance/other`", "insurance-other", ("> Επόμενο <",)),
    Point("the details, when they are verified", "`/review`", "review",
          ("Μαρία Παπαδοπούλου", "Πληροφορικής", "2026001")),
    Point("the username (User Name)", "`/review`", "review",
          ("Όνομα χρήστη (User Name)", 'id="username"', "mpapadopoulou")),
    Point("to be noted down", "`/review`", "review", ("Σημειώστε το όνομα χρήστη",)),
    Point("because all services ask for it", "`/review`", "review",
          ("θα το χρησιμοποιείτε πάντα για την είσοδο στις υπηρεσίες",)),
    Point("instructions to read", "`/review`", "review", (">Οδηγίες<",)),
    Point("choices about personal data", "`/review`", "review",
          ('name="choice"', "Οι επιλογές σας για τα προσωπικά σας δεδομένα")),
    Point("«Συμφωνώ» says that the details are accurate", "`/review`", "review",
          ("τα στοιχεία που εμφανίζονται είναι ακριβή", "> Συμφωνώ <")),
    Point("a password of one's choice, by the rules", "`/password`", "password",
          ('name="password"', "12 έως 128 χαρακτήρες")),
    Point("or one of those suggested", "`/password`", "password",
          ('name="suggestion"', "προτεινόμενο κωδικό πρόσβασης")),
    Point("«Περισσότερες πληροφορίες για την ασφάλεια του κωδικού»", "`/password`", "password",
          ('href="/password-help"', "Περισσότερες πληροφορίες για την ασφάλεια του κωδικού")),
    Point("an active account, with a username and password for all services", "`/done`", "done",
          ("Ο λογαριασμός σας είναι ενεργός", "σε όλες τις υπηρεσίες του ιδρύματος",
           'id="username"')),
    Point("a message, whatever fails", "every page of a failure", "error-500",
          ("Κάτι δεν πήγε καλά", 'href="/problem/A-7K3F-92QD"')),
    Point("a request to technical support, also at its own address", "`/problem`", "problem",
          ('action="/problem"', "Αποστολή στην υποστήριξη", "υπηρεσία τεχνικής υποστήριξης",
           'href="https://studentaccount.university.example"')),
)  # fmt: skip


@pytest.fixture(scope="module")
def config(stack: TestStack) -> Settings:
    desk = {"service_desk_url": "https://studentaccount.university.example"}
    place = stack.settings.institution.model_copy(update=desk)
    return stack.settings.model_copy(update={"institution": place})


@pytest.fixture(scope="module")
def read(config: Settings) -> Mapping[str, str]:
    """Return what each Greek page and each message with a code says, in one line."""
    rendered: Rendered = asyncio.run(render(config))
    texts = {name: html for (name, of), html in rendered.html.items() if of is Language.EL}
    for message in messages(config):
        if (message.name, message.language) == ("pin", Language.EL):
            texts |= {str(channel): shown.text for channel, shown in message.shown()}
    return {name: re.sub(r"\s+", " ", unescape(text)) for name, text in texts.items()}


@pytest.mark.parametrize("number", range(1, NUMBER + 1))
def test_the_instructions_hold_point_by_point(read: Mapping[str, str], number: int) -> None:
    point = POINTS[number - 1]
    assert [mark for mark in point.marks if mark not in read[point.page]] == []


def test_messages_go_by_both_channels(read: Mapping[str, str]) -> None:
    assert {str(Channel.SMS), str(Channel.EMAIL)} <= read.keys()


def test_who_has_an_insurance_number_on_file_meets_no_step_for_it() -> None:
    met = at(Step.REVIEW, WaitReason.WAITING_CONSENT, needs_insurance=False)
    assert met.numbering == (3, 4)


def test_the_readme_has_the_same_points() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", README.read_text("utf-8"), re.MULTILINE)
    assert rows == [(str(n), each.says, each.place) for n, each in enumerate(POINTS, 1)]
    assert len(rows) == NUMBER
