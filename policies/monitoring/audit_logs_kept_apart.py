"""Policy audit-logs-kept-apart."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_stores import audit_sources, streams_to, takes_audit_logs
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="audit-logs-kept-apart",
    title="Audit logs have a bucket that applications do not write to",
    remediation="Let the delivery streams of applications write to a bucket of their own.",
    severity="medium",
    applies_to=("aws_s3_bucket",),
)
def judge(bucket: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Logs of applications are written, read and cleared away by many. In one bucket with them, audit logs have the
    same readers, the same lifetime, and entries that an application made up."""
    source = next(audit_sources(bucket, graph), None)
    if source is None:
        yield bucket.not_applicable("nothing says that it takes audit logs")
        return
    others = [stream for stream in streams_to(bucket, graph) if not takes_audit_logs(stream, graph)]
    for stream in others:
        yield bucket.fails(f"{stream.address} puts other logs beside those of {source.address}")
    if not others:
        yield bucket.passes("it takes nothing but audit logs")
