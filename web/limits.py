"""Whom a limit by address counts as one."""

from ipaddress import ip_address, ip_network


def network(host: str) -> str:
    """Return what one household shares: the address, or the /64 of an IPv6 one."""
    return _network(host, None)


def block(host: str) -> str:
    """Return in what whoever has an address may easily have others: its /24, or its /64."""
    return _network(host, 24)


def _network(host: str, prefix: int | None) -> str:
    try:
        version = ip_address(host).version
    except ValueError:
        return host
    if version == 6:  # noqa: PLR2004 - the two versions of IP
        prefix = 64
    return str(ip_network(f"{host}/{prefix}", strict=False)) if prefix else host
