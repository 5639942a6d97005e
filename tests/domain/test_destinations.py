import pytest

from domain.contracts.channels import Channel
from domain.contracts.people import Destination, Person
from domain.destinations import has, reachable
from tests.people import MARIA

MOBILE, EMAIL = "+306912345678", "maria@example.org"
SMS, MAIL = Channel.SMS, Channel.EMAIL


def maria(**known: str | None) -> Person:
    nothing = dict.fromkeys(("mobile", "email", "sms_to", "email_to"))
    return MARIA.model_copy(update=nothing | known)


@pytest.mark.parametrize(
    ("persons", "contacts"),
    [
        ([maria(mobile=MOBILE, sms_to=MOBILE)], [(SMS, MOBILE)]),
        ([maria(mobile=MOBILE, sms_to=MOBILE, email=EMAIL)], [(SMS, MOBILE), (MAIL, EMAIL)]),
        ([maria(mobile=MOBILE, email=EMAIL, email_to=EMAIL)], [(MAIL, EMAIL), (SMS, MOBILE)]),
        (
            [maria(mobile=MOBILE, sms_to=MOBILE, email="an@other.org", email_to=EMAIL)],
            [(SMS, MOBILE), (MAIL, EMAIL)],
        ),
        ([maria(sms_to=MOBILE, email=EMAIL), maria(sms_to=MOBILE)], [(SMS, MOBILE)]),
        ([maria(email_to=EMAIL, mobile=MOBILE), maria(email_to=EMAIL)], [(MAIL, EMAIL)]),
    ],
)
def test_what_matched_comes_first_and_of_several_persons_nothing_else_is_known(
    persons: list[Person], contacts: list[tuple[Channel, str]]
) -> None:
    found = reachable(persons)
    assert [(channel, destination.to) for channel, destination in found.items()] == contacts
    assert all(destination.channel is channel for channel, destination in found.items())


def test_a_contact_is_a_persons_however_it_was_found() -> None:
    for field in ("mobile", "sms_to"):
        assert has(maria(**{field: MOBILE}), Destination(channel=SMS, to=MOBILE))
    assert has(maria(email_to=EMAIL), Destination(channel=MAIL, to=EMAIL))
    assert not has(maria(mobile=MOBILE), Destination(channel=MAIL, to=EMAIL))


def test_of_one_who_is_asked_who_they_are_nothing_else_is_known_either() -> None:
    alone = [maria(sms_to=MOBILE, mobile=MOBILE, email=EMAIL)]
    assert [*reachable(alone, always_ask=True)] == [SMS]
