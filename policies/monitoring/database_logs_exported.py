"""Policy database-logs-exported."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# What each engine can export, but for MySQL's general log, which repeats every statement with its data, and logs of
# operating the engine (Amazon RDS and Aurora user guides).
_LOGS = {
    "aurora-mysql": {"audit", "error", "slowquery"},
    "aurora-postgresql": {"postgresql"},
    "mysql": {"audit", "error", "slowquery"},
    "mariadb": {"audit", "error", "slowquery"},
    "postgres": {"postgresql"},
    "sqlserver": {"error"},
    "oracle": {"alert", "audit", "listener"},
}


@policy(
    id="database-logs-exported",
    title="The database exports its logs to CloudWatch",
    remediation="List every log of the engine in enabled_cloudwatch_logs_exports: audit, error and slowquery for MySQL "
    "and MariaDB, postgresql for PostgreSQL.",
    severity="medium",
    applies_to=("aws_rds_cluster", "aws_db_instance"),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Logs that stay on the database's disk are rotated away within hours, and vanish with the instance. Who logged
    in, and what failed, is then gone when somebody asks."""
    engine, exports = database.attribute("engine"), database.attribute("enabled_cloudwatch_logs_exports")
    family = engine.text if engine.text in _LOGS else engine.text.partition("-")[0]
    if family not in _LOGS:  # a replica has the engine of its source
        yield engine.undetermined(f"which logs {engine.text or 'an unnamed engine'} has is not known")
    else:
        missing = _LOGS[family] - {one.text for one in exports.items()}
        if missing:
            yield exports.fails(f"not exported: {', '.join(sorted(missing))}")
        else:
            yield exports.passes("every log of the engine is exported")
