"""Recognises URLs that are examples, loopback or without TLS; pure."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_EXAMPLE = re.compile(
    r"(?<![\w.-])(?:(?:[\w-]+\.)+(?:example|invalid|test|localhost)"
    r"|(?:[\w-]+\.)*example\.(?:com|org|net))(?!\.?[\w-])",
    re.IGNORECASE,
)

PORTS = {"http": 80, "https": 443}
"""The port of each scheme where a URL names none."""


def names_example(text: str) -> bool:
    """Tell whether a text names a host that RFC 2606 reserves for examples and tests."""
    return _EXAMPLE.search(text) is not None


def is_loopback(url: str) -> bool:
    """Tell whether the host of a URL is the loopback interface, as in a demo."""
    host = (urlsplit(url).hostname or "").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_plain(url: str) -> bool:
    """Tell whether traffic to this URL is not encrypted."""
    return urlsplit(url).scheme.lower() != "https"


def typed(url: str) -> str:
    """Return what a person types into a browser to open a URL, as short as it can be."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    rest = parts.path.rstrip("/")
    if parts.port in (None, PORTS.get(parts.scheme)):
        return f"{host}{rest}"
    # With another port, browsers take what has no scheme for plain http.
    scheme = "" if is_plain(url) else f"{parts.scheme}://"
    return f"{scheme}{host}:{parts.port}{rest}"
