"""The database: Aurora MySQL in two zones, encrypted, audited, and deaf to connections without TLS."""

from collections.abc import Mapping, Sequence

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
from infra.keys import EncryptionKeys
from infra.logs import application_log_group, audit_log_group
from infra.naming import DB_IDENTIFIER_LIMIT
from infra.security import DATABASE_PORT

ENGINE = "aurora-mysql"
PARAMETER_FAMILY = "aurora-mysql8.0"
INSTANCE_CLASS = "db.r6g.large"
INSTANCE_ZONES = ("a", "b")
DATABASE_NAME = "financialdb"
MASTER_USER = "financial_admin"
BACKUP_RETENTION_DAYS = 7  # also how far back a point-in-time recovery reaches
# UTC, outside business hours in New York; the windows may not overlap.
BACKUP_WINDOW = "06:00-07:00"
CLUSTER_MAINTENANCE_WINDOW = "sun:07:30-sun:08:30"
INSTANCE_MAINTENANCE_WINDOW = "sun:08:30-sun:09:30"
MONITORING_INTERVAL_SECONDS = 60
PERFORMANCE_INSIGHTS_DAYS = 7

# The general log stays off: it would write down every statement, cardholder data included.
PARAMETERS: Mapping[str, str] = {
    "require_secure_transport": "ON",
    "tls_version": "TLSv1.2,TLSv1.3",
    "server_audit_logging": "1",
    "server_audit_events": "CONNECT,QUERY_DCL,QUERY_DDL",
    "slow_query_log": "1",
    "log_output": "FILE",
}
STATIC_PARAMETERS = {"tls_version"}  # take effect at the next restart


class Database(Construct):
    """An Aurora MySQL cluster that only members of the given security group reach.

    RDS makes the master password, keeps it in Secrets Manager and rotates it; it never enters code or state.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        subnet_ids: Sequence[str],
        security_group_id: str,
        keys: EncryptionKeys,
        engine_version: str,
        alerts_topic_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        names, production = deployment.names, not deployment.teardown.allowed
        identifier = names("aurora", limit=DB_IDENTIFIER_LIMIT)
        logs = self._log_groups(identifier, keys.logs.arn)
        cluster = RdsCluster(
            self,
            "cluster",
            cluster_identifier=identifier,
            engine=ENGINE,
            engine_mode="provisioned",
            engine_version=engine_version,
            database_name=DATABASE_NAME,
            port=DATABASE_PORT,
            master_username=MASTER_USER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=keys.secrets.arn,
            db_subnet_group_name=self._subnets(subnet_ids),
            vpc_security_group_ids=[security_group_id],
            db_cluster_parameter_group_name=self._cluster_parameters(),
            storage_encrypted=True,
            kms_key_id=keys.database.arn,
            iam_database_authentication_enabled=True,
            enabled_cloudwatch_logs_exports=list(logs),
            backup_retention_period=BACKUP_RETENTION_DAYS,
            preferred_backup_window=BACKUP_WINDOW,
            preferred_maintenance_window=CLUSTER_MAINTENANCE_WINDOW,
            copy_tags_to_snapshot=True,
            deletion_protection=production,
            skip_final_snapshot=not production,
            final_snapshot_identifier=names("aurora-final", limit=DB_IDENTIFIER_LIMIT) if production else None,
            delete_automated_backups=not production,
            # RDS makes a missing log group itself: without key, kept for ever, and left behind.
            depends_on=list(logs.values()),
            tags=names.tag("aurora"),
        )
        self.identifier: str = cluster.cluster_identifier
        self.endpoint: str = cluster.endpoint
        self.reader_endpoint: str = cluster.reader_endpoint
        self.name = DATABASE_NAME
        self.engine = "mysql"
        self.master_secret_arn: str = cluster.master_user_secret.get(0).secret_arn
        self.instances = self._instances(cluster, keys.database.arn)
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
        """Return the groups of the exported logs, whose names RDS prescribes; only `audit` is audit material."""
        kinds = {"audit": audit_log_group, "error": application_log_group, "slowquery": application_log_group}
        return {
            log: make(self, f"{log}_log", name=f"/aws/rds/cluster/{identifier}/{log}", kms_key_arn=kms_key_arn)
            for log, make in kinds.items()
        }

    def _subnets(self, subnet_ids: Sequence[str]) -> str:
        name = self._deployment.names("database")
        group = DbSubnetGroup(
            self,
            "subnets",
            name=name,
            description="Private subnets of the portal",
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
            family=PARAMETER_FAMILY,
            parameter=[
                RdsClusterParameterGroupParameter(
                    name=parameter,
                    value=value,
                    apply_method="pending-reboot" if parameter in STATIC_PARAMETERS else "immediate",
                )
                for parameter, value in PARAMETERS.items()
            ],
            tags={"Name": name},
        )
        group_name: str = group.name
        return group_name

    def _instances(self, cluster: RdsCluster, kms_key_arn: str) -> list[RdsClusterInstance]:
        names = self._deployment.names
        monitor = self._monitor()
        parameters = DbParameterGroup(
            self,
            "parameters",
            name=names("database-instance"),
            description="Parameters of one instance; none differs from the family's",
            family=PARAMETER_FAMILY,
            tags=names.tag("database-instance"),
        )
        return [
            RdsClusterInstance(
                self,
                f"instance_{zone}",
                identifier=names(f"aurora-{zone}", limit=DB_IDENTIFIER_LIMIT),
                cluster_identifier=cluster.id,
                engine=cluster.engine,
                engine_version=cluster.engine_version,
                instance_class=INSTANCE_CLASS,
                availability_zone=f"{self._deployment.region}{zone}",
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
                tags=names.tag(f"aurora-{zone}"),
            )
            for zone in INSTANCE_ZONES
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
