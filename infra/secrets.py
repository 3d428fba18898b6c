"""The application's database secret, and the function that rotates it every 30 days.

RDS rotates the master user's password itself; this is the user the application connects as. The function creates that
user at the first rotation, so that no password ever passes through code or Terraform's state. From the second one on
two users alternate, so that what the secret holds logs in at every moment (decision 9).
"""

import json
from collections.abc import Sequence
from pathlib import Path

from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_policy import SecretsmanagerSecretPolicy
from cdktf_cdktf_provider_aws.secretsmanager_secret_rotation import SecretsmanagerSecretRotation
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct, IDependable

from infra.database import Database
from infra.deployment import Deployment
from infra.functions import FunctionKeys, FunctionPlan, Place, deploy
from infra.iam import EVERYONE, Statement, allow, deny, policy_document

HANDLER = "rotate_database_secret.handler.handler"
APPLICATION_USER = "financial_app"
ROTATION_DAYS = 30
ROTATION_STRATEGY = "alternating-users"
PASSWORD_CHARACTERS = 32
EXCLUDED_CHARACTERS = "/@\"'\\`"  # trouble in connection strings and in quotes
TIMEOUT_SECONDS = 60
MEMORY_MEBIBYTES = 256


class DatabaseSecret(Construct):
    """The secret, without a password until its first rotation, and everything that rotates it."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        database: Database,
        kms_key_arn: str,
        function_keys: FunctionKeys,
        place: Place,
        package: Path,
        network_ready: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        secret, version = self._secret(database, kms_key_arn)
        self.arn: str = secret.arn
        statements = _rotate(deployment, secret.arn, database.master_secret_arn, kms_key_arn)
        plan = _rotation_function(database.plan.system, package, statements, place)
        function = deploy(self, plan, role_id="rotator", deployment=deployment, keys=function_keys).function
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
            description=f"How {database.plan.system} connects to its database",
            kms_key_id=kms_key_arn,
            recovery_window_in_days=self._deployment.profile.secret_recovery_window_days,
            lifecycle=self._deployment.profile.lifecycle(),
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
            "engine": database.plan.login_engine,
            "host": database.endpoint,
            "port": database.plan.port,
            "dbname": database.plan.name,
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


def _rotation_function(system: str, package: Path, statements: Sequence[Statement], place: Place) -> FunctionPlan:
    return FunctionPlan(
        resource="rotation",
        description=f"Rotates the login of {system}'s database users",
        package=package,
        handler=HANDLER,
        timeout_seconds=TIMEOUT_SECONDS,
        memory_mebibytes=MEMORY_MEBIBYTES,
        variables={
            "ROTATION_STRATEGY": ROTATION_STRATEGY,
            "PASSWORD_LENGTH": str(PASSWORD_CHARACTERS),
            "EXCLUDE_CHARACTERS": EXCLUDED_CHARACTERS,
            "POWERTOOLS_LOG_LEVEL": "INFO",
        },
        statements=statements,
        place=place,
    )


def _rotate(deployment: Deployment, secret_arn: str, master_secret_arn: str, kms_key_arn: str) -> list[Statement]:
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
