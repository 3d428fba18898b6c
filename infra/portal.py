"""The customer portal: every construct, wired. This page shows who is given what, and so who can reach whom.

viewer -> CloudFront (WAF) -> load balancer -> instances -> database
                \\-> static assets                 \\-> AWS services, by VPC endpoints
"""

from dataclasses import dataclass
from pathlib import Path

from cdktf_cdktf_provider_aws.iam_service_linked_role import IamServiceLinkedRole
from constructs import Construct

from infra import recovery
from infra.alarms import AlarmMaker
from infra.alerts import DATABASE_ALERTS, Alerts
from infra.application_logs import ApplicationLogs
from infra.cdn import Cdn
from infra.cdn_logs import CdnLogs
from infra.compute import Compute
from infra.database import Database, DatabaseKeys
from infra.dns import HostedZone
from infra.endpoints import Endpoints
from infra.files import ApplicationFiles
from infra.flow_logs import FlowLogs
from infra.functions import FunctionKeys, Place
from infra.keys import EncryptionKeys
from infra.monitoring import Monitored, Monitoring
from infra.origin_balancer import OriginBalancer
from infra.origin_header import OriginHeader
from infra.portal_database import DATABASE
from infra.scaling import Scaling
from infra.secrets import DatabaseSecret
from infra.security import SecurityGroups
from infra.security_alarms import SecurityAlarms
from infra.settings import Settings
from infra.storage import Storage
from infra.system_stack import SystemStack
from infra.trail import Trail
from infra.vpc import AddressPlan, Network
from infra.waf import Firewall

STACK = "portal"
APPLICATION = "customer-portal"
NETWORK = AddressPlan("10.0.0.0/16", zones="abc")
REGION = "us-east-1"  # also where CloudFront demands its certificate, firewall and logs


@dataclass(frozen=True)
class Packages:
    """Files built from this repository's code that the stack deploys."""

    application: Path
    ca_bundle: Path
    rotation: Path


class Portal(SystemStack):
    """The customer portal of one environment."""

    def __init__(self, scope: Construct, id_: str, *, settings: Settings, packages: Packages) -> None:
        names = settings.names
        super().__init__(
            scope,
            id_,
            settings=settings,
            system_tags={"Application": APPLICATION},
            region=REGION,
            names=names,
            global_names=names,
        )
        deployment = self.deployment

        # Its own service-linked role: the account's default one may not exist yet, and a key policy must name it.
        autoscaling_role = IamServiceLinkedRole(
            self,
            "autoscaling",
            aws_service_name="autoscaling.amazonaws.com",
            custom_suffix=names.suffix,
            description=f"Auto Scaling of {names('portal')}",
            tags=names.tag("autoscaling"),
        )
        keys = EncryptionKeys(self, "keys", deployment=deployment, autoscaling_role_arn=autoscaling_role.arn)
        alerts = Alerts(
            self,
            "alerts",
            deployment=deployment,
            kms_key_arn=keys.alerts.arn,
            publishers=DATABASE_ALERTS,
            email=settings.alert_email,
        )
        alarms = AlarmMaker(deployment, alerts.topic_arn)
        storage = Storage(self, "storage", deployment=deployment, keys=keys)
        if settings.organization_trail_arn is None:
            trail = Trail(
                self,
                "trail",
                deployment=deployment,
                storage=storage,
                others=recovery.recorded_data(settings, deployment.account_id),
                logs_key_arn=keys.logs.arn,
            )
            SecurityAlarms(
                self, "security_events", deployment=deployment, trail_log_group=trail.log_group_name, alarms=alarms
            )

        network = Network(self, "network", deployment=deployment, plan=NETWORK)
        FlowLogs(self, "flow_logs", deployment=deployment, vpc_id=network.vpc_id, kms_key_arn=keys.logs.arn)
        groups = SecurityGroups(self, "security", deployment=deployment, vpc_id=network.vpc_id)
        endpoints = Endpoints(
            self,
            "endpoints",
            deployment=deployment,
            vpc_id=network.vpc_id,
            subnet_ids=network.private_subnet_ids,
            route_table_ids=network.private_route_table_ids,
            security_group_id=groups.endpoints.id,
            readable_bucket_arn=storage.files.arn,
        )
        groups.reach_s3(endpoints.s3_prefix_list_id)

        database = Database(
            self,
            "database",
            deployment=deployment,
            plan=DATABASE,
            engine_version=settings.aurora_engine_version,
            subnet_ids=network.private_subnet_ids,
            zones=network.zones,
            security_group_id=groups.database.id,
            keys=DatabaseKeys(keys.database.arn, keys.secrets.arn, keys.logs.arn),
            alerts_topic_arn=alerts.topic_arn,
        )
        secret = DatabaseSecret(
            self,
            "secrets",
            deployment=deployment,
            database=database,
            kms_key_arn=keys.secrets.arn,
            function_keys=FunctionKeys(keys.logs.arn, keys.secrets.arn, keys.alerts.arn),
            place=Place(network.private_subnet_ids, groups.rotation.id),
            package=packages.rotation,
            network_ready=[*endpoints.interfaces, *groups.rules],
        )

        zone = HostedZone(self, "dns", domain=settings.domain)
        origin_header = OriginHeader(self, "origin_header")
        balancer = OriginBalancer(
            self,
            "alb",
            deployment=deployment,
            vpc_id=network.vpc_id,
            subnet_ids=network.public_subnet_ids,
            security_groups=groups,
            access_logs=storage.access_logs,
            zone=zone,
            origin_header=origin_header,
        )
        logs = ApplicationLogs(
            self,
            "logs",
            deployment=deployment,
            bucket=storage.application_logs,
            kms_key_arn=keys.logs.arn,
        )
        compute = Compute(
            self,
            "compute",
            deployment=deployment,
            tags=self.tags,
            ami_parameter=settings.ami_parameter,
            subnet_ids=network.private_subnet_ids,
            security_group_id=groups.application.id,
            target_group_arn=balancer.target_group_arn,
            keys=keys,
            files=ApplicationFiles(
                self,
                "files",
                deployment=deployment,
                bucket=storage.files,
                kms_key_arn=keys.storage.arn,
                application=packages.application,
                ca_bundle=packages.ca_bundle,
            ),
            logs=logs,
            secret_arn=secret.arn,
            autoscaling_role_arn=autoscaling_role.arn,
            ready=[secret.rotation, *groups.rules, *endpoints.interfaces],
        )
        Scaling(self, "scaling", deployment=deployment, group_name=compute.group_name, alarms=alarms)

        firewall = Firewall(
            self,
            "waf",
            deployment=deployment,
            kind="CLOUDFRONT",
            description="Customer portal",
            log="portal",
            logs_key_arn=keys.logs.arn,
        )
        cdn = Cdn(
            self,
            "cdn",
            deployment=deployment,
            zone=zone,
            origin_header=origin_header,
            static_assets=storage.static_assets,
            web_acl_arn=firewall.arn,
        )
        CdnLogs(self, "cdn_logs", deployment=deployment, distribution_arn=cdn.arn, access_logs=storage.access_logs)

        Monitoring(
            self,
            "monitoring",
            deployment=deployment,
            alarms=alarms,
            monitored=Monitored(
                metrics_namespace=logs.metrics_namespace,
                balancer=balancer.arn_suffix,
                target_group=balancer.target_group_arn_suffix,
                group=compute.group_name,
                cluster=database.identifier,
                function=secret.function_name,
                web_acl=firewall.metric_name,
                distribution=cdn.id,
            ),
        )
        self.give_out("portal_url", f"https://{zone.viewer_name}", "Where viewers find the portal")
        self.give_out("distribution_domain_name", cdn.domain_name, "Where the portal's DNS name points")
        self.give_out("load_balancer_domain_name", balancer.domain_name, "Answers nobody but CloudFront")
        self.give_out("database_endpoint", database.endpoint, "Writer of the database cluster")
        self.give_out("database_reader_endpoint", database.reader_endpoint, "Readers of the database cluster")
        self.give_out("database_secret_arn", secret.arn, "How the portal connects to its database")
        self.give_out("static_assets_bucket", storage.static_assets.name, "Upload static assets here, below static/")
        self.give_out("alerts_topic_arn", alerts.topic_arn, "Subscribe to alerts here")
