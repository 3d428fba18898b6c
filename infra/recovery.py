"""Disaster recovery: what its stacks agree on without asking each other (docs/decisions/0012).

    recovery-primary    us-east-2   network, load balancer, monitor: everything that serves from one region
    recovery-secondary  us-west-2   the same again
    recovery-global     both, and us-east-1   the data that lies in both regions, and the name that leads to one of them

No stack reads the state of another. What one needs to know of another is a name, and follows from the settings alone.
"""

from dataclasses import dataclass, replace

from infra.bucket import bucket_name
from infra.deployment import Deployment
from infra.naming import Naming
from infra.settings import RECOVERY_REGIONS, Settings
from infra.trail import RecordedData
from infra.vpc import AddressPlan

APPLICATION = "disaster-recovery"
# The requirements name both tags: App as well as Application.
SYSTEM_TAGS = {"App": APPLICATION, "Application": APPLICATION}
SCOPE = "recovery"

GLOBAL_STACK = "recovery-global"
GLOBAL_REGION = "us-east-1"  # where Route 53 keeps its metrics and writes its logs


@dataclass(frozen=True)
class RecoveryRegion:
    """One of the two regions: its stack, its part in the failover, and its network."""

    name: str
    stack: str
    failover: str
    network: AddressPlan


PRIMARY = RecoveryRegion(RECOVERY_REGIONS[0], "recovery-primary", "PRIMARY", AddressPlan("10.0.0.0/16", zones="ab"))
SECONDARY = RecoveryRegion(
    RECOVERY_REGIONS[1], "recovery-secondary", "SECONDARY", AddressPlan("10.1.0.0/16", zones="ab")
)
REGIONS = (PRIMARY, SECONDARY)

DATA = "data"
TABLE = "transactions"
TABLE_KEY = "transaction_id"
# Read by the health checks. No transaction has this id, and none is made: a read that finds nothing proves as much.
CANARY_KEY = {TABLE_KEY: "health-canary"}


def other(region: RecoveryRegion) -> RecoveryRegion:
    """Return the region that takes over from `region`."""
    return SECONDARY if region is PRIMARY else PRIMARY


def names(settings: Settings) -> Naming:
    """Return the names of what each region has for itself."""
    return Naming(settings.names.suffix, SCOPE)


def global_names(settings: Settings, region: str) -> Naming:
    """Return the names of what the account has once, though it belongs to one region."""
    return Naming(settings.names.suffix, f"{SCOPE}-{region}")


def in_region(deployment: Deployment, settings: Settings, region: str) -> Deployment:
    """Return the deployment of the same environment in another of the system's regions."""
    return replace(deployment, region=region, global_names=global_names(settings, region))


def regional_name(domain: str, region: RecoveryRegion) -> str:
    """Return the DNS name that always leads to `region`, whatever its health."""
    return f"{region.name}.{domain}"


@dataclass(frozen=True)
class RegionalData:
    """The names of one region's copy of the data, which recovery-global makes."""

    table: str
    table_arn: str
    bucket: str
    key_alias: str

    @classmethod
    def of(cls, deployment: Deployment) -> "RegionalData":
        """Return the names of the copy in the region of `deployment`."""
        table = deployment.names(TABLE)
        return cls(
            table=table,
            table_arn=deployment.arn("dynamodb", f"table/{table}"),
            bucket=bucket_name(deployment, DATA),
            key_alias=f"alias/{deployment.names(DATA)}",
        )


def recorded_data(settings: Settings, account_id: str) -> RecordedData:
    """Return the data of which the account's trail, wherever it is, records every access."""
    copies = [
        RegionalData.of(
            Deployment(names(settings), global_names(settings, region.name), region.name, account_id, settings.profile)
        )
        for region in REGIONS
    ]
    return RecordedData(
        bucket_arns=[f"arn:aws:s3:::{copy.bucket}" for copy in copies],
        table_arns=[copy.table_arn for copy in copies],
    )
