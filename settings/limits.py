"""Settings of the rate limits of portal and console, each in a sliding window."""

from typing import Self

from pydantic import IPvAnyNetwork, model_validator

from domain.rules import Unfit
from settings.section import Count, Section


class LimitSettings(Section):
    """Each limit's maximum and window, by name.

    `_per_address`: an IPv4 address, or the /64 of an IPv6 one; `_per_block`: its /24, or /56;
    `_per_site`: the /48 of an IPv6 address. A miss is a look-up that found nobody. A wait is one
    that passed the bot barrier without work; `_in_all` is over all addresses. `starts_per_contact`:
    starts with one contact from one network (/24, /48). `networks`: of
    the institution's own networks, how many times as much their addresses and blocks may.
    `sign_ins_per_name`: attempts that may reach the directory; fewer `_without_cookie` of a browser
    that has signed in, and fewer still from addresses `_elsewhere`, so strangers keep nobody out.
    `second_tries`: of one browser; `_again`: of all browsers at an address that have tried before.
    `failed_sign_ins_`: rows of the audit by name, and of all names that nobody has signed in with.
    `attack_`: when attack mode begins, how long it must be quiet until it ends, and its starts;
    `_per_contact` are those with one contact in `attack_quiet_minutes`.
    """

    networks: dict[IPvAnyNetwork, Count] = {}
    posts_per_address: Count = 600
    posts_per_block: Count = 3_000
    posts_per_site: Count = 6_000
    posts_per_session: Count = 300
    posts_minutes: Count = 10
    misses_per_address: Count = 10
    misses_per_block: Count = 40
    misses_per_site: Count = 80
    misses_minutes: Count = 10
    starts_per_contact: Count = 10
    starts_minutes: Count = 60
    waits_per_address: Count = 3
    waits_per_block: Count = 12
    waits_per_site: Count = 24
    waits_in_all: Count = 200
    waits_minutes: Count = 10
    attack_misses_per_minute: Count = 60
    attack_miss_percent: Count = 40
    attack_wrong_codes: Count = 50
    attack_wrong_percent: Count = 20
    attack_quiet_minutes: Count = 10
    attack_starts_per_minute: Count = 120
    attack_starts_per_contact: Count = 3
    help_per_browser: Count = 5
    help_per_address: Count = 20
    help_per_block: Count = 80
    help_per_site: Count = 160
    help_minutes: Count = 60
    not_me_per_address: Count = 10
    not_me_per_block: Count = 40
    not_me_per_site: Count = 80
    not_me_minutes: Count = 60
    second_tries: Count = 3
    second_per_address: Count = 5
    second_per_address_again: Count = 3
    second_per_block: Count = 10
    second_per_site: Count = 20
    second_hours: Count = 24
    sign_ins_per_name: Count = 4
    sign_ins_per_name_without_cookie: Count = 3
    sign_ins_per_name_elsewhere: Count = 2
    sign_ins_per_address: Count = 50
    sign_ins_per_block: Count = 200
    sign_ins_per_site: Count = 400
    sign_ins_minutes: Count = 15
    second_factor_per_name: Count = 5
    second_factor_minutes: Count = 60
    failed_sign_ins_per_name: Count = 10
    failed_sign_ins_of_unknown: Count = 50
    failed_sign_ins_hours: Count = 24
    caller_questions_per_student: Count = 3
    caller_questions_per_staff: Count = 60
    caller_questions_hours: Count = 24
    searches_per_staff: Count = 120
    searches_minutes: Count = 60
    look_ups_per_staff: Count = 120
    look_ups_minutes: Count = 60
    decodes_per_staff: Count = 60
    decodes_minutes: Count = 60

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
