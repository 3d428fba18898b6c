"""The transaction API: every construct, wired. This page shows who is given what, and so who can reach whom.

viewer -> CloudFront (WAF) -> API Gateway -> VPC link -> load balancer -> function -> database, cache, files
"""

from dataclasses import dataclass, replace
from pathlib import Path

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from infra.access_logs import AccessLogs, Senders
from infra.alarms import AlarmMaker
from infra.alerting import alerts_with_key
from infra.alerts import DATABASE_ALERTS
from infra.api_alarms import ApiAlarms, MonitoredApi
from infra.cache import CACHE_PORT, Cache, CacheKeys
from infra.dashboards import dashboard_body
from infra.data_alarms import DataAlarms, MonitoredData
from infra.database import Database, DatabaseKeys
from infra.dns import HostedZone
from infra.endpoints import INTERFACE_ACTIONS, Interfaces
from infra.flow_logs import FlowLogs
from infra.functions import FunctionKeys, Mount, Place
from infra.groups import HTTPS_PORT, GroupsOfNetwork
from infra.http_api import HttpApi
from infra.keys import EncryptionKey, used_by_log_groups
from infra.log_archive import LogArchive
from infra.naming import Naming
from infra.origin_header import OriginHeader
from infra.secrets import DatabaseSecret
from infra.service_balancer import ServiceBalancer
from infra.settings import Settings
from infra.shared_files import FILES_PORT, SharedFiles
from infra.system_stack import SystemStack
from infra.transaction_edge import TransactionEdge
from infra.transaction_service import SERVICE, ReachableCache, ReadableSecret, ServiceData, TransactionService
from infra.transactions_database import DATABASE, DATABASE_PORT
from infra.vpc import AddressPlan, Network

STACK = "transactions"
APPLICATION = "transaction-api"
REGION = "us-west-2"
EDGE_REGION = "us-east-1"  # where CloudFront demands its certificate, firewall and logs
# Nothing inside needs the internet: AWS services are reached by endpoints.
NETWORK = AddressPlan("10.0.0.0/16", zones="abc", zones_looked_up=True, way_out=False)

FILES_PATH = "/mnt/transactions"


@dataclass(frozen=True)
class TransactionPackages:
    """Files built from this repository's code that the stack deploys."""

    rotation: Path
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
        alerts = alerts_with_key(self, deployment=deployment, publishers=DATABASE_ALERTS, email=settings.alert_email)
        alarms = AlarmMaker(deployment, alerts.topic_arn)

        network = Network(self, "network", deployment=deployment, plan=NETWORK)
        FlowLogs(self, "flow_logs", deployment=deployment, vpc_id=network.vpc_id, kms_key_arn=logs_key.arn)
        groups = GroupsOfNetwork(self, "security", deployment=deployment, vpc_id=network.vpc_id)
        link = groups.group("link", "API Gateway's way into the network")
        balancer = groups.group("balancer", "Internal load balancer")
        service = groups.group(SERVICE, "Function that serves transactions")
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
        secrets_endpoint = interfaces.make(self, "secretsmanager", INTERFACE_ACTIONS["secretsmanager"])

        database_key, cache_key, files_key, secrets_key, functions_key = (
            EncryptionKey(self, data, deployment=deployment, description=description)
            for data, description in (
                ("database", "Database and its backups"),
                ("cache", "Cache and its snapshots"),
                ("files", "Shared files and their backups"),
                ("secrets", "Secrets"),
                ("functions", "What functions are told, and what they remember"),
            )
        )
        function_keys = FunctionKeys(logs_key.arn, functions_key.arn, alerts.key_arn)
        access_logs = AccessLogs(
            self, "access_logs", deployment=deployment, senders=Senders(balancers=True, buckets=True)
        )
        archive = LogArchive(
            self, "log_archive", deployment=deployment, kms_key_arn=logs_key.arn, access_logs=access_logs
        )
        cluster = Database(
            self,
            "aurora",
            deployment=deployment,
            plan=DATABASE,
            engine_version=settings.transactions_engine_version,
            subnet_ids=network.private_subnet_ids,
            zones=network.zones,
            security_group_id=database.id,
            keys=DatabaseKeys(database_key.arn, secrets_key.arn, logs_key.arn),
            alerts_topic_arn=alerts.topic_arn,
        )
        secret = DatabaseSecret(
            self,
            "login",
            deployment=deployment,
            database=cluster,
            kms_key_arn=secrets_key.arn,
            function_keys=function_keys,
            place=Place(network.private_subnet_ids, rotation.id),
            package=packages.rotation,
            network_ready=[secrets_endpoint, *groups.rules],
        )
        redis = Cache(
            self,
            "redis",
            deployment=deployment,
            subnet_ids=network.private_subnet_ids,
            zones=network.zones,
            security_group_id=cache.id,
            keys=CacheKeys(cache_key.arn, logs_key.arn),
        )
        shared_files = SharedFiles(
            self,
            "efs",
            deployment=deployment,
            subnet_ids=network.private_subnet_ids,
            security_group_id=files.id,
            kms_key_arn=files_key.arn,
            used_by=SERVICE,
        )
        data_alarms = DataAlarms(
            self,
            "data_alarms",
            monitored=MonitoredData(
                cluster=cluster.identifier,
                cache_nodes=redis.nodes,
                file_system=shared_files.file_system_id,
                rotation_function=secret.function_name,
                log_stream=archive.stream_name,
            ),
            alarms=alarms,
        )

        zone = HostedZone(self, "dns", domain=settings.transactions_domain)
        origin_header = OriginHeader(self, "origin_header")
        served = TransactionService(
            self,
            "service",
            deployment=deployment,
            package=packages.service,
            data=ServiceData(
                secret=ReadableSecret(secret.arn, secrets_key.arn),
                cache=ReachableCache(
                    host=redis.primary_endpoint,
                    port=CACHE_PORT,
                    name=redis.name,
                    arn=redis.arn,
                    user=redis.user,
                    user_arn=redis.user_arn,
                ),
                files=Mount(
                    file_system_arn=shared_files.file_system_arn,
                    access_point_arn=shared_files.access_point_arn,
                    path=FILES_PATH,
                    ready=[*shared_files.ready, *groups.rules],
                ),
            ),
            place=Place(network.private_subnet_ids, service.id),
            keys=function_keys,
        )
        service_balancer = ServiceBalancer(
            self,
            "alb",
            deployment=deployment,
            subnet_ids=network.private_subnet_ids,
            security_group_id=balancer.id,
            access_logs=access_logs,
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
        for log, group in {**cluster.log_groups, **redis.log_groups, "api": api.access_log_group}.items():
            archive.receive(log, group)
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
            alarms=alarms,
        )
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=deployment.global_names("api"),
            dashboard_body=dashboard_body(REGION, [*edge.graphs, *api_alarms.graphs, *data_alarms.graphs]),
        )
        self.give_out("invoke_url", f"https://{zone.viewer_name}", "Where callers find the API")
        self.give_out("distribution_domain_name", edge.domain_name, "Where the API's DNS name points")
        self.give_out("vpc_id", network.vpc_id, "The network")
        self.give_out("database_endpoint", cluster.endpoint, "Writer of the database cluster")
        self.give_out("database_reader_endpoint", cluster.reader_endpoint, "Readers of the database cluster")
        self.give_out("database_secret_arn", secret.arn, "How the transaction API connects to its database")
        self.give_out("cache_primary_endpoint", redis.primary_endpoint, "Primary node of the cache")
        self.give_out("file_system_id", shared_files.file_system_id, "The shared files")
        self.give_out("alerts_topic_arn", alerts.topic_arn, "Subscribe to alerts here")
        self.give_out("edge_alerts_topic_arn", edge.alerts_topic_arn, "Subscribe to alerts about the edge here")
