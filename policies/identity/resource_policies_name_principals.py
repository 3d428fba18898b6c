"""Policy resource-policies-name-principals."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from policies.graph import ResourceGraph
from policies.iam_documents import Statement, pattern, statements
from policies.identity.conditions import chosen_keys, is_chosen
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_PERMISSION = "aws_lambda_permission"
# Where each type has its document. Keys and file systems have policies of their own (kms-key-policies-name-users,
# file-system-admits-access-points-only); what an API admits is its routes' business (api-routes-are-authorized).
_DOCUMENTS = MappingProxyType(
    {
        "aws_backup_vault_policy": "policy",
        "aws_cloudwatch_event_bus_policy": "policy",
        "aws_cloudwatch_log_destination_policy": "access_policy",
        "aws_cloudwatch_log_resource_policy": "policy_document",
        "aws_codeartifact_domain_permissions_policy": "policy_document",
        "aws_codeartifact_repository_permissions_policy": "policy_document",
        "aws_codebuild_resource_policy": "policy",
        "aws_dynamodb_resource_policy": "policy",
        "aws_ecr_registry_policy": "policy",
        "aws_ecr_repository_policy": "policy",
        "aws_elasticsearch_domain": "access_policies",
        "aws_elasticsearch_domain_policy": "access_policies",
        "aws_glacier_vault": "access_policy",
        "aws_glue_resource_policy": "policy",
        "aws_kinesis_resource_policy": "policy",
        "aws_msk_cluster_policy": "policy",
        "aws_opensearch_domain": "access_policies",
        "aws_opensearch_domain_policy": "access_policies",
        "aws_redshift_resource_policy": "policy",
        "aws_redshiftserverless_resource_policy": "policy",
        "aws_s3_access_point": "policy",
        "aws_s3control_access_point_policy": "policy",
        "aws_secretsmanager_secret": "policy",
        "aws_secretsmanager_secret_policy": "policy",
        "aws_ses_identity_policy": "policy",
        "aws_sesv2_email_identity_policy": "policy",
        "aws_sns_topic": "policy",
        "aws_sns_topic_policy": "policy",
        "aws_sqs_queue": "policy",
        "aws_sqs_queue_policy": "policy",
        "aws_vpc_endpoint": "policy",
        "aws_vpc_endpoint_policy": "policy",
        "aws_xray_resource_policy": "policy_document",
    }
)
_ENDPOINTS = ("aws_vpc_endpoint", "aws_vpc_endpoint_policy")
# What tells for whom a service acts, and what leaves only callers, or networks, that somebody chose.
_ON_BEHALF_OF = re.compile(r"aws:source(arn|account|owner|orgid|orgpaths)")
_CHOOSES_CALLERS = re.compile(
    r"aws:source(arn|account|owner|orgid|orgpaths|vpc|vpce)|aws:principal(arn|account|orgid|orgpaths)"
)


@policy(
    id="resource-policies-name-principals",
    title="Policies of resources name who is admitted",
    remediation="Name accounts, roles or services in Principal. Give `*` a condition such as aws:PrincipalOrgID, or in "
    "the policy of an endpoint name the resources; give a service one on aws:SourceArn or aws:SourceAccount (of a "
    "Lambda permission: source_arn or source_account).",
    severity="high",
    applies_to=(*_DOCUMENTS, _PERMISSION),
)
def judge(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """The policy of a queue, a topic, a secret or a function admits callers of other accounts as well. One that admits
    everybody is public; one that admits a service on behalf of whoever asks it lets every customer of AWS come in
    through that service."""
    if resource.type == _PERMISSION:
        yield from _of_permission(resource)
        return
    document = resource.attribute(_DOCUMENTS[resource.type])
    if document.is_missing or document.raw_value == "":
        if resource.type == "aws_vpc_endpoint" and not graph.referrers(resource, _ENDPOINTS[1], "vpc_endpoint_id"):
            yield document.fails("without a policy, an endpoint lets everybody in its network reach everybody's data")
        else:
            yield document.passes("it has no policy of its own here: that admits nobody but its account")
        return
    for statement in statements(document, graph):
        if statement.effect == "Allow":
            if resource.type in _ENDPOINTS and _names_resources(statement):
                continue  # who is in the network may use it, for nothing but what it names
            yield from (document.fails(problem) for problem in _problems(statement))
    yield document.passes("the policy names who is admitted")


def _names_resources(statement: Statement) -> bool:
    return bool(statement.resources) and all(is_chosen(pattern(one)) for one in statement.resources)


def _problems(statement: Statement) -> Iterator[str]:
    keys = chosen_keys(statement)
    if not statement.principals:
        yield "a statement admits everybody but some principals"
    for kind, principals in statement.principals.items():
        for principal in principals:
            name = _name(principal)
            if kind == "Service":
                if not any(_ON_BEHALF_OF.fullmatch(key) for key in keys):
                    yield f"{name} is admitted on behalf of anybody"
            elif "*" in name and not any(_CHOOSES_CALLERS.fullmatch(key) for key in keys):
                yield f"everybody whom {name} means is admitted"


def _of_permission(permission: Resource) -> Iterator[Finding]:
    """A permission of a function is one statement, with arguments in place of conditions."""
    principal = permission.attribute("principal")
    name = _name(principal)
    sources = [permission.attribute(path) for path in ("source_arn", "source_account")]
    if "*" in name and not _chosen(permission.attribute("principal_org_id")):
        yield principal.fails("everybody may invoke the function")
    elif ".amazonaws.com" in name and not any(_chosen(source) for source in sources):
        yield sources[0].fails(f"{name} may invoke the function on behalf of anybody")
    else:
        yield principal.passes("the permission names who may invoke the function")


def _name(principal: Attribute) -> str:
    """Whom it names. Raises Undetermined for an input or an expression, which may turn out to mean everybody."""
    return pattern(principal) if principal.is_given else ""


def _chosen(source: Attribute) -> bool:
    return not source.is_missing and source.is_given and is_chosen(pattern(source))
