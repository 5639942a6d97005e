import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain import masks
from domain.contracts.channels import BUILT_IN, Channel
from domain.contracts.people import Destination
from domain.contracts.submissions import ActivationStart
from domain.contracts.vocabulary import ContactKind, FailureType
from domain.destinations import next_channel, other_contact, reachable
from tests.channels import more_channels
from tests.people import MARIA

MOBILE, EMAIL = "+306912345678", "maria@example.org"
ROOT = Path(__file__).parents[2]
ROOMS = (
    "activities",
    "adapters",
    "domain",
    "ledger",
    "starter",
    "support",
    "templates",
    "workflows",
)
NAMED = {
    "adapters/messaging/mail_wiring.py": "its registration with what it brings",
    "adapters/messaging/sms_wiring.py": "likewise",
    "domain/contracts/channels.py": "its registration",
    "starter/brand/samples.py": "an invented student's contact on the pages that are previewed",
    "starter/commands/templates.py": "the letters of support, which go by e-mail alone",
    "starter/wording.py": "the student's words for it",
    "support/commands/actions.py": "what staff send by where they name none",
    "support/commands/campaign.py": "an option of its own, for the parts of SMS",
    "support/console/action_pages.py": "staff's words for it, and what they send by",
    "support/verbs/actions.py": "what staff send by where they name none",
}
"""Where a single channel may be named."""
MODULES = {
    "activities/desk.py": "support's letters, which students never get by another channel",
    "activities/reports.py": "letters to support",
    "support/verbs/alert_channels.py": "alerts to operators",
    "support/verbs/stuck_report.py": "a letter to support",
}
"""Where, besides its own room, the module of a single channel may be imported."""


@pytest.fixture(params=ContactKind)
def third(request: pytest.FixtureRequest) -> Iterator[Channel]:
    with more_channels():
        yield Channel.register(
            "third", contact=request.param, label="Third", down=FailureType.CONFIGURATION
        )


@pytest.mark.parametrize("channel", BUILT_IN)
def test_a_channel_is_one_object_wherever_its_name_comes_from(channel: Channel) -> None:
    sent = Destination(channel=channel, to="?")
    assert Destination.model_validate_json(sent.model_dump_json()).channel is channel
    assert Channel(str(channel)) is copy.deepcopy(channel) is channel
    assert f"{channel}" in {"sms", "email"}


def test_a_name_that_nobody_registered_is_no_channel() -> None:
    with pytest.raises(ValueError, match="no such channel"):
        Channel("pigeon")
    with pytest.raises(ValidationError):
        Destination.model_validate({"channel": "pigeon", "to": "?"})
    assert "pigeon" not in Channel.all()


def test_no_name_is_given_twice(third: Channel) -> None:
    with pytest.raises(ValueError, match="is registered"):
        Channel.register(
            "third", contact=third.contact, label="Another", down=FailureType.CONFIGURATION
        )


def test_a_channel_comes_after_those_that_exist_and_has_a_queue_of_its_own(
    third: Channel,
) -> None:
    assert Channel.all() == (*BUILT_IN, third)
    assert len({channel.queue for channel in Channel.all()}) == len(Channel.all())


def test_an_activation_keeps_the_channels_it_was_started_with(third: Channel) -> None:
    old = ActivationStart.model_validate({"reference": "A-0", "mobile": MOBILE})
    assert old.channels == BUILT_IN
    assert third not in reachable([MARIA], channels=old.channels)


@pytest.mark.parametrize("typed", ContactKind)
def test_a_third_channel_goes_to_the_contact_of_its_kind(
    third: Channel, typed: ContactKind
) -> None:
    on_file = {ContactKind.MOBILE: MOBILE, ContactKind.EMAIL: EMAIL}
    matched = {
        "sms_to": MOBILE if typed is ContactKind.MOBILE else None,
        "email_to": EMAIL if typed is ContactKind.EMAIL else None,
    }
    person = MARIA.model_copy(update={"mobile": MOBILE, "email": EMAIL} | matched)
    found = reachable([person], channels=Channel.all())
    assert {each: to.to for each, to in found.items()} == {
        each: on_file[each.contact] for each in Channel.all()
    }
    assert third in found
    kinds = [each.contact is typed for each in found]
    assert kinds == sorted(kinds, reverse=True)
    asked = reachable([person], channels=Channel.all(), always_ask=True)
    assert [*asked] == [each for each in found if each.contact is typed]


def test_what_is_undeliverable_goes_round_all_channels(third: Channel) -> None:
    person = MARIA.model_copy(update={"mobile": MOBILE, "sms_to": MOBILE, "email": EMAIL})
    contacts = reachable([person], channels=Channel.all())
    tried = [next(iter(contacts))]
    while following := next_channel(contacts, tried[-1], tried):
        tried.append(following)
    assert third in tried
    assert sorted(tried) == sorted(Channel.all())


def test_who_has_the_proven_contact_is_not_told_by_another_channel_to_it(third: Channel) -> None:
    person = MARIA.model_copy(update={"mobile": MOBILE, "sms_to": MOBILE, "email": EMAIL})
    contacts = reachable([person], channels=Channel.all())
    for proven in contacts.values():
        other = other_contact(contacts, proven)
        assert other is not None
        assert other.to != proven.to
    alone = {third: contacts[third]}
    assert other_contact(alone, contacts[third]) is None


@pytest.mark.parametrize(
    ("kind", "contact", "mask"),
    [
        (ContactKind.MOBILE, MOBILE, masks.mobile(MOBILE)),
        (ContactKind.EMAIL, EMAIL, masks.email(EMAIL)),
    ],
)
def test_a_contact_is_masked_by_its_kind(kind: ContactKind, contact: str, mask: str) -> None:
    assert masks.contact(kind, contact) == mask


def test_no_other_place_knows_single_channels() -> None:
    names = re.compile(
        r"Channel\.(SMS|EMAIL)\b|channel\b[^\n]{0,20} (==|!=|is|is not|in) [\[({]?[\"'](sms|email)"
    )
    files = [
        file
        for room in ROOMS
        for ending in ("py", "html", "txt")
        for file in (ROOT / room).rglob(f"*.{ending}")
    ]
    found = {str(file.relative_to(ROOT)) for file in files if names.search(file.read_text("utf-8"))}
    assert found == {*NAMED}


def test_operators_commands_ask_each_channel_and_import_none() -> None:
    imported = re.compile(r"^\s*from adapters\.messaging\.(?:sms|mail)\w* import", re.MULTILINE)
    found = {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if file.parent != ROOT / "adapters/messaging" and imported.search(file.read_text("utf-8"))
    }
    assert found == {*MODULES}
