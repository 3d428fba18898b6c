"""One region of the disaster recovery system: every construct, wired. Both regions are this page.

viewer, Route 53 -> load balancer (WAF) -> function in the private subnets -> the region's replica of the table
EventBridge -> monitor -> load balancer, table, bucket
"""

from dataclasses import dataclass
from pathlib import Path

from constructs import Construct

from infra import recovery
from infra.access_logs import AccessLogs, Senders
from infra.alarms import AlarmMaker
from infra.alb import ServedNames
from infra.alerting import alerts_with_key
from infra.alerts import ALARMS, Publishers
from infra.dns import HostedZone
from infra.endpoints import Gateways
from infra.flow_logs import FlowLogs
from infra.functions import FunctionKeys
from infra.groups import HTTP_PORT, HTTPS_PORT, GroupsOfNetwork
from infra.health_answers import HealthAnswers
from infra.iam import EVERYONE, allow
from infra.keys import EncryptionKey, used_by_log_groups
from infra.recovery import RecoveryRegion, RegionalData
from infra.region_alarms import MonitoredRegion, RegionAlarms
from infra.region_monitor import RegionMonitor, Watched
from infra.regional_balancer import RegionalBalancer
from infra.settings import Settings
from infra.system_stack import SystemStack
from infra.vpc import EVERYWHERE, Network
from infra.waf import Firewall

ALARMS_AND_DEAD_LETTERS = Publishers((*ALARMS.services, "events.amazonaws.com"), "AlarmsAndDeadLetters")


@dataclass(frozen=True)
class RegionPackages:
    """Files built from this repository's code that a region deploys."""

    monitor: Path
    answers: Path


class RegionStack(SystemStack):
    """Everything that serves from one region, and nothing that needs another region to be planned or applied."""

    def __init__(
        self, scope: Construct, *, settings: Settings, region: RecoveryRegion, packages: RegionPackages
    ) -> None:
        super().__init__(
            scope,
            region.stack,
            settings=settings,
            system_tags=recovery.SYSTEM_TAGS,
            region=region.name,
            names=recovery.names(settings),
            global_names=recovery.global_names(settings, region.name),
        )
        deployment = self.deployment
        other = recovery.other(region)
        data = RegionalData.of(deployment)
        other_data = RegionalData.of(recovery.in_region(deployment, settings, other.name))
        domain = settings.recovery_domain
        regional_name = recovery.regional_name(domain.name, region)

        logs_key = EncryptionKey(
            self, "logs", deployment=deployment, description="Logs", statements=[used_by_log_groups(deployment)]
        )
        alerts = alerts_with_key(
            self,
            deployment=deployment,
            publishers=ALARMS,
            email=settings.alert_email,
            key_users=ALARMS_AND_DEAD_LETTERS,
            protects="Alerts and dead letters",
        )
        functions_key = EncryptionKey(
            self, "functions", deployment=deployment, description="What functions are told, and what they remember"
        )
        function_keys = FunctionKeys(logs_key.arn, functions_key.arn, alerts.key_arn)

        network = Network(self, "network", deployment=deployment, plan=region.network)
        FlowLogs(self, "flow_logs", deployment=deployment, vpc_id=network.vpc_id, kms_key_arn=logs_key.arn)
        gateways = Gateways(deployment, network.vpc_id, network.private_route_table_ids)
        ours = {"StringEquals": {"aws:PrincipalAccount": deployment.account_id}}
        table_endpoint = gateways.make(
            network, "dynamodb", [allow("dynamodb:GetItem", on=data.table_arn, to=EVERYONE, where=ours)]
        )

        groups = GroupsOfNetwork(self, "security", deployment=deployment, vpc_id=network.vpc_id)
        balancer_group = groups.group("balancer", "Load balancer: HTTPS, and HTTP to redirect it")
        application_group = groups.group("application", "What serves from the private subnets")
        for peer, port, what in (
            ("https", HTTPS_PORT, "HTTPS from viewers and from Route 53's health checks"),
            ("http", HTTP_PORT, "HTTP, which is only redirected"),
        ):
            groups.admit(peer, balancer_group, port, description=what, address_range=EVERYWHERE)
        groups.reach(
            application_group,
            "dynamodb",
            table_endpoint.prefix_list_id,
            description="The region's replica of the table",
        )

        firewall = Firewall(
            self,
            "waf",
            deployment=deployment,
            kind="REGIONAL",
            description="Disaster recovery",
            log="recovery",
            logs_key_arn=logs_key.arn,
        )
        zone = HostedZone(self, "dns", domain=domain)
        balancer = RegionalBalancer(
            self,
            "alb",
            deployment=deployment,
            subnet_ids=network.public_subnet_ids,
            security_group_ids=[balancer_group.id],
            access_logs=AccessLogs(self, "access_logs", deployment=deployment, senders=Senders(balancers=True)),
            served=ServedNames(zone, domain.name, [regional_name]),
            web_acl_arn=firewall.arn,
        )
        zone.alias(
            self,
            "regional_name",
            name=regional_name,
            type_="A",
            target=balancer.domain_name,
            target_zone_id=balancer.zone_id,
            follow_health=True,
        )
        answers = HealthAnswers(
            self,
            "answers",
            deployment=deployment,
            package=packages.answers,
            data=data,
            subnet_ids=network.private_subnet_ids,
            security_group_id=application_group.id,
            keys=function_keys,
        )
        balancer.answer_health_checks(answers.answering)
        monitor = RegionMonitor(
            self,
            "monitor",
            deployment=deployment,
            package=packages.monitor,
            watched=Watched(regional_name, data, other.name),
            topic_arn=alerts.topic_arn,
            keys=function_keys,
        )
        RegionAlarms(
            self,
            "alarms",
            deployment=deployment,
            alarms=AlarmMaker(deployment, alerts.topic_arn),
            monitored=MonitoredRegion(
                region=region.name,
                other_region=other.name,
                balancer=balancer.arn_suffix,
                web_acl=firewall.metric_name,
                monitor=monitor.function_name,
                monitor_namespace=monitor.metrics_namespace,
                dead_letters=monitor.dead_letters_name,
                answers=answers.answering.function.function_name,
                answers_namespace=answers.metrics_namespace,
                table=data.table,
                bucket=data.bucket,
                other_bucket=other_data.bucket,
            ),
        )
        self.give_out("regional_url", f"https://{regional_name}", "Leads to this region, whatever its health")
        self.give_out("load_balancer_domain_name", balancer.domain_name, "Where the region's DNS name points")
        self.give_out("vpc_id", network.vpc_id, "The region's network")
        self.give_out("private_subnet_ids", network.private_subnet_ids, "Where an application runs")
        self.give_out("alerts_topic_arn", alerts.topic_arn, "Subscribe to this region's alerts here")
        self.give_out("health_function", monitor.function_name, "Watches the region every two minutes")
