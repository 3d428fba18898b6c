"""Address ranges in CIDR notation, and which of them are wider than anybody's own network."""

import ipaddress

from policies.resources import Attribute, Undetermined

Range = ipaddress.IPv4Network | ipaddress.IPv6Network
# Nobody has been allocated more: the registries gave out IPv4 in blocks of /8, and IPv6 in blocks smaller than /12.
_WIDEST_NETWORK = {4: 8, 6: 12}
# A half of the IPv4 addresses; in IPv6 the global unicast addresses are 2000::/3.
_WIDEST_PART = {4: 1, 6: 3}


def range_of(attribute: Attribute) -> Range:
    """The range that the attribute's value means. Raises Undetermined when it is not known, or is no range."""
    try:
        return ipaddress.ip_network(attribute.text, strict=False)
    except ValueError:
        raise Undetermined(attribute.undetermined(f"not an address range: {attribute.text}")) from None


def is_open(range_: Range) -> bool:
    """Whether the range is wider than any network of one owner: the whole Internet, or a large part of it."""
    return range_.prefixlen < _WIDEST_NETWORK[range_.version]


def is_everywhere(range_: Range) -> bool:
    """Whether the range is the whole Internet or one half of it, as default routes have it."""
    return range_.prefixlen <= _WIDEST_PART[range_.version]
