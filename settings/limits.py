"""Settings of the rate limits of portal and console, each in a sliding window."""

from typing import Self

from pydantic import IPvAnyNetwork, model_validator

from domain.rules import Unfit
from settings.section import Count, Section


class LimitSettings(Section):
    """Each limit's maximum and window, by name.

    `_per_address`: an IPv4 address, or the /64 of an IPv6 one; `_per_block`: its /24, or /56;
    `_per_site`: the /48 of an IPv6 address. A miss is a look-up that found nobody. A wait is one
    that passed the bot barrier without work; `_in_all` is over all addresses.
    """

    networks: dict[IPvAnyNetwork, Count] = {}
    """Networks of the institution's own, such as a campus behind one address or a registration
    hall, and how many times as much as others their addresses and blocks may: `{"195.130.100.0/24"
    = 50}`. Set it before a registration day: without it, one address sends forms for about 75
    students in ten minutes (eight forms each) and has ten look-ups under way or without a result.
    """
    posts_per_address: Count = 600
    """Forms of any kind that one address may send in a window: an IPv4 address, or the /64 of an
    IPv6 one. All of `limits.*` slide, count in the ledger over all processes, and answer with 429
    and `Retry-After`."""
    posts_per_block: Count = 3_000
    """That its /24 may send, or its /56."""
    posts_per_site: Count = 6_000
    """That the /48 of an IPv6 address may send."""
    posts_per_session: Count = 300
    """Forms of one session that has an activation, or of somebody who is signed in to the console:
    these do not count by address, so that nobody at the same address keeps them out. Forged forms,
    and those of the console's sign-in, have the limits by address each for themselves."""
    posts_minutes: Count = 10
    """The length of that window."""
    misses_per_address: Count = 10
    """Look-ups of contacts that find nobody, for one address in a window; those that find a student
    do not count. A look-up counts until it has found somebody. With `portal.disclosure` = `uniform`
    all of them count."""
    misses_per_block: Count = 40
    """For its /24 or /56."""
    misses_per_site: Count = 80
    """For its /48."""
    misses_minutes: Count = 10
    """The length of that window."""
    starts_per_contact: Count = 10
    """Activations that may begin with one contact from one network (IPv4 /24, IPv6 /48) in a
    window, whether the contact is on file or not: each is a workflow, and none gets its owner more
    messages than `send_budget` allows."""
    starts_minutes: Count = 60
    """The length of that window."""
    waits_per_address: Count = 3
    """Look-ups that passed the bot barrier by a wait instead of the calculation, for one address in
    a window."""
    waits_per_block: Count = 12
    """For its /24 or /56."""
    waits_per_site: Count = 24
    """For its /48."""
    waits_in_all: Count = 200
    """Over all addresses and portals. Whoever does the calculation is not concerned."""
    waits_minutes: Count = 10
    """The length of that window."""
    attack_misses_per_minute: Count = 60
    """Starts of the last minute that found nobody, of one network (IPv4 /24, IPv6 /48) a third of
    these at most, from which on attack mode begins: an alert, and slower starts. No request is
    refused with 429 because of it."""
    attack_miss_percent: Count = 40
    """if they are more than this share of them and of the contacts for which a code was reserved in
    that minute."""
    attack_wrong_codes: Count = 50
    """Wrong codes of the last five minutes from which on attack mode may begin,"""
    attack_wrong_percent: Count = 20
    """if they are more than this share of all that were compared."""
    attack_quiet_minutes: Count = 10
    """Attack mode ends after this time below half of these numbers."""
    attack_starts_per_minute: Count = 120
    """Starts in a minute while it is on, over all portals; others are asked to send the form again
    in some seconds."""
    attack_starts_per_contact: Count = 3
    """Of these with one contact in `limits.attack_quiet_minutes`, so that one contact on file does
    not use up the starts of all. A contact whose activation goes on is not refused with
    `portal.disclosure` = `explicit`."""
    help_per_browser: Count = 5
    """Requests for help of one browser in a window."""
    help_per_address: Count = 20
    """From one address."""
    help_per_block: Count = 80
    """From its /24 or /56."""
    help_per_site: Count = 160
    """From its /48."""
    help_minutes: Count = 60
    """The length of that window."""
    not_me_per_address: Count = 10
    """Requests to stop an activation whose message nobody asked for (`/not-me`), from one address
    in a window."""
    not_me_per_block: Count = 40
    """From its /24 or /56."""
    not_me_per_site: Count = 80
    """From its /48."""
    not_me_minutes: Count = 60
    """The length of that window."""
    second_tries: Count = 3
    """Tries of a second datum for a kept message, by browser."""
    second_per_address: Count = 5
    """The same by contact and address, over all browsers; `limits.networks` may more."""
    second_per_address_again: Count = 3
    """Of these, tries of browsers that have tried before; the others are left for browsers that
    have not."""
    second_per_block: Count = 10
    """By contact and /24 or /56."""
    second_per_site: Count = 20
    """By contact and /48."""
    second_hours: Count = 24
    """The length of that window."""
    sign_ins_per_name: Count = 4
    """Attempts to sign in to the console with one name in a window, before one is right; set it
    [below the lock-out of the directory](deployment.md#who-may-sign-in-to-the-console)."""
    sign_ins_per_name_without_cookie: Count = 3
    """Of these, from browsers that have not signed in with this name before."""
    sign_ins_per_name_elsewhere: Count = 2
    """Of those, from addresses from which this name has not signed in either: what strangers can
    use up. One network (IPv4 /24, IPv6 /48) may have one less, so that another has one left; with a
    name that nobody has signed in with it may have as many, of all attempts with the name. Each of
    the three must be less than the one before."""
    sign_ins_per_local_name: Count = 50
    """Attempts with the name of an account in `console.operators_file`, which no directory locks,
    from browsers that have not signed in with it; one network may have
    `sign_ins_per_name_elsewhere` of them."""
    sign_ins_per_address: Count = 50
    """From one address; browsers that have signed in with the name do not count."""
    sign_ins_per_block: Count = 200
    """From its /24 or /56."""
    sign_ins_per_site: Count = 400
    """From its /48."""
    sign_ins_minutes: Count = 15
    """The length of that window."""
    second_factor_per_name: Count = 5
    """Codes that may be typed after the right password with one name in a window, before one is
    right; browsers that have signed in with it before have as many of their own."""
    second_factor_minutes: Count = 60
    """The length of that window."""
    failed_sign_ins_per_name: Count = 10
    """Rows of the audit about failed sign-ins with a name in a window, and as many about sign-ins
    of somebody who has no role. There is one for the first attempt from a network (IPv4 /24, IPv6
    /48), and for the 10th, 100th and so on."""
    failed_sign_ins_of_unknown: Count = 50
    """The same of all names together with which nobody has signed in within `console.known_days`;
    these names are not noted."""
    failed_sign_ins_hours: Count = 24
    """The length of that window."""
    caller_questions_per_student: Count = 3
    """Questions "Who is this caller?" about one student in a window, by all staff together."""
    caller_questions_per_staff: Count = 60
    """By one member of staff, about all students."""
    caller_questions_hours: Count = 24
    """The length of that window."""
    searches_per_staff: Count = 120
    """Searches of one member of staff in a window, at the console and by command. Who is stopped is
    in the audit, and operators get the alert `STAFF_STOPPED`."""
    searches_minutes: Count = 60
    """The length of that window."""
    look_ups_per_staff: Count = 120
    """Registrar checks of one member of staff in a window."""
    look_ups_minutes: Count = 60
    """The length of that window."""
    decodes_per_staff: Count = 60
    """Workflows whose payloads one operator decodes in Temporal's web page in a window."""
    decodes_minutes: Count = 60
    """The length of that window."""
    sheets_per_staff: Count = 30
    """Spreadsheets of students without an account that one member of staff takes in a window; each
    reads a whole department."""
    sheets_minutes: Count = 60
    """The length of that window."""

    @model_validator(mode="after")
    def _strangers_leave_some(self) -> Self:
        most, least = self.sign_ins_per_name, self.sign_ins_per_name_elsewhere
        if not least < self.sign_ins_per_name_without_cookie < most:
            raise Unfit(
                "sign_ins_per_name must be more than sign_ins_per_name_without_cookie, and that"
                " more than sign_ins_per_name_elsewhere"
            )
        if self.second_per_address_again >= self.second_per_address:
            raise Unfit("second_per_address must be more than second_per_address_again")
        return self
