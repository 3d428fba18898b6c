"""What of the disaster recovery system belongs to no single region: every construct, wired.

the system's name -> primary region's name, or secondary region's name (infra/recovery_region.py makes these)
table and bucket in the primary region <-> table and bucket in the secondary one
"""

from constructs import Construct

from infra import recovery
from infra.alarms import AlarmMaker
from infra.alerting import alerts_with_key
from infra.alerts import ALARMS
from infra.dns import HostedZone
from infra.failover import Failover, FailoverTarget
from infra.keys import EncryptionKey, used_by_log_groups
from infra.query_log import QueryLog
from infra.recovery import GLOBAL_REGION, PRIMARY, REGIONS, SECONDARY
from infra.replicated_data import RegionalCopy, replicated_table
from infra.replication import Replication
from infra.settings import Settings
from infra.system_stack import SystemStack


class GlobalStack(SystemStack):
    """The data in both regions, and the failover from one to the other. Losing a region changes nothing here."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(
            scope,
            recovery.GLOBAL_STACK,
            settings=settings,
            system_tags=recovery.SYSTEM_TAGS,
            region=GLOBAL_REGION,
            names=recovery.names(settings),
            global_names=recovery.global_names(settings, GLOBAL_REGION),
            other_regions=[region.name for region in REGIONS],
        )
        deployment = self.deployment
        primary = RegionalCopy(self, "primary", deployment=recovery.in_region(deployment, settings, PRIMARY.name))
        secondary = RegionalCopy(self, "secondary", deployment=recovery.in_region(deployment, settings, SECONDARY.name))
        table = replicated_table(primary, secondary)
        for source, target in ((primary, secondary), (secondary, primary)):
            Replication(
                source,
                "replication",
                deployment=source.deployment,
                source=source.bucket,
                source_key_arn=source.key_arn,
                target=target.bucket,
                target_key_arn=target.key_arn,
                target_region=target.deployment.region,
            )
        for copy in (primary, secondary):
            self.deploy_elsewhere(copy, copy.deployment.region)

        logs_key = EncryptionKey(
            self, "logs", deployment=deployment, description="Logs", statements=[used_by_log_groups(deployment)]
        )
        alerts = alerts_with_key(self, deployment=deployment, publishers=ALARMS, email=settings.alert_email)
        domain = settings.recovery_domain
        zone = HostedZone(self, "dns", domain=domain)
        Failover(
            self,
            "failover",
            deployment=deployment,
            zone=zone,
            domain_name=domain.name,
            targets=tuple(
                FailoverTarget(region.name, region.failover, recovery.regional_name(domain.name, region))
                for region in REGIONS
            ),
            alarms=AlarmMaker(deployment, alerts.topic_arn),
        )
        QueryLog(self, "query_log", deployment=deployment, zone_id=zone.id, kms_key_arn=logs_key.arn)

        self.give_out("recovery_url", f"https://{domain.name}", "Leads to the primary region while it is healthy")
        self.give_out("table_arn", table.arn, "The table in the primary region")
        self.give_out("replica_arn", table.replica_arn, "The same table in the secondary region")
        self.give_out("primary_bucket", primary.bucket.name, "Objects put here reach the secondary bucket")
        self.give_out("secondary_bucket", secondary.bucket.name, "Objects put here reach the primary bucket")
        self.give_out("alerts_topic_arn", alerts.topic_arn, "Subscribe to alerts about failover here")
