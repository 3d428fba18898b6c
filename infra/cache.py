"""The cache: Redis on three nodes in three zones, encrypted, and closed to everybody but one user with an IAM token."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.elasticache_parameter_group import (
    ElasticacheParameterGroup,
    ElasticacheParameterGroupParameter,
)
from cdktf_cdktf_provider_aws.elasticache_replication_group import (
    ElasticacheReplicationGroup,
    ElasticacheReplicationGroupLogDeliveryConfiguration,
)
from cdktf_cdktf_provider_aws.elasticache_subnet_group import ElasticacheSubnetGroup
from cdktf_cdktf_provider_aws.elasticache_user import ElasticacheUser
from cdktf_cdktf_provider_aws.elasticache_user_group import ElasticacheUserGroup
from constructs import Construct

from infra.deployment import Deployment
from infra.log_delivery import admit_log_delivery
from infra.logs import archived_log_group
from infra.naming import CACHE_LIMIT

CACHE_PORT = 6379
ENGINE = "redis"
ENGINE_VERSION = "7.1"
PARAMETER_FAMILY = "redis7"
# A full cache makes room instead of refusing what is new, whichever keys have a lifetime.
PARAMETERS = {"maxmemory-policy": "allkeys-lru"}
SNAPSHOT_DAYS = 5
# UTC, as those of the database; they may not overlap.
SNAPSHOT_WINDOW = "06:00-07:00"
MAINTENANCE_WINDOW = "sun:07:30-sun:08:30"

KEYS = "transactions:*"
COMMANDS = ("get", "set", "ping")
# Every user group needs a user of this name: who connects without a name becomes it. This one may do nothing.
DEFAULT_USER = "default"
NO_ACCESS = "off ~* -@all"


@dataclass(frozen=True)
class CacheKeys:
    """The KMS keys of the data and its snapshots, and of the logs."""

    data_arn: str
    logs_arn: str


class Cache(Construct):
    """A primary node and a replica in each other zone, which only members of the given security group reach.

    A replica takes over when the primary fails, within seconds. `log_groups` are the groups of the logs that Redis
    writes, by log. `user` may do COMMANDS on KEYS and nothing else: who is to be it needs elasticache:Connect on `arn`
    and on `user_arn`. CloudWatch knows the nodes by the names in `nodes`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        subnet_ids: Sequence[str],
        zones: Sequence[str],
        security_group_id: str,
        keys: CacheKeys,
    ) -> None:
        super().__init__(scope, id_)
        self._names, profile = deployment.names, deployment.profile
        name = self._names("cache", limit=CACHE_LIMIT)
        user = self._user()
        self.log_groups = self._log_groups(keys.logs_arn)
        delivery = admit_log_delivery(
            self,
            "delivery",
            deployment=deployment,
            groups=list(self.log_groups.values()),
            resource="cache-logs",
            sid="Cache",
        )
        group = ElasticacheReplicationGroup(
            self,
            "nodes",
            replication_group_id=name,
            description="Cache of the transaction API",
            engine=ENGINE,
            engine_version=ENGINE_VERSION,
            node_type=profile.cache_node_type,
            port=CACHE_PORT,
            parameter_group_name=self._parameters(),
            num_cache_clusters=len(zones),
            preferred_cache_cluster_azs=list(zones),
            multi_az_enabled=True,
            automatic_failover_enabled=True,
            auto_minor_version_upgrade="true",
            subnet_group_name=self._subnets(subnet_ids),
            security_group_ids=[security_group_id],
            at_rest_encryption_enabled="true",
            kms_key_id=keys.data_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            user_group_ids=[self._user_group(user)],
            snapshot_retention_limit=SNAPSHOT_DAYS,
            snapshot_window=SNAPSHOT_WINDOW,
            maintenance_window=MAINTENANCE_WINDOW,
            final_snapshot_identifier=self._names("cache-final", limit=CACHE_LIMIT) if profile.final_snapshot else None,
            log_delivery_configuration=[
                ElasticacheReplicationGroupLogDeliveryConfiguration(
                    destination=log_group.name, destination_type="cloudwatch-logs", log_format="json", log_type=log
                )
                for log, log_group in self.log_groups.items()
            ],
            lifecycle=profile.lifecycle(),
            depends_on=[delivery],
            tags=self._names.tag("cache"),
        )
        self.name: str = group.replication_group_id
        self.arn: str = group.arn
        self.user: str = user.user_name
        self.user_arn: str = user.arn
        self.primary_endpoint: str = group.primary_endpoint_address
        self.nodes = [f"{name}-{number:03}" for number in range(1, len(zones) + 1)]  # as ElastiCache names them

    def _user(self) -> ElasticacheUser:
        name = self._names("serving", limit=CACHE_LIMIT)
        commands = " ".join(f"+{command}" for command in COMMANDS)
        return ElasticacheUser(
            self,
            "user",
            user_id=name,
            user_name=name,  # has to be the same where IAM authenticates
            engine=ENGINE,
            access_string=f"on ~{KEYS} -@all {commands}",
            authentication_mode={"type": "iam"},
            tags=self._names.tag("serving"),
        )

    def _user_group(self, user: ElasticacheUser) -> str:
        nobody = ElasticacheUser(
            self,
            "nobody",
            user_id=self._names("nobody", limit=CACHE_LIMIT),
            user_name=DEFAULT_USER,
            engine=ENGINE,
            access_string=NO_ACCESS,
            authentication_mode={"type": "no-password-required"},  # the one kind that needs no secret
            tags=self._names.tag("nobody"),
        )
        group = ElasticacheUserGroup(
            self,
            "users",
            user_group_id=self._names("cache", limit=CACHE_LIMIT),
            engine=ENGINE,
            user_ids=[nobody.user_id, user.user_id],
            tags=self._names.tag("cache-users"),
        )
        group_id: str = group.user_group_id
        return group_id

    def _subnets(self, subnet_ids: Sequence[str]) -> str:
        name = self._names("cache")
        group = ElasticacheSubnetGroup(
            self,
            "subnets",
            name=name,
            description="Private subnets of the transaction API",
            subnet_ids=list(subnet_ids),
            tags={"Name": name},
        )
        group_name: str = group.name
        return group_name

    def _parameters(self) -> str:
        name = self._names("cache")
        group = ElasticacheParameterGroup(
            self,
            "parameters",
            name=name,
            description="A full cache forgets what was used least recently",
            family=PARAMETER_FAMILY,
            parameter=[
                ElasticacheParameterGroupParameter(name=parameter, value=value)
                for parameter, value in PARAMETERS.items()
            ],
            tags={"Name": name},
        )
        group_name: str = group.name
        return group_name

    def _log_groups(self, kms_key_arn: str) -> dict[str, CloudwatchLogGroup]:
        """Return the groups of the logs. The slow log quotes what was cached, which never holds a card number."""
        return {
            log: archived_log_group(
                self, log.replace("-", "_"), name=self._names(f"cache-{log}"), kms_key_arn=kms_key_arn
            )
            for log in ("slow-log", "engine-log")
        }
