"""Policy database-instance-class-is."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="database-instance-class-is",
    title="Database instances are of a class that was planned for them",
    remediation="Set instance_class to a planned class.",
    severity="medium",
    applies_to=("aws_rds_cluster_instance", "aws_db_instance"),
)
def judge(instance: Resource, graph: ResourceGraph, *, instance_classes: tuple[str, ...]) -> Iterator[Finding]:
    """The class decides how many connections, how much memory and which processor a database has. A reader of a
    smaller class than the writer is overrun by the load that a failover gives it."""
    class_ = instance.attribute("instance_class")
    if class_.text in instance_classes:
        yield class_.passes(f"the instance is of the class {class_.text}")
    else:
        yield class_.fails(f"the class is not one of {', '.join(instance_classes)}")
