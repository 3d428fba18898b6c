"""Policy target-group-checks-health."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="target-group-checks-health",
    title="The target group asks the application for its health, and knows the one good answer",
    remediation="Set path and matcher of the target group's health_check, and leave the check enabled.",
    severity="high",
    applies_to=("aws_lb_target_group", "aws_alb_target_group"),
)
def judge(targets: Resource, graph: ResourceGraph, *, path: str, matcher: str) -> Iterator[Finding]:
    """A load balancer sends requests to every target that it believes healthy. If it asks the wrong question, or takes
    an error for a good answer, users meet the instances that do not work."""
    enabled = targets.attribute("health_check.enabled")
    if enabled.is_false or (enabled.is_missing and targets.attribute("target_type").value == "lambda"):
        yield enabled.fails("the health check is off")
        return
    protocol = targets.attribute("health_check.protocol")
    if protocol.text.upper() not in ("", "HTTP", "HTTPS"):
        yield protocol.fails(f"{protocol.text} only tries the connection, and asks for no path")
    asked, expected = targets.attribute("health_check.path"), targets.attribute("health_check.matcher")
    # what AWS takes when nothing is set: the root, and 200 (over gRPC: 12)
    grpc = targets.attribute("protocol_version").text.upper() == "GRPC"
    for attribute, wanted, default in ((asked, path, "/"), (expected, matcher, "12" if grpc else "200")):
        found = attribute.text or default
        if found == wanted:
            yield attribute.passes(f"it is {found}")
        else:
            yield attribute.fails(f"it is {found}, not {wanted}")
