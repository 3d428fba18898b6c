"""Failover records of Route 53: which belong together, what they lead to, and what their health checks probe."""

from collections.abc import Iterator

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Unresolved

RECORD, CHECK = "aws_route53_record", "aws_route53_health_check"
PRIMARY, SECONDARY = "PRIMARY", "SECONDARY"
ADDRESS_TYPES = ("A", "AAAA", "CNAME")
# Checks that ask an endpoint; the other types follow other checks, alarms and switches.
ENDPOINT_TYPES = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
HTTPS_TYPES = ("HTTPS", "HTTPS_STR_MATCH")

# What Route 53 does when nothing else is said.
DEFAULT_INTERVAL_SECONDS = 30
DEFAULT_FAILURES = 3


def part(record: Resource) -> str:
    """PRIMARY or SECONDARY; empty for a record without failover."""
    return record.attribute("failover_routing_policy.type").text.upper()


def of_one_name(record: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """Every record of the same name in the same zone, this one included, whatever its type."""
    return tuple(one for one in graph.of_type(RECORD) if _key(one) == _key(record))


def checks_of(record: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The health check the record names; empty for none, and for one that is not part of this input."""
    return graph.targets(record.attribute("health_check_id"), CHECK)


def interval_seconds(check: Resource) -> float:
    """How often each checker asks."""
    return check.attribute("request_interval").number or DEFAULT_INTERVAL_SECONDS


def failures(check: Resource) -> float:
    """How many checks in a row have to fail."""
    return check.attribute("failure_threshold").number or DEFAULT_FAILURES


def is_blind(check: Resource) -> str | None:
    """Why the check never says what it should; None when it does. AWS takes a disabled check for a healthy one."""
    if check.attribute("disabled").is_true:
        return "is disabled, and so always healthy"
    return "is inverted: it fails while all is well" if check.attribute("invert_healthcheck").is_true else None


def leads_to(record: Resource) -> tuple[Attribute, ...]:
    """The names that the record answers with: its alias, or its values."""
    aliases = tuple(alias.attribute("name") for alias in record.blocks("alias"))
    return aliases or record.attribute("records").items()


def probes(check: Resource, target: Attribute, graph: ResourceGraph) -> bool | None:
    """Whether the check asks what the target is; None when nobody can tell here."""
    for asked in (check.attribute("fqdn"), check.attribute("ip_address")):
        if asked.raw_value not in (None, "") and _normal(asked) == _normal(target):
            return True
    behind = {one.address for one in _balancers(check.attribute("fqdn"), graph)}
    meant = {one.address for one in _balancers(target, graph)}
    return bool(behind & meant) if behind and meant else None


def _balancers(name: Attribute, graph: ResourceGraph) -> Iterator[Resource]:
    """The load balancers of this stack that a name leads to, by its own or by that of a record."""
    yield from graph.targets(name, *BALANCERS)
    for record in graph.of_type(RECORD):
        if not part(record) and name.raw_value is not None and _normal(record.attribute("name")) == _normal(name):
            yield from (one for target in leads_to(record) for one in graph.targets(target, *BALANCERS))


def _key(record: Resource) -> tuple[str, str]:
    return _normal(record.attribute("zone_id")), _normal(record.attribute("name"))


def _normal(name: Attribute) -> str:
    """A name as DNS compares it; an expression is the same as the same expression elsewhere."""
    if isinstance(name.raw_value, Unresolved):
        return name.raw_value.text
    return name.text.lower().rstrip(".").removeprefix("dualstack.")
