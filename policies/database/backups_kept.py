"""Policy backups-kept."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# What AWS keeps when nobody says: one day for a cluster; an instance has none, as the provider sends 0.
_DEFAULT_DAYS = {"aws_rds_cluster": 1, "aws_db_instance": 0}


@policy(
    id="backups-kept",
    title="Automated backups of a database are kept long enough",
    remediation="Set backup_retention_period to the number of days that a recovery must reach back.",
    severity="high",
    applies_to=tuple(_DEFAULT_DAYS),
)
def judge(database: Resource, graph: ResourceGraph, *, days: int = 7) -> Iterator[Finding]:
    """A mistake or an intruder's change is often noticed days later. RDS backs up every day and keeps the changes in
    between for the same period, so the retention is also how far back a point-in-time recovery reaches."""
    source = database.attribute("replicate_source_db")
    if source.is_handed_over or source.is_given:
        yield database.not_applicable("a replica: its source keeps the backups")
        return
    retention = database.attribute("backup_retention_period")
    kept = _DEFAULT_DAYS[database.type] if retention.is_missing else retention.number
    if kept is None:
        yield retention.undetermined("not a number of days")
    elif kept >= days:
        yield retention.passes(f"backups are kept {kept:g} days")
    else:
        yield retention.fails(f"backups are kept {kept:g} days, fewer than {days}")
