"""Defines the final states of the students of `populate.py`, and how they reach them."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from demo.crowd import Player
from demo.samples import SAMPLES
from demo.smtp import NO_MAILBOX
from domain.contracts.vocabulary import Step, WaitReason

_ANOTHERS_NUMBER = str(SAMPLES[0].rows[0]["ssn"])
_NOBODYS_MOBILE = "6912000000"


@dataclass(frozen=True, eq=False)
class Fate:
    """A final state: `share` students of a crowd have it, and their case shows `stands`.

    Without `play` they need no browser. `row` has the columns in which their row differs from
    others, with `{n}` for their number; with `twin` a second student has the same contact on file.
    `activations` is how many each of them makes.
    """

    name: str
    share: int
    stands: WaitReason | Step
    play: Callable[[Player], None] | None = None
    row: Mapping[str, str | None] = field(default_factory=dict)
    twin: bool = False
    activations: int = 1


def _types_no_code(player: Player) -> None:
    player.come()


def _types_wrong_codes(player: Player) -> None:
    player.come()
    player.prove_not()
    player.ask_for_another()
    player.prove_not()
    player.wait_for(WaitReason.PIN_LOCKED)


def _is_not_found(player: Player) -> None:
    player.come("/contact", mobile=_NOBODYS_MOBILE)


def _shares_a_contact(player: Player) -> None:
    player.come()
    player.prove("/identify")


def _has_no_number(player: Player) -> None:
    player.come()
    player.prove("/insurance")


def _types_anothers_number(player: Player) -> None:
    _has_no_number(player)
    player.insure(_ANOTHERS_NUMBER)
    player.wait_for(WaitReason.INSURANCE_CONFLICT)


def _reads_the_details(player: Player) -> None:
    player.come()
    player.prove()


def _disputes_them(player: Player) -> None:
    _reads_the_details(player)
    player.dispute()
    player.wait_for(WaitReason.DATA_DISPUTED)


def _agrees(player: Player) -> None:
    _reads_the_details(player)
    player.agree()


def _becomes_active(player: Player) -> None:
    _agrees(player)
    player.choose_password()
    player.arrive("/done")


def _comes_again(player: Player) -> None:
    """Start twice: the second activation ends, because there is an account."""
    _becomes_active(player)
    with closing(player.again()) as later:
        later.come()
        later.prove("/ended")


def _goes_on_elsewhere(player: Player) -> None:
    """Start twice: the second activation ends, and its browser continues with the first."""
    _reads_the_details(player)
    with closing(player.again()) as elsewhere:
        elsewhere.come()
        elsewhere.prove()


def _finds_the_name_taken(player: Player) -> None:
    player.world.occupy(player.row)
    player.come()
    player.prove("/progress")
    player.wait_for(WaitReason.USERNAME_CONFLICT)


def _loses_the_name_later(player: Player) -> None:
    _agrees(player)
    player.world.occupy(player.row)
    player.choose_password()
    player.wait_for(WaitReason.FOREIGN_ENTRY)


def _leaves_the_university(player: Player) -> None:
    _agrees(player)
    player.world.strike_off(player.row)
    player.choose_password()
    player.wait_for(WaitReason.NO_LONGER_ENROLLED)


def _cannot_be_reached(player: Player) -> None:
    player.come(onward="")
    player.wait_for(WaitReason.UNDELIVERABLE)


_UNINSURED = {"ssn": None, "ssncountry": None}
_GONE = {"mobilephone": None, "extemail": f"student{{n}}{NO_MAILBOX}"}

LOCKED = Fate("types wrong codes", 10, WaitReason.PIN_LOCKED, _types_wrong_codes)
CANCELLED = Fate("is cancelled by staff", 6, Step.CANCELLED, _reads_the_details)
HELD = Fate("is held by staff", 4, WaitReason.HELD, _reads_the_details)
EXPIRED = Fate("stays away for too long", 6, Step.EXPIRED)
FATES = (
    LOCKED,
    Fate("types no code yet", 22, WaitReason.WAITING_PIN, _types_no_code),
    Fate("shares a contact", 8, WaitReason.WAITING_IDENTITY, _shares_a_contact, twin=True),
    Fate("has no number yet", 14, WaitReason.WAITING_INSURANCE, _has_no_number, _UNINSURED),
    Fate("reads the details", 14, WaitReason.WAITING_CONSENT, _reads_the_details),
    Fate("chooses a password", 14, WaitReason.WAITING_PASSWORD, _agrees),
    Fate("disputes the details", 10, WaitReason.DATA_DISPUTED, _disputes_them),
    Fate("finds the name taken", 6, WaitReason.USERNAME_CONFLICT, _finds_the_name_taken),
    Fate("loses the name later", 6, WaitReason.FOREIGN_ENTRY, _loses_the_name_later),
    Fate(
        "types another's number",
        6,
        WaitReason.INSURANCE_CONFLICT,
        _types_anothers_number,
        _UNINSURED,
    ),
    Fate("has no mailbox any more", 6, WaitReason.UNDELIVERABLE, _cannot_be_reached, _GONE),
    Fate("leaves the university", 6, WaitReason.NO_LONGER_ENROLLED, _leaves_the_university),
    Fate("is not on file", 10, Step.NOT_FOUND, _is_not_found),
    Fate("has an account", 20, Step.ACTIVE, _becomes_active),
    Fate("has one, and comes again", 8, Step.ACTIVE, _comes_again, activations=2),
    Fate("goes on elsewhere", 8, WaitReason.WAITING_CONSENT, _goes_on_elsewhere, activations=2),
    CANCELLED,
    HELD,
    EXPIRED,
)
