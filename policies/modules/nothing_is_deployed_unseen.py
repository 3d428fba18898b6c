"""Policy nothing-is-deployed-unseen."""

from collections.abc import Iterator

from policies.graph import EVERY_TYPE, ResourceGraph
from policies.model import Finding
from policies.provider_sources import BUILT_IN
from policies.registry import policy
from policies.resources import Resource

AWS = "hashicorp/aws"
# What these make stands in the state or on the machine that runs Terraform, and nowhere else.
_MAKE_NOTHING = frozenset(
    {
        BUILT_IN, "hashicorp/archive", "hashicorp/cloudinit", "hashicorp/external", "hashicorp/local",
        "hashicorp/null", "hashicorp/random", "hashicorp/time", "hashicorp/tls",
    }
)  # fmt: skip
# Providers that make resources of AWS under types of their own.
_OTHER_WAYS_TO_AWS = frozenset({"hashicorp/awscc"})
# Resources that make others, from a template, a product or options that Terraform does not show as resources.
_MAKERS = {
    "aws_cloudcontrolapi_resource": "makes a resource of any type from a JSON text",
    "aws_cloudformation_stack": "makes what its template says",
    "aws_cloudformation_stack_instances": "makes what the template of its stack set says",
    "aws_cloudformation_stack_set": "makes what its template says, in any account",
    "aws_cloudformation_stack_set_instance": "makes what the template of its stack set says",
    "aws_elastic_beanstalk_environment": "makes instances, load balancers and security groups of its own",
    "aws_serverlessapplicationrepository_cloudformation_stack": "makes what somebody else's template says",
    "aws_servicecatalog_provisioned_product": "makes what its product says",
}
_PROGRAM = "data.external"


@policy(
    id="nothing-is-deployed-unseen",
    title="Nothing is deployed but resources that the policies see",
    remediation="Declare what is to exist as resources of hashicorp/aws: without provisioners, external programs, "
    "CloudFormation or Cloud Control. What another provider makes has to be judged by other means: let a "
    "specification accept that provider, or waive it by name.",
    severity="high",
    applies_to=(EVERY_TYPE, _PROGRAM),
)
def judge(resource: Resource, graph: ResourceGraph, *, accepted: tuple[str, ...] = ()) -> Iterator[Finding]:
    """A gate that judges resources is passed by whatever makes them behind its back: a command that runs while
    Terraform applies, a template inside a string, a provider that only calls itself aws. `accepted` lists providers
    whose resources somebody else judges."""
    if resource.type == _PROGRAM:
        yield resource.attribute("program").fails("a program runs with the rights of whoever plans or applies")
        return
    source = resource.provider_source
    if resource.type in _MAKERS:
        yield resource.fails(f"it {_MAKERS[resource.type]}, which no policy sees")
    elif source in _OTHER_WAYS_TO_AWS:
        yield resource.fails(f"its provider is {source}, whose types no policy knows")
    elif source and source not in (AWS, *accepted) and resource.type.startswith("aws_"):
        yield resource.fails(f"its provider is {source}, which only calls itself aws")
    elif source not in (AWS, *_MAKE_NOTHING, *accepted):
        yield resource.undetermined(f"no policy knows what the provider {source or '(not named)'} makes")
    commands = resource.attribute("provisioner")
    if not commands.is_missing:
        yield commands.fails("a command runs while Terraform applies, and may make or change anything")
    elif not resource.scope.has_configuration:
        yield resource.passes("it is what its type says; what ran when it was made, only a configuration or plan tells")
    else:
        yield resource.passes("it is what its type says, and runs no command")
