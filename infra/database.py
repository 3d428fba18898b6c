"""A database: an Aurora cluster in several zones, encrypted, audited, and deaf to connections without TLS.

What differs from one system to the next is its plan (infra/portal_database.py, infra/transactions_database.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.db_event_subscription import DbEventSubscription
from cdktf_cdktf_provider_aws.db_parameter_group import DbParameterGroup
from cdktf_cdktf_provider_aws.db_subnet_group import DbSubnetGroup
from cdktf_cdktf_provider_aws.rds_cluster import RdsCluster
from cdktf_cdktf_provider_aws.rds_cluster_instance import RdsClusterInstance
from cdktf_cdktf_provider_aws.rds_cluster_parameter_group import (
    RdsClusterParameterGroup,
    RdsClusterParameterGroupParameter,
)
from constructs import Construct

from infra.deployment import Deployment
from infra.iam import WorkloadRole, allow
from infra.logs import LogGroupMaker
from infra.naming import DB_IDENTIFIER_LIMIT, Naming

MASTER_USER = "financial_admin"
# UTC, at night in the Americas; the windows may not overlap.
BACKUP_WINDOW = "06:00-07:00"
CLUSTER_MAINTENANCE_WINDOW = "sun:07:30-sun:08:30"
INSTANCE_MAINTENANCE_WINDOW = "sun:08:30-sun:09:30"
MONITORING_INTERVAL_SECONDS = 60
PERFORMANCE_INSIGHTS_DAYS = 7


@dataclass(frozen=True)
class Capacity:
    """Between how many Aurora capacity units (ACU, of 2 GiB of memory each) an instance scales (Serverless v2)."""

    minimum: float
    maximum: float


@dataclass(frozen=True)
class InstancePlan:
    """An instance of a cluster, by a letter.

    Of those with the lowest `promotion_tier`, 0 to 15, one becomes the writer when the writer fails (None: AWS's 0).
    """

    letter: str
    promotion_tier: int | None = None


@dataclass(frozen=True)
class DatabasePlan:
    """An Aurora cluster: the engine and how it is set up, its instances, its logs and its backups.

    `system` says whose it is ("the portal"), `login_engine` is the engine's name in a secret. `static_parameters` are
    those of `parameters` that take effect at a restart only. `log_groups` has a maker for each exported log. The first
    of `instances` stands in the first zone, and so on. `backup_days` is also how far back a point-in-time recovery
    reaches. Instances have a fixed size (`instance_class`), or `db.serverless` and a `capacity`.
    """

    system: str
    engine: str
    login_engine: str
    parameter_family: str
    port: int
    name: str
    parameters: Mapping[str, str]
    static_parameters: Collection[str]
    log_groups: Mapping[str, LogGroupMaker]
    instances: Sequence[InstancePlan]
    instance_class: str
    backup_days: int
    capacity: Capacity | None = None


@dataclass(frozen=True)
class DatabaseKeys:
    """The KMS keys of the data and its backups, of the master user's secret, and of the exported logs."""

    data_arn: str
    secret_arn: str
    logs_arn: str


class Database(Construct):
    """A cluster that only members of the given security group reach.

    RDS makes the master password, keeps it in Secrets Manager and rotates it; it never enters code or state.
    `log_groups` are the groups of the exported logs, by the log's name.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        plan: DatabasePlan,
        engine_version: str,
        subnet_ids: Sequence[str],
        zones: Sequence[str],
        security_group_id: str,
        keys: DatabaseKeys,
        alerts_topic_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self.plan = plan
        names, profile = deployment.names, deployment.profile
        identifier = names("aurora", limit=DB_IDENTIFIER_LIMIT)
        self.log_groups = self._log_groups(identifier, keys.logs_arn)
        cluster = RdsCluster(
            self,
            "cluster",
            cluster_identifier=identifier,
            engine=plan.engine,
            engine_mode="provisioned",
            engine_version=engine_version,
            database_name=plan.name,
            port=plan.port,
            master_username=MASTER_USER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=keys.secret_arn,
            db_subnet_group_name=self._subnets(subnet_ids),
            vpc_security_group_ids=[security_group_id],
            db_cluster_parameter_group_name=self._cluster_parameters(),
            serverlessv2_scaling_configuration=_scaling(plan.capacity),
            storage_encrypted=True,
            kms_key_id=keys.data_arn,
            iam_database_authentication_enabled=True,
            enabled_cloudwatch_logs_exports=list(self.log_groups),
            backup_retention_period=plan.backup_days,
            preferred_backup_window=BACKUP_WINDOW,
            preferred_maintenance_window=CLUSTER_MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            deletion_protection=profile.deletion_protection,
            skip_final_snapshot=not profile.final_snapshot,
            final_snapshot_identifier=_final_snapshot(names) if profile.final_snapshot else None,
            delete_automated_backups=not profile.keep_automated_backups,
            lifecycle=profile.lifecycle(),
            # RDS makes a missing log group itself: without key, kept for ever, and left behind.
            depends_on=list(self.log_groups.values()),
            tags=names.tag("aurora"),
        )
        self.identifier: str = cluster.cluster_identifier
        self.endpoint: str = cluster.endpoint
        self.reader_endpoint: str = cluster.reader_endpoint
        self.master_secret_arn: str = cluster.master_user_secret.get(0).secret_arn
        self.instances = self._instances(cluster, zones, keys.data_arn)
        DbEventSubscription(
            self,
            "events",
            name=names("database-events"),
            sns_topic=alerts_topic_arn,
            source_type="db-cluster",
            source_ids=[cluster.id],
            event_categories=["configuration change", "deletion", "failover", "failure", "maintenance", "notification"],
            tags=names.tag("database-events"),
        )

    def _log_groups(self, identifier: str, kms_key_arn: str) -> Mapping[str, CloudwatchLogGroup]:
        """Return the groups of the exported logs, whose names RDS prescribes."""
        return {
            log: make(self, f"{log}_log", name=f"/aws/rds/cluster/{identifier}/{log}", kms_key_arn=kms_key_arn)
            for log, make in self.plan.log_groups.items()
        }

    def _subnets(self, subnet_ids: Sequence[str]) -> str:
        name = self._deployment.names("database")
        group = DbSubnetGroup(
            self,
            "subnets",
            name=name,
            description=f"Private subnets of {self.plan.system}",
            subnet_ids=list(subnet_ids),
            tags={"Name": name},
        )
        group_name: str = group.name
        return group_name

    def _cluster_parameters(self) -> str:
        name = self._deployment.names("database-cluster")
        group = RdsClusterParameterGroup(
            self,
            "cluster_parameters",
            name=name,
            description="TLS required, connections and changes of schema and rights audited",
            family=self.plan.parameter_family,
            parameter=[
                RdsClusterParameterGroupParameter(
                    name=parameter,
                    value=value,
                    apply_method="pending-reboot" if parameter in self.plan.static_parameters else "immediate",
                )
                for parameter, value in self.plan.parameters.items()
            ],
            tags={"Name": name},
        )
        group_name: str = group.name
        return group_name

    def _instances(self, cluster: RdsCluster, zones: Sequence[str], kms_key_arn: str) -> list[RdsClusterInstance]:
        names = self._deployment.names
        monitor = self._monitor()
        parameters = DbParameterGroup(
            self,
            "parameters",
            name=names("database-instance"),
            description="Parameters of one instance; none differs from the family's",
            family=self.plan.parameter_family,
            tags=names.tag("database-instance"),
        )
        return [
            RdsClusterInstance(
                self,
                f"instance_{instance.letter}",
                identifier=names(f"aurora-{instance.letter}", limit=DB_IDENTIFIER_LIMIT),
                cluster_identifier=cluster.id,
                engine=cluster.engine,
                engine_version=cluster.engine_version,
                instance_class=self.plan.instance_class,
                availability_zone=zone,
                promotion_tier=instance.promotion_tier,
                db_subnet_group_name=cluster.db_subnet_group_name,
                db_parameter_group_name=parameters.name,
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=kms_key_arn,
                performance_insights_retention_period=PERFORMANCE_INSIGHTS_DAYS,
                monitoring_interval=MONITORING_INTERVAL_SECONDS,
                monitoring_role_arn=monitor.arn,
                preferred_maintenance_window=INSTANCE_MAINTENANCE_WINDOW,
                copy_tags_to_snapshot=True,
                depends_on=[monitor.policy],
                tags=names.tag(f"aurora-{instance.letter}"),
            )
            for instance, zone in zip(self.plan.instances, zones[: len(self.plan.instances)], strict=True)
        ]

    def _monitor(self) -> WorkloadRole:
        """Return the role by which RDS writes operating system metrics, into the group it prescribes."""
        group = self._deployment.arn("logs", "log-group:RDSOSMetrics")
        return WorkloadRole(
            self,
            "monitor",
            deployment=self._deployment,
            resource="database-monitor",
            assumed_by="monitoring.rds",
            statements=[
                allow("logs:CreateLogGroup", "logs:PutRetentionPolicy", on=f"{group}*"),
                allow(
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:DescribeLogStreams",
                    "logs:GetLogEvents",
                    on=f"{group}:log-stream:*",
                ),
            ],
        )


def _final_snapshot(names: Naming) -> str:
    return names("aurora-final", limit=DB_IDENTIFIER_LIMIT)


def _scaling(capacity: Capacity | None) -> dict[str, float] | None:
    return {"min_capacity": capacity.minimum, "max_capacity": capacity.maximum} if capacity else None
