"""By which networks an address is counted."""

import pytest

from web.limits import networks

V4 = {"address": "192.0.2.7/32", "block": "192.0.2.0/24"}
V6 = {
    "address": "2001:db8:1:2200::/64",
    "block": "2001:db8:1:2200::/56",
    "site": "2001:db8:1::/48",
}


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("192.0.2.7", V4),
        ("::ffff:192.0.2.7", V4),
        ("::FFFF:c000:207", V4),
        ("2001:db8:1:2200::7", V6),
        ("2001:DB8:0001:2200:ffff:ffff:ffff:ffff", V6),
        ("2001:db8:1:2200::7%eth0", V6),
        *((host, {"address": "proxy"}) for host in ("", "unknown", "192.0.2", "_hidden", "::g")),
    ],
)
def test_an_address_is_counted_by_its_networks(host: str, told: dict[str, str]) -> None:
    assert networks(host) == told


def test_two_mapped_addresses_share_no_more_than_two_ipv4_ones() -> None:
    one, other = networks("::ffff:192.0.2.7"), networks("::ffff:203.0.113.9")
    assert not {*one.values()} & {*other.values()}
