"""The rate limits of portal and console: each one's name, by what it counts, and addresses.

The numbers are settings (`settings.limits`), the counts are in the ledger for all processes.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from prometheus_client import Counter

from ledger import budgets
from ledger.budgets import Bound, Taken
from postgres import Pool
from security.keys import KeyRing
from settings.limits import LimitSettings
from settings.section import MOST
from web.forms import name_of

PROXY = "proxy"
"""Stands for the address of a client whose own is not known."""
LIMITED = Counter("activation_limited", "Requests over a rate limit, by its name.", ["limit"])
_LEVELS = {4: {"address": 32, "block": 24}, 6: {"address": 64, "block": 56, "site": 48}}
"""Which networks of an address are counted, by the version of IP."""


class Purpose(StrEnum):
    """What is limited; by contact, person, browser and staff besides addresses where it says so."""

    POSTS = "posts"
    MISSES = "misses"
    STARTS = "starts"
    WAITS = "waits"
    HELP = "help"
    SECOND = "second"
    NOT_ME = "not_me"
    SIGN_INS = "sign_ins"
    SECOND_FACTOR = "second_factor"
    CALLER_QUESTIONS = "caller_questions"
    SEARCHES = "searches"
    LOOK_UPS = "look_ups"
    DECODES = "decodes"
    SHEETS = "sheets"


class RateLimited(Exception):
    """A rate limit is exceeded. `opens`: when requests are allowed again; None: never by itself."""

    def __init__(self, opens: datetime | None) -> None:
        super().__init__("too many")
        self.opens = opens


def count_refusal(taken: Mapping[str, Taken]) -> None:
    """Count a refused request in the metrics, by the limits that refused it."""
    for purpose in {bucket.partition(":")[0] for bucket, use in taken.items() if use.opens}:
        LIMITED.labels(purpose).inc()


class RateLimits:
    """The limits as one application's settings have them, and the ledger that counts them."""

    def __init__(self, pool: Pool, keys: KeyRing, limits: LimitSettings) -> None:
        self._pool = pool
        self._keys = keys
        self._limits = limits

    async def take(self, bounds: Iterable[Bound]) -> None:
        """Count one use of each; raises `RateLimited` beyond a limit. See `budgets.take`."""
        self.check(await budgets.take(self._pool, [*bounds]))

    @staticmethod
    def check(taken: Mapping[str, Taken]) -> None:
        """Raise `RateLimited` if a limit refused the use."""
        if opens := budgets.latest(taken):
            count_refusal(taken)
            raise RateLimited(opens)

    def by_address(self, purpose: Purpose, host: str, apart: str = "") -> list[Bound]:
        """Return the limits of this client's address, its block and, with IPv6, its site.

        `apart` names uses that are counted by themselves, with the same numbers.
        """
        times, window = self._times(host), self._window(purpose)
        return [
            Bound(
                f"{purpose}:{apart}{self._keys.index('address', network)}",
                min(times * self._most(purpose, level), MOST),
                window,
            )
            for level, network in networks(host).items()
        ]

    def by(self, purpose: Purpose, holder: str, keyed: str) -> Bound:
        """Return the limit of one `holder` (browser, name), known by this keyed index."""
        return Bound(f"{purpose}:{keyed}", self._most(purpose, holder), self._window(purpose))

    def of_session(self, token: str, apart: str = "") -> Bound:
        """Return the limit of forms of one session, by its token; `apart` as in `by_address`."""
        # By the key that portal and console have both.
        named = self._keys.index("address", f"session {name_of(token)}")
        return self.by(Purpose.POSTS, "session", f"session:{apart}{named}")

    def waits(self, host: str) -> list[Bound]:
        """Return the limits of look-ups that a wait let through, by address and over all."""
        window = self._window(Purpose.WAITS)
        in_all = Bound(Purpose.WAITS, self._limits.waits_in_all, window)
        return [*self.by_address(Purpose.WAITS, host), in_all]

    def starts(self, contacts: Iterable[str], host: str) -> list[Bound]:
        """Return the limits of starts with each contact from one network: a /24, or a /48."""
        widest = self._keys.index("address", [*networks(host).values()][-1])
        most = min(self._times(host) * self._most(Purpose.STARTS, "contact"), MOST)
        window = self._window(Purpose.STARTS)
        return [Bound(f"{Purpose.STARTS}:{each}:{widest}", most, window) for each in contacts]

    def second(
        self, browser: str, contacts: Iterable[str], host: str, *, tried: bool
    ) -> list[Bound]:
        """Return the limits of a second datum, by browser and by contact and network.

        Browsers that have `tried` before share a part of an address, so that one that has not may.
        """
        window = timedelta(hours=self._limits.second_hours)
        bounds = [Bound(f"{Purpose.SECOND}:{browser}", self._limits.second_tries, window)]
        places = [*networks(host).items()]
        if tried:
            places.append(("address_again", f"{places[0][1]} again"))
        for level, network in places:
            index, most = self._keys.index("address", network), self._most(Purpose.SECOND, level)
            most = min(self._times(host) * most, MOST)
            bounds += [Bound(f"{Purpose.SECOND}:{each}:{index}", most, window) for each in contacts]
        return bounds

    def _most(self, purpose: Purpose, level: str) -> int:
        most: int = getattr(self._limits, f"{purpose}_per_{level}")
        return most

    def _window(self, purpose: Purpose) -> timedelta:
        return timedelta(minutes=getattr(self._limits, f"{purpose}_minutes"))

    def _times(self, host: str) -> int:
        """Return how many times the usual limits the client's network may use."""
        address = _read(host)
        own = self._limits.networks.items()
        return max((times for network, times in own if address and address in network), default=1)


def retry_after(opens: datetime, now: datetime) -> dict[str, str]:
    """Return the Retry-After header, in seconds."""
    return {"Retry-After": str(max(math.ceil((opens - now).total_seconds()), 1))}


def networks(host: str) -> Mapping[str, str]:
    """Return the networks by which this address is counted.

    What is no address comes from the proxy itself: all of it counts as one address.
    """
    address = _read(host)
    if address is None:
        return {"address": PROXY}
    levels = _LEVELS[address.version]
    return {level: str(ip_network((address, size), strict=False)) for level, size in levels.items()}


def _read(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address without zone; one that is mapped into IPv6 is the IPv4 one."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
