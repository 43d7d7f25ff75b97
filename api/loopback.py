"""Which hosts are this machine itself (RFC 1122, section 3.2.1.3; RFC 6761, section 6.3)."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host, as an address or a name, leads to this machine and to no other."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
