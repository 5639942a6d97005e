"""Recognises URLs that are examples, loopback or without TLS; pure."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_EXAMPLE = re.compile(
    r"(?<![\w.-])(?:(?:[\w-]+\.)+(?:example|invalid|test|localhost)"
    r"|(?:[\w-]+\.)*example\.(?:com|org|net))(?!\.?[\w-])",
    re.IGNORECASE,
)


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
