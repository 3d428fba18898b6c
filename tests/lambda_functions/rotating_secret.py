"""A secret in moto that rotates, seen from Secrets Manager: it starts rotations and calls the function."""

import itertools
import json
import uuid
from dataclasses import dataclass
from typing import Any

import pymysql
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from pymysql.constants import ER
from rotate_database_secret.handler import handler
from rotate_database_secret.tls import verifying_context

from tests.lambda_functions.servers import DATABASE, MASTER, Authority, DatabaseServer

REGION = "us-east-1"

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

_numbers = itertools.count()


class LambdaContext:
    """What the function reads of the context that Lambda passes."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class RotatingSecret:
    """The application's secret, with the database and the authority it is about."""

    arn: str
    username: str
    client: Any
    server: DatabaseServer
    authority: Authority

    @classmethod
    def create(cls, client: Any, server: DatabaseServer, authority: Authority, **changes: Any) -> "RotatingSecret":
        """A secret as the stack makes it: everything but the password. `changes` go into its JSON."""
        number = next(_numbers)
        master = client.create_secret(
            Name=f"master-{number}",
            SecretString=json.dumps({"username": MASTER, "password": server.master_password}),
        )
        document = {
            "engine": "mysql",
            "host": "localhost",
            "port": server.port,
            "dbname": DATABASE,
            "username": f"portal_{number}",
            "masterarn": master["ARN"],
            **changes,
        }
        secret = client.create_secret(Name=f"portal-{number}", SecretString=json.dumps(document))
        return cls(secret["ARN"], document["username"], client, server, authority)

    def start_rotation(self) -> str:
        """Do what Secrets Manager does before it calls the function: stage an empty version as pending.

        It is done inside moto, whose RotateSecret makes the new version current whatever the function says.
        """
        token = str(uuid.uuid4())
        stored = get_backend("secretsmanager")[DEFAULT_ACCOUNT_ID][REGION].secrets[self.arn]
        stored.remove_version_stages_from_old_versions(["AWSPENDING"])
        stored.versions[token] = {"createdate": 0, "version_id": token, "version_stages": ["AWSPENDING"]}
        stored.rotation_requested = stored.rotation_enabled = True
        return token

    def invoke(self, step: str, token: str) -> None:
        """Call the function as Lambda would."""
        event = {"Step": step, "SecretId": self.arn, "ClientRequestToken": token}
        handler(json.loads(json.dumps(event)), LambdaContext())

    def rotate(self) -> str:
        """A whole rotation; returns its token."""
        token = self.start_rotation()
        for step in STEPS:
            self.invoke(step, token)
        return token

    def stages(self) -> dict[str, list[str]]:
        """The stages of each version."""
        stages: dict[str, list[str]] = self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        return stages

    def document(self, stage: str = "AWSCURRENT") -> dict[str, Any]:
        """The JSON of the version at `stage`."""
        text = self.client.get_secret_value(SecretId=self.arn, VersionStage=stage)["SecretString"]
        document: dict[str, Any] = json.loads(text)
        return document

    def update(self, **changes: Any) -> None:
        """Make a current version with other JSON, as an operator would."""
        current = next(version for version, stages in self.stages().items() if "AWSCURRENT" in stages)
        text = json.dumps({**self.document(), **changes})
        changed = self.client.put_secret_value(SecretId=self.arn, SecretString=text, VersionStages=["CHANGED"])
        self.client.update_secret_version_stage(
            SecretId=self.arn,
            VersionStage="AWSCURRENT",
            MoveToVersionId=changed["VersionId"],
            RemoveFromVersionId=current,
        )

    def accepts(self, password: str) -> bool:
        """Whether `password` is the user's; raises when something else is wrong."""
        try:
            self.connect(password, database=None).close()
        except pymysql.OperationalError as error:
            if error.args[0] != ER.ACCESS_DENIED_ERROR:
                raise
            return False
        return True

    def connect(self, password: str, **changes: Any) -> "pymysql.Connection[Any]":
        """The application's own connection, opened without the code under test."""
        arguments = {"database": DATABASE, "ssl": verifying_context(self.authority.bundle), **changes}
        return pymysql.connect(
            host="localhost", port=self.server.port, user=self.username, password=password, **arguments
        )
