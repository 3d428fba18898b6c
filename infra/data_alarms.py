"""Is the transaction API well, seen from its database, its cache, its files and the archive of its logs?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.dashboards import Graph
from infra.database_alarms import DatabaseLimits, DatabaseMetrics

FULL_PERCENT = 90
# Of the 2,000 connections that Aurora allows an instance that scales from 0.5 to 16 ACU, and of the 32 GiB that 16 ACU
# have: Aurora reports what the largest size has free.
DATABASE_LIMITS = DatabaseLimits(connections=1600, free_memory_bytes=4 * 1024**3)
CACHE_CPU_PERCENT = 80
CACHE_LAG_SECONDS = 5
ARCHIVE_LAG_SECONDS = 3600  # of the day that a stream keeps what it could not deliver


@dataclass(frozen=True)
class MonitoredData:
    """The names by which CloudWatch knows what keeps the API's data, and its logs.

    ElastiCache measures each of `cache_nodes` by itself.
    """

    cluster: str
    cache_nodes: Sequence[str]
    file_system: str
    rotation_function: str
    log_stream: str


class DataMetrics:
    """Every figure of the data that is watched, shown, or both."""

    def __init__(self, parts: MonitoredData) -> None:
        cluster = {"DBClusterIdentifier": parts.cluster}
        self.database_capacity = Metric("AWS/RDS", "ServerlessDatabaseCapacity", cluster, "Maximum")
        self.database_full = Metric("AWS/RDS", "ACUUtilization", cluster, "Maximum")
        self.database = DatabaseMetrics(cluster=parts.cluster, rotation_function=parts.rotation_function)

        nodes = [{"CacheClusterId": node} for node in parts.cache_nodes]
        self.cache_cpu = [Metric("AWS/ElastiCache", "EngineCPUUtilization", node, "Average") for node in nodes]
        self.cache_memory = [
            Metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", node, "Maximum") for node in nodes
        ]
        self.cache_evictions = [Metric("AWS/ElastiCache", "Evictions", node) for node in nodes]
        self.cache_lag = [Metric("AWS/ElastiCache", "ReplicationLag", node, "Maximum") for node in nodes]
        self.cache_hits = [Metric("AWS/ElastiCache", "CacheHitRate", node, "Average") for node in nodes]
        self.cache_refusals = [Metric("AWS/ElastiCache", "AuthenticationFailures", node) for node in nodes]

        files = {"FileSystemId": parts.file_system}
        self.files_busy = Metric("AWS/EFS", "PercentIOLimit", files, "Maximum")
        self.files_clients = Metric("AWS/EFS", "ClientConnections", files)
        self.files_bytes = Metric("AWS/EFS", "TotalIOBytes", files)

        stream = {"DeliveryStreamName": parts.log_stream}
        self.archive_lag = Metric("AWS/Firehose", "DeliveryToS3.DataFreshness", stream, "Maximum")
        self.archived = Metric("AWS/Firehose", "DeliveryToS3.Records", stream)


class DataAlarms(Construct):
    """The alarms, each of which publishes to the alerts topic; `graphs` show the same figures."""

    def __init__(self, scope: Construct, id_: str, *, monitored: MonitoredData, alarms: AlarmMaker) -> None:
        super().__init__(scope, id_)
        metrics = DataMetrics(monitored)
        for alarm_id, alarm in {
            **_alarms_of_database(metrics),
            **_alarms_of_cache(metrics),
            **_alarms_of_files_and_logs(metrics),
        }.items():
            alarms.make(self, alarm_id, alarm)
        self.graphs = _graphs(metrics)


def _alarms_of_database(metrics: DataMetrics) -> Mapping[str, Alarm]:
    return {
        "database_full": Alarm(
            "The database is nearly as large as it may become", metrics.database_full, FULL_PERCENT, periods=3
        ),
        **metrics.database.alarms(DATABASE_LIMITS),
    }


def _alarms_of_cache(metrics: DataMetrics) -> Mapping[str, Alarm]:
    watched = {
        "cpu": ("is busy", metrics.cache_cpu, CACHE_CPU_PERCENT, 3),
        "memory": ("is full", metrics.cache_memory, FULL_PERCENT, 3),
        "evictions": ("forgets what is still good", metrics.cache_evictions, 1, 3),
        "lag": ("lags: a failover would lose writes", metrics.cache_lag, CACHE_LAG_SECONDS, 3),
        "refusals": ("refuses logins", metrics.cache_refusals, 1, 1),
    }
    return {
        f"cache_{number}_{figure}": Alarm(f"Node {number} of the cache {what}", metric, threshold, periods=periods)
        for figure, (what, of_nodes, threshold, periods) in watched.items()
        for number, metric in enumerate(of_nodes, start=1)
    }


def _alarms_of_files_and_logs(metrics: DataMetrics) -> Mapping[str, Alarm]:
    return {
        "files_busy": Alarm("The file system is at the limit of its operations", metrics.files_busy, FULL_PERCENT),
        "log_archive_lag": Alarm(
            "Logs do not reach their archive: after a day they would be lost", metrics.archive_lag, ARCHIVE_LAG_SECONDS
        ),
    }


def _graphs(metrics: DataMetrics) -> list[Graph]:
    return [
        Graph("Capacity of the database (ACU)", [metrics.database_capacity]),
        Graph("Load of the database (%)", [metrics.database_full, metrics.database.cpu]),
        Graph("Connections to the database", [metrics.database.connections]),
        Graph("Free memory of the database (bytes)", [metrics.database.memory]),
        Graph("Lag of the reader (ms)", [metrics.database.replica_lag]),
        Graph("Load of the cache's nodes (%)", [*metrics.cache_cpu, *metrics.cache_memory]),
        Graph("Hits of the cache (%)", metrics.cache_hits),
        Graph("Evictions and refused logins of the cache", [*metrics.cache_evictions, *metrics.cache_refusals]),
        Graph("Lag of the cache's replicas (s)", metrics.cache_lag),
        Graph("Load of the file system (%)", [metrics.files_busy]),
        Graph("Files: clients, bytes", [metrics.files_clients, metrics.files_bytes]),
        Graph("Rotations of the secret", [metrics.database.rotations, metrics.database.rotation_errors]),
        Graph("Logs on their way to the archive: age (s), records", [metrics.archive_lag, metrics.archived]),
    ]
