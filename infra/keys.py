"""One KMS key per kind of data, each usable by the services that handle that data and by no other."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from infra.alerts import DATABASE_ALERTS, Publishers
from infra.deployment import Deployment
from infra.iam import Statement, allow, policy_document, service

CRYPTOPERIOD_DAYS = 365

ENCRYPT_AND_DECRYPT = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")
PUBLISH_ENCRYPTED = ("kms:Decrypt", "kms:GenerateDataKey*")


class EncryptionKey(Construct):
    """A rotating key whose use IAM policies of this account grant, and besides them the given statements."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        description: str,
        statements: Sequence[Statement] = (),
    ) -> None:
        super().__init__(scope, id_)
        # Without it nobody could change the key any more; it leaves every decision to IAM policies.
        administration = allow("kms:*", on="*", to={"AWS": f"arn:aws:iam::{deployment.account_id}:root"}, sid="Account")
        key = KmsKey(
            self,
            "key",
            description=f"{description} ({deployment.names.suffix})",
            enable_key_rotation=True,
            rotation_period_in_days=CRYPTOPERIOD_DAYS,
            deletion_window_in_days=deployment.profile.key_deletion_window_days,
            lifecycle=deployment.profile.lifecycle(),
            policy=policy_document([administration, *statements]),
            tags=deployment.names.tag(f"{id_}-key"),
        )
        KmsAlias(self, "alias", name=f"alias/{deployment.names(id_)}", target_key_id=key.key_id)
        self.arn: str = key.arn


class EncryptionKeys(Construct):
    """The portal's keys: whose data each protects, and which services use it in our name.

    Services that act with the caller's own rights (RDS, Secrets Manager, Firehose) need no statement: the
    caller's role is granted the key where that role is written.
    """

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, autoscaling_role_arn: str) -> None:
        super().__init__(scope, id_)
        self.logs = EncryptionKey(
            self, "logs", deployment=deployment, description="Logs", statements=[used_by_log_groups(deployment)]
        )
        self.database = EncryptionKey(self, "database", deployment=deployment, description="Database and its backups")
        self.secrets = EncryptionKey(self, "secrets", deployment=deployment, description="Secrets")
        self.storage = EncryptionKey(
            self,
            "storage",
            deployment=deployment,
            description="Static assets and the application's files",
            statements=[_used_by_distributions(deployment)],
        )
        self.compute = EncryptionKey(
            self,
            "compute",
            deployment=deployment,
            description="Volumes of the instances",
            statements=_used_by_autoscaling(autoscaling_role_arn),
        )
        self.alerts = EncryptionKey(
            self,
            "alerts",
            deployment=deployment,
            description="Alerts and dead letters",
            statements=[used_by_publishers(deployment, DATABASE_ALERTS)],
        )


def used_by_log_groups(deployment: Deployment) -> Statement:
    """Return the statement that lets the log groups of this account and region use a key."""
    return allow(
        "kms:Encrypt*",
        "kms:Decrypt*",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:Describe*",
        on="*",
        to=service(f"logs.{deployment.region}"),
        where={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": deployment.arn("logs", "log-group:*")}},
        sid="LogGroups",
    )


def used_by_log_delivery(deployment: Deployment) -> Statement:
    """Return the statement that lets AWS's log delivery fill an encrypted bucket from sources of this region."""
    return allow(
        *ENCRYPT_AND_DECRYPT,
        on="*",
        to=service("delivery.logs"),
        where={
            "StringEquals": {"aws:SourceAccount": deployment.account_id},
            "ArnLike": {"aws:SourceArn": deployment.arn("logs", "delivery-source:*")},
        },
        sid="LogDelivery",
    )


def _used_by_distributions(deployment: Deployment) -> Statement:
    # Naming the one distribution would be a cycle (key, bucket, distribution); the bucket policy names it.
    distributions = f"arn:aws:cloudfront::{deployment.account_id}:distribution/*"
    return allow(
        "kms:Decrypt",
        on="*",
        to=service("cloudfront"),
        where={"ArnLike": {"aws:SourceArn": distributions}},
        sid="DistributionsOfThisAccount",
    )


def _used_by_autoscaling(role_arn: str) -> list[Statement]:
    return [
        allow(*ENCRYPT_AND_DECRYPT, on="*", to={"AWS": role_arn}, sid="VolumesOfInstances"),
        allow(
            "kms:CreateGrant",
            on="*",
            to={"AWS": role_arn},
            where={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            sid="AttachVolumes",
        ),
    ]


def used_by_publishers(deployment: Deployment, publishers: Publishers) -> Statement:
    """Return the statement that lets `publishers` send to an encrypted topic or queue of this account."""
    return allow(
        *PUBLISH_ENCRYPTED,
        on="*",
        to={"Service": list(publishers.services)},
        where={"StringEquals": {"aws:SourceAccount": deployment.account_id}},
        sid=publishers.sid,
    )


def decrypt_behind_alias(deployment: Deployment, alias: str, *, through: str) -> Statement:
    """Return what lets a role decrypt with the key that `alias` names in this region, through one service only.

    For a key of another stack: its ARN is not known here, its alias is.
    """
    return allow(
        "kms:Decrypt",
        on=deployment.arn("kms", "key/*"),
        where={
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": alias},
            "StringEquals": {"kms:ViaService": f"{through}.{deployment.region}.amazonaws.com"},
        },
    )
