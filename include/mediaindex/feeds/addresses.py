"""IP addresses that an untrusted URL may lead to: public ones, and private networks that the configuration names.

Python's ``is_global`` is checked too, but its tables differ between versions; the tables here are IANA's
special-purpose registries (RFC 6890 and its updates) as of 2026.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# Only 2000::/3 is assigned as public. These ranges lie in it and are not public: protocol assignments with Teredo,
# documentation, 6to4 (an embedded IPv4 address), AS112, documentation again.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))
# IPv6-only networks reach IPv4 through these addresses; the embedded IPv4 address decides.
_TRANSLATED = IPv6Network("64:ff9b::/96")


def usable(text: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether a connection to this address (as getaddrinfo writes it) is allowed; False if it is not an address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(address)
    forms = {address, inner}
    if any(form in network for form in forms for network in allowed if network.version == form.version):
        return True
    return "%" not in text and _is_public(inner)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address wraps; other addresses unchanged."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)
