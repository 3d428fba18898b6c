"""The function that serves transactions, and what it may reach: its secret, its cache, its files."""

from dataclasses import dataclass
from pathlib import Path

from constructs import Construct

from infra.deployment import Deployment
from infra.functions import FunctionKeys, FunctionPlan, Mount, Place, deploy
from infra.iam import Statement, allow
from infra.request_metrics import count_requests

SERVICE = "service"  # what the function is called in names
HANDLER = "serve_transactions.handler.handler"
# Why so long, and why so much: lambda/serve_transactions/handler.py.
TIMEOUT_SECONDS = 20
MEMORY_MEBIBYTES = 512
CURRENT_VERSION = "AWSCURRENT"
LOG_LEVEL = "INFO"


@dataclass(frozen=True)
class ReadableSecret:
    """A secret, and the key it is encrypted with."""

    arn: str
    key_arn: str


@dataclass(frozen=True)
class ReachableCache:
    """A replication group, by address and by name, and the user that connects by IAM."""

    host: str
    port: int
    name: str
    arn: str
    user: str
    user_arn: str


@dataclass(frozen=True)
class ServiceData:
    """What the function works on."""

    secret: ReadableSecret
    cache: ReachableCache
    files: Mount


class TransactionService(Construct):
    """The function in the private subnets, and the figures counted from what it writes.

    It is called and waited for: who gets an error sends the transaction again, with the same idempotency key.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        package: Path,
        data: ServiceData,
        place: Place,
        keys: FunctionKeys,
    ) -> None:
        super().__init__(scope, id_)
        plan = FunctionPlan(
            resource=SERVICE,
            description="Serves transactions",
            package=package,
            handler=HANDLER,
            timeout_seconds=TIMEOUT_SECONDS,
            memory_mebibytes=MEMORY_MEBIBYTES,
            variables={
                "DATABASE_SECRET_ARN": data.secret.arn,
                "CACHE_HOST": data.cache.host,
                "CACHE_PORT": str(data.cache.port),
                "CACHE_NAME": data.cache.name,
                "CACHE_USER": data.cache.user,
                "FILES_PATH": data.files.path,
                "POWERTOOLS_LOG_LEVEL": LOG_LEVEL,
            },
            statements=[*_read_secret(deployment, data.secret), _connect(data.cache)],
            place=place,
            mount=data.files,
            is_waited_for=True,
        )
        self.answering = deploy(self, plan, role_id="server", deployment=deployment, keys=keys)
        self.metrics_namespace = deployment.names(SERVICE)
        count_requests(
            self, deployment=deployment, log_group=self.answering.log_group, namespace=self.metrics_namespace
        )


def _read_secret(deployment: Deployment, secret: ReadableSecret) -> list[Statement]:
    current = {"StringEquals": {"secretsmanager:VersionStage": CURRENT_VERSION}}
    through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{deployment.region}.amazonaws.com"}}
    return [
        allow("secretsmanager:GetSecretValue", on=secret.arn, where=current),
        allow("kms:Decrypt", on=secret.key_arn, where=through),
    ]


def _connect(cache: ReachableCache) -> Statement:
    # What the user may do there, the cache's own list of rights says.
    return allow("elasticache:Connect", on=[cache.arn, cache.user_arn])
