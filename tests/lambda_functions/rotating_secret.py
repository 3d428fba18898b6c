"""A secret in moto that rotates, seen from Secrets Manager: it starts rotations and calls the function."""

import itertools
import json
import os
import uuid
from dataclasses import dataclass, replace
from typing import Any, Protocol
from unittest import mock

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from rotate_database_secret.handler import handler
from rotate_database_secret.tls import verifying_context

from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.servers import DATABASE, MASTER, Authority, DatabaseServer

REGION = "us-east-1"

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
STRATEGIES = ("alternating-users", "by-master", "single-user")

_numbers = itertools.count()


class LambdaContext:
    """What the function reads of the context that Lambda passes."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = "financial-rotation-test"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:financial-rotation-test"


class NewSecret(Protocol):
    """Makes a secret for a server; `changes` go into its JSON."""

    def __call__(
        self, server: DatabaseServer | PostgreSqlServer, strategy: str = ..., **changes: Any
    ) -> "RotatingSecret": ...


@dataclass(frozen=True)
class RotatingSecret:
    """The application's secret, with the database and the authority it is about, and how it is rotated."""

    arn: str
    username: str
    client: Any
    server: DatabaseServer | PostgreSqlServer
    authority: Authority
    strategy: str

    @classmethod
    def create(
        cls,
        client: Any,
        server: DatabaseServer | PostgreSqlServer,
        authority: Authority,
        strategy: str = "alternating-users",
        **changes: Any,
    ) -> "RotatingSecret":
        """A secret as the stack makes it: everything but the password. `changes` go into its JSON."""
        number = next(_numbers)
        master = client.create_secret(
            Name=f"master-{number}",
            SecretString=json.dumps({"username": MASTER, "password": server.master_password}),
        )
        document = {
            "engine": server.engine,
            "host": "localhost",
            "port": server.port,
            "dbname": DATABASE,
            "username": f"portal_{number}",
            "masterarn": master["ARN"],
            **changes,
        }
        secret = client.create_secret(Name=f"portal-{number}", SecretString=json.dumps(document))
        return cls(secret["ARN"], document["username"], client, server, authority, strategy)

    def rotated_once(self) -> "RotatingSecret":
        """This secret after its first rotation, which a single user cannot do for lack of a password."""
        first = "by-master" if self.strategy == "single-user" else self.strategy
        replace(self, strategy=first).rotate()
        if self.strategy == "single-user":
            self.server.let_change_itself(self.username)
        return self

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
        with mock.patch.dict(os.environ, ROTATION_STRATEGY=self.strategy):
            handler(json.loads(json.dumps(event)), LambdaContext())

    def finish(self, token: str) -> None:
        """All steps of one attempt at a rotation that has been started."""
        for step in STEPS:
            self.invoke(step, token)

    def rotate(self) -> str:
        """A whole rotation; returns its token."""
        token = self.start_rotation()
        self.finish(token)
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

    def plant(self, token: str, **changes: Any) -> None:
        """Write the pending version before the function does."""
        self.client.put_secret_value(
            SecretId=self.arn,
            ClientRequestToken=token,
            SecretString=json.dumps({**self.document(), "password": "planted", **changes}),
            VersionStages=["AWSPENDING"],
        )

    def logs_in(self, document: dict[str, Any]) -> bool:
        """Whether the application could log in with what a version holds; opened without the code under test."""
        tls = verifying_context(self.authority.bundle)
        return "password" in document and self.server.logs_in(document["username"], document["password"], tls)

    def current_logs_in(self) -> bool:
        """Whether the application, reading the secret now, could log in."""
        return self.logs_in(self.document())
