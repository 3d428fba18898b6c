"""Lambda functions: each with a role, a log group and, where events could get lost, a queue of dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdktf import AssetType, Fn, TerraformAsset
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct, IDependable

from infra.deployment import Deployment
from infra.iam import Statement, WorkloadRole, allow, deny
from infra.logs import audit_log_group
from infra.naming import FUNCTION_LIMIT
from infra.packages import LAMBDA_RUNTIME

DEAD_LETTER_SECONDS = 14 * 24 * 3600
DATA_KEY_REUSE_SECONDS = 300


@dataclass(frozen=True)
class Place:
    """Where in a network a function runs."""

    subnet_ids: Sequence[str]
    security_group_id: str


@dataclass(frozen=True)
class Mount:
    """A shared file system that a function sees below `path` (/mnt/...), through one access point.

    Lambda makes no function before what it mounts is `ready`: the mount targets, and the rules that lead to them.
    """

    file_system_arn: str
    access_point_arn: str
    path: str
    ready: Sequence[IDependable]


@dataclass(frozen=True)
class FunctionPlan:
    """A function: what it is, what runs, and what it may do besides writing its log.

    One that is called and waited for (`is_waited_for`) loses no event: its caller gets the error.
    """

    resource: str
    description: str
    package: Path
    handler: str
    timeout_seconds: int
    memory_mebibytes: int
    variables: Mapping[str, str]
    statements: Sequence[Statement] = field(default_factory=tuple)
    place: Place | None = None
    mount: Mount | None = None
    is_waited_for: bool = False


@dataclass(frozen=True)
class FunctionKeys:
    """The KMS keys of a function's log, of its environment variables, and of its dead letters."""

    logs_arn: str
    variables_arn: str
    dead_letters_arn: str


@dataclass(frozen=True)
class DeployedFunction:
    """What became of a plan; `dead_letters` is None where the function is waited for."""

    function: LambdaFunction
    dead_letters: SqsQueue | None
    log_group: str


def deploy(
    scope: Construct, plan: FunctionPlan, *, role_id: str, deployment: Deployment, keys: FunctionKeys
) -> DeployedFunction:
    """Create the function and what it needs, as constructs of `scope`; `role_id` is the id of its role there."""
    names = deployment.names
    name = names(plan.resource, limit=FUNCTION_LIMIT)
    # Who had a function do what, and when, is audit material.
    logs = audit_log_group(scope, "log", name=f"/aws/lambda/{name}", kms_key_arn=keys.logs_arn)
    dead_letters = (
        None if plan.is_waited_for else _dead_letter_queue(scope, plan.resource, deployment, keys.dead_letters_arn)
    )
    role = WorkloadRole(
        scope,
        role_id,
        deployment=deployment,
        resource=plan.resource,
        assumed_by="lambda",
        statements=[
            *plan.statements,
            *(_run_in_vpc(deployment, name) if plan.place else ()),
            *(_use_files(plan.mount) if plan.mount else ()),
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{logs.arn}:*"),
            allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on="*"),
            *(_leave_dead_letters(dead_letters.arn, keys.dead_letters_arn) if dead_letters else ()),
        ],
    )
    code = TerraformAsset(scope, "code", path=str(plan.package), type=AssetType.FILE)
    function = LambdaFunction(
        scope,
        "function",
        function_name=name,
        description=plan.description,
        role=role.arn,
        runtime=LAMBDA_RUNTIME,
        handler=plan.handler,
        architectures=["arm64"],
        filename=code.path,
        source_code_hash=Fn.filebase64sha256(code.path),
        timeout=plan.timeout_seconds,
        memory_size=plan.memory_mebibytes,
        kms_key_arn=keys.variables_arn,
        environment={"variables": dict(plan.variables)},
        vpc_config={
            "subnet_ids": list(plan.place.subnet_ids),
            "security_group_ids": [plan.place.security_group_id],
        }
        if plan.place
        else None,
        file_system_config={"arn": plan.mount.access_point_arn, "local_mount_path": plan.mount.path}
        if plan.mount
        else None,
        dead_letter_config={"target_arn": dead_letters.arn} if dead_letters else None,
        tracing_config={"mode": "Active"},
        logging_config={"log_format": "JSON", "log_group": logs.name},
        depends_on=[role.policy, *(plan.mount.ready if plan.mount else ())],
        tags=names.tag(plan.resource),
    )
    return DeployedFunction(function, dead_letters, logs.name)


def _dead_letter_queue(scope: Construct, resource: str, deployment: Deployment, kms_key_arn: str) -> SqsQueue:
    return SqsQueue(
        scope,
        "dead_letters",
        name=deployment.names(f"{resource}-dead-letters"),
        kms_master_key_id=kms_key_arn,
        kms_data_key_reuse_period_seconds=DATA_KEY_REUSE_SECONDS,
        message_retention_seconds=DEAD_LETTER_SECONDS,
        tags=deployment.names.tag(f"{resource}-dead-letters"),
    )


def _leave_dead_letters(queue_arn: str, kms_key_arn: str) -> list[Statement]:
    return [allow("sqs:SendMessage", on=queue_arn), allow("kms:Decrypt", "kms:GenerateDataKey", on=kms_key_arn)]


def _use_files(mount: Mount) -> list[Statement]:
    """Return what lets a function read and write files, through its access point and not as root."""
    through = {"StringEquals": {"elasticfilesystem:AccessPointArn": mount.access_point_arn}}
    actions = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
    return [allow(*actions, on=mount.file_system_arn, where=through)]


def _run_in_vpc(deployment: Deployment, function_name: str) -> list[Statement]:
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
