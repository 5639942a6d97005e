"""Settings of portal and console: addresses, sessions, rate limits, roles."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, IPvAnyNetwork

from settings.section import Count, PageAddress, Port, Seconds, Section, SessionMinutes


class Portal(Section):
    """The students' pages: addresses, sessions, what they tell a stranger."""

    public_url: PageAddress = "http://127.0.0.1:8000"
    """The address that students see. `https://` turns on secure cookies and HSTS; the last line of
    the PIN's SMS has its host."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Port = 8000
    """The port to listen on."""
    health_host: str = "127.0.0.1"
    """The address for probes and [metrics](metrics.md)."""
    health_port: Port | None = None
    """A port for probes and metrics, apart from the pages; with several processes the first of as
    many ports."""
    processes: Count = 1
    """Processes that serve the pages on this port: about one for each core that is free for them.
    One that ends is replaced. Each opens up to 8 connections to the ledger."""
    trusted_proxies: list[IPvAnyNetwork] = [IPv4Network("127.0.0.1")]
    """The proxies whose `X-Forwarded-For` is trusted; without it all students behind a proxy share
    one rate limit."""
    session_idle_minutes: Count = 30
    """A session ends after this time without a request, or up to a minute later: its use is written
    once a minute. What an open page asks by itself does not count."""
    session_absolute_minutes: SessionMinutes = 120
    """A session ends after this time in any case; a day at most."""
    starts_under_way: Count = 20
    """Starts that may wait for their look-up at the same time, over all portals: as many as workers
    on two cores answer within a few seconds. Further students are asked to try again in a moment.
    """
    disclosure: Literal["explicit", "uniform"] = "explicit"
    """`explicit`: the page says if nobody was found. `uniform`: until a code proves the contact,
    every contact gets the same page at the same time (enumeration protection); a student learns of
    a typing mistake only because no message comes."""
    barrier: Literal["off", "in_attack", "always"] = "in_attack"
    """When the look-up of a contact costs the browser a calculation, or a wait without JavaScript
    (the bot barrier): `off`, `in_attack` (while [attack mode](operations.md#attack-mode) is on) or
    `always`. Nobody who is past the contact form meets it."""
    barrier_tries: Annotated[int, Field(ge=1, le=20_000)] = 1_000
    """The most numbers that a browser has to try, half of them on average, each a PBKDF2 of 2,000
    iterations. At half a million iterations a second, a phone of about 2015 without hardware for
    SHA-256, 1000 take 2 seconds on average and 4 at most; the time is proportional. At most 20,000.
    """
    barrier_wait_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    """The wait of a browser that does not calculate; at most 300."""


RoleName = Literal["viewer", "helpdesk", "supervisor", "auditor", "secretariat", "operator"]


class Oidc(Section):
    """The OpenID Connect provider by which staff sign in, and what its claims mean here."""

    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    """The provider's name of itself, letter by letter; its description is read from
    `/.well-known/openid-configuration` below it. Over `https://`, except on the loopback address.
    """
    client_id: Annotated[str, Field(min_length=1)]
    """The client that the provider registered for the console."""
    client_secret_file: Path
    """A file with the client's secret alone. It is read at each sign-in."""
    ca_file: Path | None = None
    """The certificate authority of the provider; empty for those of the system."""
    scopes: list[Annotated[str, Field(pattern=r"^\S+$")]] = ["profile"]
    """What is asked for besides `openid`, so that the provider tells name and groups."""
    groups_claim: str = "groups"
    """The claim with a person's groups: a list of texts, or one text for a single group. If the ID
    token lacks it, UserInfo is asked."""
    groups: dict[RoleName, str] = {}
    """The value of that claim for each role, as `console.groups` has DNs."""
    departments: dict[str, list[str]] = {}
    """The department ids to which members of a group (its value in the claim) are limited; staff in
    none of these groups see all."""
    acr: list[str] = []
    """Values of `acr` of which the sign-in at the provider must have one, such as that for a second
    factor; they are asked for, and verified in the ID token; UserInfo does not count. Empty: any.
    """
    amr: list[str] = []
    """Values of `amr` of which it must have one, such as `otp` or `hwk`. Empty: any."""
    passwords: Literal["everybody", "operators", "nobody"] = "operators"
    """Who may still sign in by a password typed here: `operators` those of
    `console.operators_file`, `everybody` the directory's staff too, `nobody`."""
    timeout_seconds: Seconds = 5
    """For the provider's answers to one sign-in."""


class Console(Section):
    """The pages of staff: addresses, sessions, who may sign in and how."""

    public_url: PageAddress = "http://127.0.0.1:8001"
    """The address that staff open; a separate origin, not the portal's. `https://` turns on secure
    cookies and HSTS."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Port = 8001
    """The port to listen on."""
    health_host: str = "127.0.0.1"
    """The address for probes and [metrics](metrics.md)."""
    health_port: Port | None = None
    """A port for probes and metrics, apart from the pages."""
    trusted_proxies: list[IPvAnyNetwork] = [IPv4Network("127.0.0.1")]
    """The proxies whose `X-Forwarded-For` is trusted."""
    user_dn: Annotated[str, Field(pattern=r"^$|\{user\}")] = ""
    """The DN with which staff bind; `{user}` is the name they type, for example
    `uid={user},ou=staff,dc=university,dc=example`. Empty: nobody signs in by the directory."""
    groups: dict[RoleName, str] = {}
    """The DN of the group of each role: `viewer`, `helpdesk`, `supervisor`, `auditor`, `operator`,
    `secretariat` ([permissions](deployment.md#who-may-sign-in-to-the-console)). `member` or
    `uniqueMember` is read with the user's own connection, so staff must be allowed to read it."""
    departments: dict[str, list[str]] = {}
    """The department ids to which members of a group (its DN) are limited; staff in none of these
    groups see all. Who is limited reads no rows of the audit about other departments' activations
    (nor about those that have none or are deleted), and may not pause, sweep, cut the audit or
    reset a second factor, which concern the whole institution."""
    operators_file: Path | None = None
    """Accounts for outages of the directory, written by `activation support operator NAME`."""
    oidc: Oidc | None = None
    """Sign-in of staff by an OpenID Connect provider; each of its settings is one of the following
    ([steps](deployment.md#sign-in-by-openid-connect))."""
    session_idle_minutes: Count = 15
    """A session ends after this time without a request, or up to a minute later; what an open page
    asks by itself does not count, nor what Temporal's web page lets the console decode."""
    session_absolute_minutes: SessionMinutes = 480
    """A session ends after this time in any case; a day at most. It keeps the roles of the sign-in:
    `activation support sign-out NAME` ends it at once."""
    known_days: Count = 90
    """How many days the browser and the address of a sign-in count as known for that name, so that
    a stranger's attempts do not keep its owner out."""
    second_factor: Literal["off", "operators", "all"] = "off"
    """Who needs a code from an authenticator besides the password: `off`: nobody; `operators`:
    whoever has the role operator; `all`: all staff. Whoever signs in by `console.oidc` is not asked
    here: demand it there by `acr` or `amr`. The others [set it up](deployment.md#the-second-factor)
    when they next sign in. `operators` is recommended."""
    temporal_ui_url: str = ""
    """Temporal's web page, to which a case links; empty for no link."""
