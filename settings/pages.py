"""Settings of portal and console: addresses, sessions, rate limits, roles."""

from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, IPvAnyNetwork

from settings.section import Count, Port, Seconds, Section, SessionMinutes


class Portal(Section):
    """`public_url` decides cookie flags and prefix, HSTS and the origin line of the SMS.

    `disclosure` uniform is enumeration protection: no page tells whether a contact is on file until
    it is proved. `starts_under_way` is how many starts may wait for their look-up at once, over all
    portals. `processes` is how many processes serve the pages. `health_port` serves probes and
    metrics, apart from the pages; each further process takes the next port. `barrier` is when a
    look-up of a contact needs work of the browser, of so many tries at most, or a wait.
    """

    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: Port = 8000
    health_host: str = "127.0.0.1"
    health_port: Port | None = None
    processes: Count = 1
    trusted_proxies: list[IPvAnyNetwork] = [IPv4Network("127.0.0.1")]
    session_idle_minutes: Count = 30
    session_absolute_minutes: SessionMinutes = 120
    starts_under_way: Count = 20
    disclosure: Literal["explicit", "uniform"] = "explicit"
    barrier: Literal["off", "in_attack", "always"] = "in_attack"
    barrier_tries: Annotated[int, Field(ge=1, le=20_000)] = 1_000
    barrier_wait_seconds: Annotated[int, Field(ge=1, le=300)] = 30


RoleName = Literal["viewer", "helpdesk", "supervisor", "auditor", "operator"]


class Oidc(Section):
    """The OpenID Connect provider by which staff sign in, and what its claims mean here.

    `groups` names the value of `groups_claim` for each role, `departments` limits a group's members
    to these departments. `acr` and `amr` demand one of these values, as for a second factor.
    `passwords`: who may still sign in at the console itself.
    """

    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret_file: Path
    ca_file: Path | None = None
    scopes: list[Annotated[str, Field(pattern=r"^\S+$")]] = ["profile"]
    groups_claim: str = "groups"
    groups: dict[RoleName, str] = {}
    departments: dict[str, list[str]] = {}
    acr: list[str] = []
    amr: list[str] = []
    passwords: Literal["everybody", "operators", "nobody"] = "operators"
    timeout_seconds: Seconds = 5


class Console(Section):
    """Staff sign in by a bind as `user_dn`; `groups` names the group of each role.

    `departments` limits the members of a group to these departments. `operators_file` has the
    accounts that can sign in while the directory is unavailable. With `oidc` staff sign in by an
    OpenID Connect provider. `known_days` is how long the browser and the address of a sign-in count
    as known. `second_factor`: whose password alone is not enough. `health_port` as for the portal.
    """

    public_url: str = "http://127.0.0.1:8001"
    host: str = "127.0.0.1"
    port: Port = 8001
    health_host: str = "127.0.0.1"
    health_port: Port | None = None
    trusted_proxies: list[IPvAnyNetwork] = [IPv4Network("127.0.0.1")]
    user_dn: Annotated[str, Field(pattern=r"^$|\{user\}")] = ""
    groups: dict[RoleName, str] = {}
    departments: dict[str, list[str]] = {}
    operators_file: Path | None = None
    oidc: Oidc | None = None
    session_idle_minutes: Count = 15
    session_absolute_minutes: SessionMinutes = 480
    known_days: Count = 90
    second_factor: Literal["off", "operators", "all"] = "off"
    temporal_ui_url: str = ""
