"""Load balancers' listeners and their rules, under both names that the provider has for each."""

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


def protocol_of(listener: Resource) -> str:
    """The listener's protocol; an application load balancer speaks HTTP when none is set."""
    return listener.attribute("protocol").text.upper() or "HTTP"
