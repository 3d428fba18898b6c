"""The application's database secret, and the function that rotates it every 30 days.

RDS rotates the master user's password itself; this is the user the application connects as. The function creates that
user at the first rotation, so that no password ever passes through code or Terraform's state. From the second one on
two users alternate, so that what the secret holds logs in at every moment (decision 9).
"""

import json
from collections.abc import Sequence
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_policy import SecretsmanagerSecretPolicy
from cdktf_cdktf_provider_aws.secretsmanager_secret_rotation import SecretsmanagerSecretRotation
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct, IDependable

from infra.database import Database
from infra.deployment import Deployment
from infra.iam import EVERYONE, WorkloadRole, allow, deny, policy_document
from infra.keys import EncryptionKeys
from infra.logs import audit_log_group
from infra.naming import FUNCTION_LIMIT
from infra.packages import LAMBDA_RUNTIME
from infra.security import DATABASE_PORT

HANDLER = "rotate_database_secret.handler.handler"
APPLICATION_USER = "financial_app"
ROTATION_DAYS = 30
ROTATION_STRATEGY = "alternating-users"
PASSWORD_CHARACTERS = 32
EXCLUDED_CHARACTERS = "/@\"'\\`"  # trouble in connection strings and in quotes
TIMEOUT_SECONDS = 60
MEMORY_MEBIBYTES = 256
DEAD_LETTER_SECONDS = 14 * 24 * 3600
DATA_KEY_REUSE_SECONDS = 300


class DatabaseSecret(Construct):
    """The secret, without a password until its first rotation, and everything that rotates it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        database: Database,
        keys: EncryptionKeys,
        subnet_ids: Sequence[str],
        security_group_id: str,
        package: Path,
        network_ready: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        secret, version = self._secret(database, keys.secrets.arn)
        self.arn: str = secret.arn
        function = self._function(database, keys, subnet_ids, security_group_id, package)
        self.function_name: str = function.function_name
        permission = LambdaPermission(
            self,
            "permission",
            statement_id="SecretsManager",
            action="lambda:InvokeFunction",
            function_name=function.function_name,
            principal="secretsmanager.amazonaws.com",
            source_account=deployment.account_id,
            source_arn=secret.arn,
        )
        self.rotation = SecretsmanagerSecretRotation(
            self,
            "rotation",
            secret_id=secret.id,
            rotation_lambda_arn=function.arn,
            rotate_immediately=True,
            rotation_rules={"automatically_after_days": ROTATION_DAYS},
            # The first rotation starts at once: it needs the database, and the ways to it.
            depends_on=[permission, version, *database.instances, *network_ready],
        )

    def _secret(self, database: Database, kms_key_arn: str) -> tuple[SecretsmanagerSecret, SecretsmanagerSecretVersion]:
        names = self._deployment.names
        secret = SecretsmanagerSecret(
            self,
            "secret",
            name=names("database"),
            description="How the portal connects to its database",
            kms_key_id=kms_key_arn,
            recovery_window_in_days=self._deployment.teardown.secret_recovery_window_days,
            tags=names.tag("database-secret"),
        )
        outsiders = {"StringNotEquals": {"aws:PrincipalAccount": self._deployment.account_id}}
        SecretsmanagerSecretPolicy(
            self,
            "policy",
            secret_arn=secret.arn,
            block_public_policy=True,
            policy=policy_document([deny("secretsmanager:GetSecretValue", on="*", to=EVERYONE, where=outsiders)]),
        )
        connection = {
            "engine": database.engine,
            "host": database.endpoint,
            "port": DATABASE_PORT,
            "dbname": database.name,
            "username": APPLICATION_USER,
            "masterarn": database.master_secret_arn,
        }
        version = SecretsmanagerSecretVersion(
            self,
            "connection",
            secret_id=secret.id,
            secret_string=json.dumps(connection),
            # From the first rotation on, the function owns the value.
            lifecycle={"ignore_changes": ["secret_string", "version_stages"]},
        )
        return secret, version

    def _function(
        self,
        database: Database,
        keys: EncryptionKeys,
        subnet_ids: Sequence[str],
        security_group_id: str,
        package: Path,
    ) -> LambdaFunction:
        names = self._deployment.names
        name = names("rotation", limit=FUNCTION_LIMIT)
        # Who changed which password when is audit material.
        logs = audit_log_group(self, "log", name=f"/aws/lambda/{name}", kms_key_arn=keys.logs.arn)
        dead_letters = SqsQueue(
            self,
            "dead_letters",
            name=names("rotation-dead-letters"),
            kms_master_key_id=keys.alerts.arn,
            kms_data_key_reuse_period_seconds=DATA_KEY_REUSE_SECONDS,
            message_retention_seconds=DEAD_LETTER_SECONDS,
            tags=names.tag("rotation-dead-letters"),
        )
        role = WorkloadRole(
            self,
            "rotator",
            deployment=self._deployment,
            resource="rotation",
            assumed_by="lambda",
            statements=[
                *_rotate(self._deployment, self.arn, database.master_secret_arn, keys.secrets.arn),
                *_run_in_vpc(self._deployment, name),
                allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{logs.arn}:*"),
                allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on="*"),
                allow("sqs:SendMessage", on=dead_letters.arn),
                allow("kms:Decrypt", "kms:GenerateDataKey", on=keys.alerts.arn),
            ],
        )
        code = TerraformAsset(self, "code", path=str(package), type=AssetType.FILE)
        return LambdaFunction(
            self,
            "function",
            function_name=name,
            description="Rotates the login of the portal's database users",
            role=role.arn,
            runtime=LAMBDA_RUNTIME,
            handler=HANDLER,
            architectures=["arm64"],
            filename=code.path,
            source_code_hash=Fn.filebase64sha256(code.path),
            timeout=TIMEOUT_SECONDS,
            memory_size=MEMORY_MEBIBYTES,
            kms_key_arn=keys.secrets.arn,
            environment={
                "variables": {
                    "ROTATION_STRATEGY": ROTATION_STRATEGY,
                    "PASSWORD_LENGTH": str(PASSWORD_CHARACTERS),
                    "EXCLUDE_CHARACTERS": EXCLUDED_CHARACTERS,
                    "POWERTOOLS_LOG_LEVEL": "INFO",
                }
            },
            vpc_config={"subnet_ids": list(subnet_ids), "security_group_ids": [security_group_id]},
            dead_letter_config={"target_arn": dead_letters.arn},
            tracing_config={"mode": "Active"},
            logging_config={"log_format": "JSON", "log_group": logs.name},
            depends_on=[role.policy],
            tags=names.tag("rotation"),
        )


def _rotate(
    deployment: Deployment, secret_arn: str, master_secret_arn: str, kms_key_arn: str
) -> list[dict[str, object]]:
    through_secrets_manager = {"StringEquals": {"kms:ViaService": f"secretsmanager.{deployment.region}.amazonaws.com"}}
    return [
        allow(
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
            on=secret_arn,
        ),
        allow("secretsmanager:GetSecretValue", on=master_secret_arn),
        allow("secretsmanager:GetRandomPassword", on="*"),
        allow("kms:Decrypt", "kms:GenerateDataKey", on=kms_key_arn, where=through_secrets_manager),
    ]


def _run_in_vpc(deployment: Deployment, function_name: str) -> list[dict[str, object]]:
    """Return what Lambda needs to place a function in a VPC, withheld from the function's own code."""
    interfaces = (
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    )
    own_code = {"ArnEquals": {"lambda:SourceFunctionArn": deployment.arn("lambda", f"function:{function_name}")}}
    return [
        allow(*interfaces, on=deployment.arn("ec2", "*/*")),
        allow("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", on="*"),
        deny(*interfaces, on="*", where=own_code),
    ]
