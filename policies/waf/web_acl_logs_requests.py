"""Policy web-acl-logs-requests."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource
from policies.waf.rules import WEB_ACL

_LOGGING = "aws_wafv2_web_acl_logging_configuration"
_TELLING = frozenset({"method", "uri_path", "query_string"})


@policy(
    id="web-acl-logs-requests",
    title="A web ACL logs every request that it blocks",
    remediation="Declare an aws_wafv2_web_acl_logging_configuration of the web ACL whose filter, if any, keeps blocked "
    "requests, and which leaves some of method, path and query readable.",
    severity="medium",
    applies_to=(WEB_ACL,),
)
def judge(acl: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The log of the firewall shows what attackers tried, and which customers were turned away by mistake. The
    statistics that AWS keeps anyway are samples of three hours."""
    configurations = graph.referrers(acl, _LOGGING, "resource_arn")
    if not configurations:
        yield acl.fails("nothing logs its requests")
    for logging in configurations:
        hidden = {name for field in logging.blocks("redacted_fields") for name in _TELLING if field.blocks(name)}
        destinations = logging.attribute("log_destination_configs")
        if not destinations.is_handed_over and not destinations.items():
            yield acl.fails(f"{logging.address} names no destination")
        elif hidden == _TELLING:
            yield acl.fails(f"{logging.address} redacts whatever a request asked for")
        elif not all(_keeps_blocked(one) for one in logging.blocks("logging_filter")):
            yield acl.fails(f"{logging.address} may drop blocked requests")
        else:
            yield acl.passes(f"{logging.address} logs its requests")


def _keeps_blocked(choice: Block) -> bool:
    """No filter drops a blocked request; where all but some are dropped, one keeps them."""
    filters = choice.blocks("filter")
    if any(one.attribute("behavior").value != "KEEP" and _meets_blocked(one, surely=False) for one in filters):
        return False
    kept = any(one.attribute("behavior").value == "KEEP" and _meets_blocked(one, surely=True) for one in filters)
    return kept or choice.attribute("default_behavior").value == "KEEP"


def _meets_blocked(one: Block, *, surely: bool) -> bool:
    """Whether the filter meets every blocked request, or else some; which labels a request has, nobody knows."""
    conditions = [_is_about_blocked(condition, label=not surely) for condition in one.blocks("condition")]
    return any(conditions) if one.attribute("requirement").value == "MEETS_ANY" else all(conditions)


def _is_about_blocked(condition: Block, *, label: bool) -> bool:
    actions = [action.attribute("action").value for action in condition.blocks("action_condition")]
    return "BLOCK" in actions if actions else label
