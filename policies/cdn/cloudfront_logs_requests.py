"""Policy cloudfront-logs-requests."""

from collections.abc import Iterator

from policies.cdn.distributions import DISTRIBUTION, behaviors
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_EVERY_REQUEST = 100  # per cent


@policy(
    id="cloudfront-logs-requests",
    title="Every request to a distribution is logged",
    remediation="Deliver ACCESS_LOGS of the distribution (aws_cloudwatch_log_delivery_source and "
    "aws_cloudwatch_log_delivery), or set logging_config.",
    severity="medium",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """What CloudFront answers or refuses by itself, no server behind it ever sees. Its access log is then the only
    record of who asked for what."""
    bucket = distribution.attribute("logging_config.bucket")
    if bucket.is_given:
        yield bucket.passes("standard logging is on")
        return
    for source in graph.referrers(distribution, "aws_cloudwatch_log_delivery_source", "resource_arn"):
        if source.attribute("log_type").value == "ACCESS_LOGS":
            for delivery in graph.referrers(source, "aws_cloudwatch_log_delivery", "delivery_source_name"):
                yield distribution.passes(f"{delivery.address} delivers its access logs")
                return
    if _is_logged_in_real_time(distribution, graph):
        yield distribution.passes("every behavior sends each request to a real-time log")
    else:
        yield bucket.fails("neither logging_config nor a log delivery of the distribution")


def _is_logged_in_real_time(distribution: Resource, graph: ResourceGraph) -> bool:
    configurations = [
        graph.targets(behavior.attribute("realtime_log_config_arn"), "aws_cloudfront_realtime_log_config")
        for behavior in behaviors(distribution)
    ]
    return bool(configurations) and all(
        any(one.attribute("sampling_rate").number == _EVERY_REQUEST for one in found) for found in configurations
    )
