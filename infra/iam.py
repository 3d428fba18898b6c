"""Policy documents and roles.

Documents are written as JSON here, not as `aws_iam_policy_document` data sources: then whoever reads the
synthesized JSON, person or policy, sees what is allowed without running Terraform.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from constructs import Construct

from infra.deployment import Deployment
from infra.naming import IAM_ROLE_LIMIT

Principal = Mapping[str, str | list[str]]
Conditions = Mapping[str, Mapping[str, Any]]
Statement = dict[str, Any]

EVERYONE: Principal = {"AWS": "*"}

# Services that say on whose behalf they assume a role, so that a role can refuse other accounts.
_SERVICES_NAMING_THEIR_ACCOUNT = {"logs", "monitoring.rds", "vpc-flow-logs"}


def service(name: str) -> Principal:
    """Return the principal that stands for an AWS service, for example `logs` or `delivery.logs`."""
    return {"Service": f"{name}.amazonaws.com"}


def policy_document(statements: Sequence[Statement]) -> str:
    """Return an IAM policy document as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    *actions: str, on: str | Sequence[str], to: Principal | None = None, where: Conditions | None = None, sid: str = ""
) -> Statement:
    """Return a statement that allows `actions` on the resources `on`, to whom, and under which conditions."""
    return _statement("Allow", actions, on, to, where, sid)


def deny(
    *actions: str, on: str | Sequence[str], to: Principal | None = None, where: Conditions | None = None, sid: str = ""
) -> Statement:
    """Return a statement that denies `actions` on the resources `on`, to whom, and under which conditions."""
    return _statement("Deny", actions, on, to, where, sid)


def _statement(
    effect: str,
    actions: Sequence[str],
    on: str | Sequence[str],
    to: Principal | None,
    where: Conditions | None,
    sid: str,
) -> Statement:
    statement: Statement = {
        "Effect": effect,
        "Action": list(actions),
        "Resource": on if isinstance(on, str) else list(on),
    }
    if sid:
        statement["Sid"] = sid
    if to:
        statement["Principal"] = dict(to)
    if where:
        statement["Condition"] = where
    return statement


def _trust(assumed_by: str, account_id: str) -> Statement:
    trust: Statement = {"Effect": "Allow", "Principal": dict(service(assumed_by)), "Action": ["sts:AssumeRole"]}
    if assumed_by in _SERVICES_NAMING_THEIR_ACCOUNT:
        trust["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return trust


class WorkloadRole(Construct):
    """The role of one workload: one service assumes it, and it may do what is listed."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        resource: str,
        assumed_by: str,
        statements: Sequence[Statement],
    ) -> None:
        super().__init__(scope, id_)
        name = _role_name(deployment, resource)
        self.role = IamRole(
            self, "role", name=name, assume_role_policy=policy_document([_trust(assumed_by, deployment.account_id)])
        )
        self.policy = IamRolePolicy(self, "policy", name=name, role=self.role.name, policy=policy_document(statements))
        self.arn: str = self.role.arn
        self.name: str = self.role.name


def role_arn(deployment: Deployment, resource: str) -> str:
    """Return the ARN of the WorkloadRole of `resource`, for a policy that must name the role before it exists."""
    return f"arn:aws:iam::{deployment.account_id}:role/{_role_name(deployment, resource)}"


def _role_name(deployment: Deployment, resource: str) -> str:
    return deployment.global_names(resource, limit=IAM_ROLE_LIMIT)
