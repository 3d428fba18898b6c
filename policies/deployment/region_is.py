"""Policy region-is."""

from collections.abc import Iterator

from policies.deployment.regions import region_of
from policies.graph import EVERY_TYPE, ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_OF_CLOUDFRONT = "us-east-1"
# Arguments that make copies elsewhere.
_COPIES = {
    "aws_dynamodb_global_table": "replica.region_name",
    "aws_dynamodb_table": "replica.region_name",
    "aws_ecr_replication_configuration": "replication_configuration.rule.destination.region",
    "aws_efs_replication_configuration": "destination.region",
    "aws_secretsmanager_secret": "replica.region",
}


@policy(
    id="region-is",
    title="Every resource is in the region that was chosen",
    remediation="Set the region of the provider that the resource uses.",
    severity="medium",
    applies_to=(EVERY_TYPE,),
)
def judge(
    resource: Resource, graph: ResourceGraph, *, region: str, global_types: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Where data are is a promise to customers and regulators. What stands in another region by mistake is outside
    the trail, the alarms and the plans of everybody who looks after this one.

    CloudFront finds certificates and web ACLs in us-east-1 only: `global_types` may be there, too."""
    if not resource.type.startswith("aws_"):
        yield resource.not_applicable("it is no resource of AWS")
        return
    found = region_of(resource)
    if found.is_missing:
        yield resource.not_applicable("nothing in this input says which region it is in")
    elif found.text == region:
        yield found.passes(f"it is in {region}")
    elif resource.type in global_types and found.text == _OF_CLOUDFRONT:
        yield found.passes(f"it is in {_OF_CLOUDFRONT}, where CloudFront looks for it")
    else:
        yield found.fails(f"it is in {found.text}")
    for copied in resource.attributes(_COPIES[resource.type]) if resource.type in _COPIES else ():
        if copied.text != region:
            yield copied.fails(f"a copy of it is in {copied.text or 'a region that is not said'}")
