"""The transaction API: every construct, wired. This page shows who is given what, and so who can reach whom.

viewer -> CloudFront (WAF) -> API Gateway -> VPC link -> load balancer -> function -> database, cache, files
"""

from constructs import Construct

from infra.alerts import DATABASE_ALERTS, Alerts
from infra.endpoints import INTERFACE_ACTIONS, Interfaces
from infra.flow_logs import FlowLogs
from infra.groups import HTTPS_PORT, GroupsOfNetwork
from infra.keys import EncryptionKey, used_by_log_groups, used_by_publishers
from infra.naming import Naming
from infra.settings import Settings
from infra.system_stack import SystemStack
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


class Transactions(SystemStack):
    """The transaction API of one environment."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
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

        self.give_out("vpc_id", network.vpc_id, "The network")
        self.give_out("alerts_topic_arn", alerts.topic_arn, "Subscribe to alerts here")
