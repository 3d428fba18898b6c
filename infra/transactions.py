"""The transaction API: every construct, wired. This page shows who is given what, and so who can reach whom.

viewer -> CloudFront (WAF) -> API Gateway -> VPC link -> load balancer -> function -> database, cache, files
"""

from dataclasses import dataclass, replace
from pathlib import Path

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from infra.access_logs import AccessLogs, Senders
from infra.alarms import AlarmMaker
from infra.alerts import DATABASE_ALERTS, Alerts
from infra.api_alarms import ApiAlarms, MonitoredApi
from infra.dashboards import dashboard_body
from infra.dns import HostedZone
from infra.endpoints import INTERFACE_ACTIONS, Interfaces
from infra.flow_logs import FlowLogs
from infra.functions import FunctionKeys, Mount
from infra.groups import HTTPS_PORT, GroupsOfNetwork
from infra.http_api import HttpApi
from infra.keys import EncryptionKey, used_by_log_groups, used_by_publishers
from infra.naming import Naming
from infra.origin_header import OriginHeader
from infra.service_balancer import ServiceBalancer
from infra.settings import Settings
from infra.system_stack import SystemStack
from infra.transaction_edge import TransactionEdge
from infra.transaction_service import ReachableCache, ReadableSecret, ServiceData, TransactionService
from infra.vpc import AddressPlan, Network

STACK = "transactions"
APPLICATION = "transaction-api"
REGION = "us-west-2"
EDGE_REGION = "us-east-1"  # where CloudFront demands its certificate, firewall and logs
# Nothing inside needs the internet: AWS services are reached by endpoints.
NETWORK = AddressPlan("10.0.0.0/16", zones="abc", zones_looked_up=True, way_out=False)

DATABASE_PORT = 5432
CACHE_PORT = 6379
FILES_PORT = 2049


@dataclass(frozen=True)
class TransactionPackages:
    """Files built from this repository's code that the stack deploys."""

    service: Path


class Transactions(SystemStack):
    """The transaction API of one environment."""

    def __init__(self, scope: Construct, *, settings: Settings, packages: TransactionPackages) -> None:
        names = Naming(settings.names.suffix, STACK)
        super().__init__(
            scope,
            STACK,
            settings=settings,
            system_tags={"Application": APPLICATION},
            region=REGION,
            names=names,
            global_names=names,
            other_regions=[EDGE_REGION],
        )
        deployment = self.deployment

        logs_key = EncryptionKey(
            self, "logs", deployment=deployment, description="Logs", statements=[used_by_log_groups(deployment)]
        )
        alerts_key = EncryptionKey(
            self,
            "alerts",
            deployment=deployment,
            description="Alerts",
            statements=[used_by_publishers(deployment, DATABASE_ALERTS)],
        )
        alerts = Alerts(
            self,
            "topic",
            deployment=deployment,
            kms_key_arn=alerts_key.arn,
            publishers=DATABASE_ALERTS,
            email=settings.alert_email,
        )

        network = Network(self, "network", deployment=deployment, plan=NETWORK)
        FlowLogs(self, "flow_logs", deployment=deployment, vpc_id=network.vpc_id, kms_key_arn=logs_key.arn)
        groups = GroupsOfNetwork(self, "security", deployment=deployment, vpc_id=network.vpc_id)
        link = groups.group("link", "API Gateway's way into the network")
        balancer = groups.group("balancer", "Internal load balancer")
        service = groups.group("service", "Function that serves transactions")
        database = groups.group("database", "Aurora cluster")
        cache = groups.group("cache", "Redis")
        files = groups.group("files", "Shared file system")
        rotation = groups.group("rotation", "Function that rotates the database's secret")
        endpoints = groups.group("endpoints", "VPC endpoints of AWS services")
        groups.connect(link, balancer, HTTPS_PORT)
        groups.connect(service, database, DATABASE_PORT)
        groups.connect(service, cache, CACHE_PORT)
        groups.connect(service, files, FILES_PORT)
        groups.connect(service, endpoints, HTTPS_PORT)
        groups.connect(rotation, database, DATABASE_PORT)
        groups.connect(rotation, endpoints, HTTPS_PORT)
        interfaces = Interfaces(deployment, network.vpc_id, network.private_subnet_ids, endpoints.id)
        interfaces.make(self, "secretsmanager", INTERFACE_ACTIONS["secretsmanager"])

        # --- stand-ins, until the database, cache, files and keys are merged: names and ARNs they will have ---
        functions_key = EncryptionKey(
            self, "functions", deployment=deployment, description="What functions are told, and what they remember"
        )
        data = ServiceData(
            secret=ReadableSecret(deployment.arn("secretsmanager", "secret:stand-in"), functions_key.arn),
            cache=ReachableCache(
                host="stand-in",
                port=CACHE_PORT,
                name=names("redis"),
                arn=deployment.arn("elasticache", f"replicationgroup:{names('redis')}"),
                user=names("service"),
                user_arn=deployment.arn("elasticache", f"user:{names('service')}"),
            ),
            files=Mount(
                file_system_arn=deployment.arn("elasticfilesystem", "file-system/fs-0123456789abcdef0"),
                access_point_arn=deployment.arn("elasticfilesystem", "access-point/fsap-0123456789abcdef0"),
                path="/mnt/transactions",
                ready=groups.rules,
            ),
        )
        # --- end of the stand-ins ---

        # The way in.
        zone = HostedZone(self, "dns", domain=settings.transactions_domain)
        origin_header = OriginHeader(self, "origin_header")
        served = TransactionService(
            self,
            "service",
            deployment=deployment,
            package=packages.service,
            data=data,
            subnet_ids=network.private_subnet_ids,
            security_group_id=service.id,
            keys=FunctionKeys(logs_key.arn, functions_key.arn, alerts_key.arn),
        )
        service_balancer = ServiceBalancer(
            self,
            "alb",
            deployment=deployment,
            subnet_ids=network.private_subnet_ids,
            security_group_id=balancer.id,
            access_logs=AccessLogs(self, "access_logs", deployment=deployment, senders=Senders(balancers=True)),
            zone=zone,
            origin_header=origin_header,
            answering=served.answering,
        )
        api = HttpApi(
            self,
            "api",
            deployment=deployment,
            callers=settings.transaction_callers,
            zone=zone,
            subnet_ids=network.private_subnet_ids,
            link_group_id=link.id,
            balancer=service_balancer,
            logs_key_arn=logs_key.arn,
        )
        edge = TransactionEdge(
            self,
            "edge",
            deployment=replace(deployment, region=EDGE_REGION),
            zone=zone,
            origin_header=origin_header,
            alert_email=settings.alert_email,
        )
        self.deploy_elsewhere(edge, EDGE_REGION)
        api_alarms = ApiAlarms(
            self,
            "api_alarms",
            monitored=MonitoredApi(
                api=api.id,
                stage=api.stage,
                balancer=service_balancer.arn_suffix,
                target_group=service_balancer.target_group_arn_suffix,
                function=served.answering.function.function_name,
                metrics_namespace=served.metrics_namespace,
            ),
            alarms=AlarmMaker(deployment, alerts.topic_arn),
        )
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=deployment.global_names("api"),
            dashboard_body=dashboard_body(REGION, [*edge.graphs, *api_alarms.graphs]),
        )
        self.give_out("invoke_url", f"https://{zone.viewer_name}", "Where callers find the API")
        self.give_out("distribution_domain_name", edge.domain_name, "Where the API's DNS name points")
        self.give_out("edge_alerts_topic_arn", edge.alerts_topic_arn, "Subscribe to alerts about the edge here")

        self.give_out("vpc_id", network.vpc_id, "The network")
        self.give_out("alerts_topic_arn", alerts.topic_arn, "Subscribe to alerts here")
