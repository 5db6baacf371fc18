from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.feeds.connecting import usable

FORBIDDEN = [
    "0.0.0.0", "10.1.2.3",  # noqa: S104
    "100.100.100.200", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.31.0.1", "192.0.0.192",
    "192.168.1.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "100::1", "3fff::1",
    "5f00::1", "no address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not usable(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_a_public_address_is_usable(address: str) -> None:
    assert usable(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::5"])
def test_an_address_of_an_allowed_network_is_usable(address: str) -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/64"))
    assert usable(address, allowed)
    assert not usable("10.2.0.1", allowed)
    assert not usable("127.0.0.1", allowed)


METADATA = [
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254",
    "::ffff:169.254.169.254", "64:ff9b::a83f:8110",
]  # fmt: skip


@pytest.mark.parametrize("address", METADATA)
def test_metadata_of_a_cloud_is_refused_unless_it_is_named(address: str) -> None:
    wide = [ip_network(network) for network in ("0.0.0.0/0", "169.254.0.0/16", "168.63.128.0/17", "::/0", "fd00::/8")]
    assert not usable(address)
    assert not usable(address, wide)
    exact = METADATA_4.get(address, address)
    assert usable(address, [*wide, ip_network(exact)])


METADATA_4 = {"::ffff:169.254.169.254": "169.254.169.254", "64:ff9b::a83f:8110": "168.63.129.16"}


@given(st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "100.64.0.0/10"]), st.data())
def test_no_ipv6_form_makes_a_private_address_public(network: str, data: st.DataObject) -> None:
    size = ip_network(network).num_addresses
    inner = int(ip_network(network)[data.draw(st.integers(0, size - 1))])
    for prefix in ("::ffff:0:0", "64:ff9b::", "::"):
        assert not usable(str(IPv6Address(int(IPv6Address(prefix)) | inner)))
    assert not usable(str(IPv6Address((0x2002 << 112) | (inner << 80))))
    assert not usable(str(IPv4Address(inner)))
