"""Whom a limit by address counts as one."""

from ipaddress import ip_address, ip_network


def network(host: str) -> str:
    """Return what one household shares: the address, or the /64 of an IPv6 one."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ip_network(f"{host}/64", strict=False))  # noqa: PLR2004 - the two versions of IP
