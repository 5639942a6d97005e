"""Chooses the destinations of a student's messages: only contacts that are on file."""

from collections.abc import Iterable, Mapping, Sequence

from domain.contracts.channels import BUILT_IN, Channel
from domain.contracts.people import Destination, Person
from domain.contracts.vocabulary import ContactKind


def reachable(
    persons: Sequence[Person],
    *,
    channels: Iterable[Channel] = BUILT_IN,
    always_ask: bool = False,
) -> dict[Channel, Destination]:
    """Return the possible destinations, the preferred one first; `channels` are by preference.

    For one person these are all contacts on file, those that were typed first. For several
    persons, or with `always_ask`, only the typed contact, because the others may be of another
    person.
    """
    typed = _typed(persons)
    first = next((kind for kind in ContactKind if kind in typed), None)
    if len(persons) == 1 and not always_ask:
        contacts = _on_file(persons[0]) | typed
    else:
        contacts = {kind: typed[kind] for kind in typed if kind is first}
    return {
        channel: Destination(channel=channel, to=contacts[channel.contact])
        for channel in sorted(channels, key=lambda each: each.contact not in typed)
        if channel.contact in contacts
    }


def next_channel(
    contacts: Mapping[Channel, Destination], than: Channel, without: Iterable[Channel] = ()
) -> Channel | None:
    """Return the first other channel that is not among `without`; None when there is none."""
    return next((each for each in contacts if each not in {than, *without}), None)


def other_contact(
    contacts: Mapping[Channel, Destination], proven: Destination
) -> Destination | None:
    """Return the first destination at another kind of contact than the proven one."""
    kind = proven.channel.contact
    return next((to for channel, to in contacts.items() if channel.contact is not kind), None)


def has(person: Person, contact: Destination) -> bool:
    """Tell whether this contact is on file for this person."""
    return contact.to in (person.sms_to, person.email_to, person.mobile, person.email)


def _typed(persons: Sequence[Person]) -> dict[ContactKind, str]:
    """Return the contacts on file that matched what was typed."""
    mobile = next((each.sms_to for each in persons if each.sms_to), None)
    email = next((each.email_to for each in persons if each.email_to), None)
    return _present(mobile, email)


def _on_file(person: Person) -> dict[ContactKind, str]:
    return _present(person.mobile, person.email)


def _present(mobile: str | None, email: str | None) -> dict[ContactKind, str]:
    contacts = {ContactKind.MOBILE: mobile, ContactKind.EMAIL: email}
    return {kind: contact for kind, contact in contacts.items() if contact}
