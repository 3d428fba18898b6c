"""Load balancers' listeners and their rules, under both names that the provider has for each."""

from policies.alb.exposure import BALANCERS
from policies.graph import ResourceGraph
from policies.resources import Resource

LISTENERS = ("aws_lb_listener", "aws_alb_listener")
_RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")


def listeners_of(balancer: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The listeners that name the load balancer."""
    return tuple(one for type_ in LISTENERS for one in graph.referrers(balancer, type_, "load_balancer_arn"))


def rules_of(listener: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    """The rules that name the listener; its default actions are not among them."""
    return tuple(one for type_ in _RULES for one in graph.referrers(listener, type_, "listener_arn"))


def protocol_of(listener: Resource, graph: ResourceGraph) -> str:
    """The listener's protocol; when none is set, a gateway load balancer takes every packet, and others speak HTTP."""
    balancers = graph.targets(listener.attribute("load_balancer_arn"), *BALANCERS)
    takes_packets = any(one.attribute("load_balancer_type").text == "gateway" for one in balancers)
    return listener.attribute("protocol").text.upper() or ("GENEVE" if takes_packets else "HTTP")
