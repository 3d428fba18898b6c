"""Runs `python -m deployment` as its user does, on small stacks, with a server on this machine as AWS."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rehearsal.emulator import Emulator
from tests.deployment import stacks
from tests.deployment.stacks import STACK

ROOT = Path(__file__).parents[2]
# What the account has before any stack: making a key takes the provider a quarter of a minute.
BUCKET, ALIAS = "given", "alias/given"
GIVEN = {"aws_kms_key": {"given": {"key_id": ALIAS}}, "aws_caller_identity": {"here": {}}}
_KEY = "${data.aws_kms_key.given.arn}"
PAGE = {
    "aws_s3_object": {
        "page": {"bucket": BUCKET, "key": "page.html", "source": "assets/page.html", "kms_key_id": _KEY},
    },
}
JUDGED, FORGED = "judged", "forged"


def give(server: Emulator) -> None:
    server.client("s3").create_bucket(Bucket=BUCKET)
    kms = server.client("kms")
    kms.create_alias(AliasName=ALIAS, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def topic(name: str) -> dict[str, Any]:
    """What tells whether something was applied; every test has a name of its own for it."""
    return {"aws_sns_topic": {"alerts": {"name": name, "kms_master_key_id": _KEY}}}


def own_key() -> dict[str, Any]:
    """A key left to the account that is asked for, as this stack looks it up: another one would be a stranger."""
    (body,) = stacks.KEY["aws_kms_key"].values()
    policy = body["policy"].replace("123456789012", "${data.aws_caller_identity.here.account_id}")
    return {"aws_kms_key": {"topics": {**body, "policy": policy}}}


def document(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return stacks.document(resources, data=GIVEN, **sections)


def write_stack(folder: Path, resources: dict[str, Any], **sections: Any) -> Path:
    return stacks.write_stack(folder, resources, data=GIVEN, **sections)


def write_page(stack: Path, content: str = JUDGED) -> None:
    (stack / "assets").mkdir(exist_ok=True)
    (stack / "assets" / "page.html").write_text(content)


def page(server: Emulator) -> str:
    return str(server.client("s3").get_object(Bucket=BUCKET, Key="page.html")["Body"].read().decode())


def account(server: Emulator) -> list[str]:
    """Everything that the account holds, what is in the bucket included."""
    objects = server.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [*server.held(), *(one["Key"] for one in objects)]


def has_topic(server: Emulator, name: str) -> bool:
    topics = server.client("sns").list_topics()["Topics"]
    return any(one["TopicArn"].endswith(f":{name}") for one in topics)


def surroundings(server: Emulator | None, **variables: str) -> dict[str, str]:
    """What a user with an account has in the environment; without a server, with none."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "TF_VAR_", "TF_CLI_ARGS", "ENVIRONMENT", "SOURCE_DATE_EPOCH"))
    }
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    account = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    address = {"AWS_ENDPOINT_URL": f"http://{server.address}", **account} if server else {}
    nowhere["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    return {**inherited, **nowhere, **address, "PYTHONPATH": str(ROOT), **variables}


def command(*arguments: str) -> list[str]:
    """`plan` becomes `python -m deployment plan tiny --synthesized out`."""
    return [sys.executable, "-m", "deployment", arguments[0], STACK, "--synthesized", "out", *arguments[1:]]


def deploy(
    folder: Path, server: Emulator | None, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=surroundings(server, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def left_by_plan(folder: Path) -> Path:
    return folder / "build" / "deployment" / STACK


def attestation(folder: Path) -> Any:
    return json.loads((left_by_plan(folder) / "attestation.json").read_text())
