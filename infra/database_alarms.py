"""Is an Aurora cluster well, and the login that its application uses? The figures, and the alarms on them."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.alarms import Alarm, Metric

CPU_PERCENT = 80
REPLICA_LAG_MILLISECONDS = 1000


@dataclass(frozen=True)
class DatabaseLimits:
    """When a cluster is short of something: what its class of instances allows decides."""

    connections: int
    free_memory_bytes: int


class DatabaseMetrics:
    """Every figure that is watched, shown, or both, of a cluster and of the function that rotates its secret."""

    def __init__(self, *, cluster: str, rotation_function: str) -> None:
        named = {"DBClusterIdentifier": cluster}
        self.cpu = Metric("AWS/RDS", "CPUUtilization", named, "Average")
        self.connections = Metric("AWS/RDS", "DatabaseConnections", named, "Maximum")
        self.memory = Metric("AWS/RDS", "FreeableMemory", named, "Minimum")
        self.replica_lag = Metric("AWS/RDS", "AuroraReplicaLagMaximum", named, "Maximum")
        function = {"FunctionName": rotation_function}
        self.rotations = Metric("AWS/Lambda", "Invocations", function)
        self.rotation_errors = Metric("AWS/Lambda", "Errors", function)

    def alarms(self, limits: DatabaseLimits) -> Mapping[str, Alarm]:
        """Return the alarms by id."""
        return {
            "database_cpu": Alarm("The database's processors are busy", self.cpu, CPU_PERCENT, periods=3),
            "database_connections": Alarm("The database runs out of connections", self.connections, limits.connections),
            "database_memory": Alarm(
                "The database runs out of memory", self.memory, limits.free_memory_bytes, below=True, periods=3
            ),
            "database_replica_lag": Alarm(
                "The reader lags: a failover would lose time", self.replica_lag, REPLICA_LAG_MILLISECONDS, periods=3
            ),
            "rotation_errors": Alarm("The database's secret could not be rotated", self.rotation_errors, 1),
        }
