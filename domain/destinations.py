"""Where a student's messages may go: to contacts on file, and to no others."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from domain.contracts.requests import Destination, Person
from domain.contracts.vocabulary import Channel

OTHER: Mapping[Channel, Channel] = MappingProxyType(
    {Channel.SMS: Channel.EMAIL, Channel.EMAIL: Channel.SMS}
)


def reachable(persons: Sequence[Person], *, always_ask: bool = False) -> dict[Channel, Destination]:
    """Return where messages may go, the first choice first.

    One person: every contact on file, SMS first when the mobile matched. Several, or one who is
    asked who they are: only the contact that was typed, for nobody knows yet whose the other ones
    are.
    """
    person = persons[0]
    typed = {
        Channel.SMS: next((each.sms_to for each in persons if each.sms_to), None),
        Channel.EMAIL: next((each.email_to for each in persons if each.email_to), None),
    }
    first = Channel.SMS if typed[Channel.SMS] else Channel.EMAIL
    contacts = {first: typed[first]}
    if len(persons) == 1 and not always_ask:
        on_file = {Channel.SMS: person.mobile, Channel.EMAIL: person.email}
        contacts[OTHER[first]] = typed[OTHER[first]] or on_file[OTHER[first]]
    return {channel: Destination(channel=channel, to=to) for channel, to in contacts.items() if to}


def has(person: Person, contact: Destination) -> bool:
    """Tell whether this contact is on file for this person."""
    return contact.to in (person.sms_to, person.email_to, person.mobile, person.email)
