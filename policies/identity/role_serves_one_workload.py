"""Policy role-serves-one-workload."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.iam_documents import statements
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

# What runs under a role: resource type, the attribute that names the role, and whether each such resource is a
# workload of its own (two functions are; two instances of one database cluster are not).
_RUNS_UNDER = (
    ("aws_lambda_function", "role", True),
    ("aws_iam_instance_profile", "role", True),
    ("aws_ecs_task_definition", "task_role_arn", True),
    ("aws_sfn_state_machine", "role_arn", True),
    ("aws_codebuild_project", "service_role", True),
    ("aws_glue_job", "role_arn", True),
    ("aws_rds_cluster_instance", "monitoring_role_arn", False),
    ("aws_db_instance", "monitoring_role_arn", False),
    ("aws_flow_log", "iam_role_arn", False),
    ("aws_cloudtrail", "cloud_watch_logs_role_arn", False),
    ("aws_kinesis_firehose_delivery_stream", "extended_s3_configuration.role_arn", False),
    ("aws_cloudwatch_log_subscription_filter", "role_arn", False),
    ("aws_cloudwatch_event_target", "role_arn", False),
)
_ONE_SERVICE = (
    {"lambda.amazonaws.com", "edgelambda.amazonaws.com"},
    {"s3.amazonaws.com", "batchoperations.s3.amazonaws.com"},
)


@policy(
    id="role-serves-one-workload",
    title="A role is assumed by one kind of principal for one workload",
    remediation="Give every function, group of instances and service integration a role of its own, assumed by its "
    "service alone.",
    severity="medium",
    applies_to=("aws_iam_role",),
)
def judge(role: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A role that several workloads share allows each of them what only the others need, and its entries in the audit
    trail no longer say which of them acted."""
    trust = role.attribute("assume_role_policy")
    trusted = _trusted(trust, graph)
    workloads = [one for type_, path, alone in _RUNS_UNDER for one in _workloads(role, graph, type_, path, alone)]
    if len(trusted) > 1 and not any(trusted <= same for same in _ONE_SERVICE):
        yield trust.fails(f"several kinds of principals assume it: {', '.join(sorted(trusted))}")
    elif len(workloads) > 1:
        yield role.fails(f"several workloads run under it: {', '.join(workloads)}")
    else:
        yield role.passes(f"it serves {workloads[0] if workloads else 'no more than one workload'}")


def _trusted(trust: Attribute, graph: ResourceGraph) -> set[str]:
    """Each service that may assume the role, and each other kind of principal.

    Raises Undetermined where several may be named and one of them is not known.
    """
    allowed = [one.principals for one in statements(trust, graph) if one.effect == "Allow"]
    services = [service for principals in allowed for service in principals.get("Service", ())]
    others = {kind for principals in allowed for kind in principals if kind != "Service"}
    if len(services) == 1:  # whichever it is
        return {str(services[0].fails("").observed), *others}
    return {*(service.text for service in services), *others}


def _workloads(role: Resource, graph: ResourceGraph, type_: str, path: str, alone: bool) -> list[str]:
    found = [one.address for one in graph.referrers(role, type_, path)]
    return found if alone else [type_] if found else []
