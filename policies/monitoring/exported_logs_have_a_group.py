"""Policy exported-logs-have-a-group."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.monitoring.log_groups import is_declared, written
from policies.registry import policy
from policies.resources import Resource

_PLACES = {
    "aws_rds_cluster": ("/aws/rds/cluster/", "cluster_identifier"),
    "aws_db_instance": ("/aws/rds/instance/", "identifier"),
}


@policy(
    id="exported-logs-have-a-group",
    title="The log groups of a database are part of its stack",
    remediation="Declare an aws_cloudwatch_log_group /aws/rds/cluster/IDENTIFIER/LOG (/aws/rds/instance/... for an "
    "instance) for each exported log, and let the database depend on it.",
    severity="medium",
    applies_to=tuple(_PLACES),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A log group that is not there, RDS makes itself: without a key of ours, kept for ever, and left behind when the
    database is destroyed."""
    folder, path = _PLACES[database.type]
    exports, identifier = database.attribute("enabled_cloudwatch_logs_exports"), database.attribute(path)
    if not exports.items():
        yield database.not_applicable("no log is exported")
    for export in exports.items():
        wanted = f"{folder}{written(identifier)}/{export.text}"
        declared = is_declared(wanted, graph)
        if declared:
            yield export.passes(f"the log group {wanted} is part of the stack")
        elif declared is None or identifier.is_unresolved:
            yield export.undetermined(f"whether a log group has the name {wanted} is not known here")
        else:
            yield export.fails(f"no log group of the stack has the name {wanted}")
