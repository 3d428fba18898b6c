"""Policy api-stage-follows-its-api."""

from collections.abc import Iterator

from policies.api.apis import STAGE
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

_DEPLOYMENT = "aws_apigatewayv2_deployment"


@policy(
    id="api-stage-follows-its-api",
    title="What a stage answers is what its API says",
    remediation="Set auto_deploy = true, or name an aws_apigatewayv2_deployment whose triggers hold what it deploys.",
    severity="medium",
    applies_to=(STAGE,),
)
def judge(stage: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A stage answers as it was last deployed. The authorizer that was added since is in the configuration, in every
    report and in the console, and no caller meets it."""
    automatic, named = stage.attribute("auto_deploy"), stage.attribute("deployment_id")
    deployments = graph.targets(named, _DEPLOYMENT)
    if automatic.is_true:
        yield automatic.passes("every change is deployed by itself")
    elif any(_is_remade(one) for one in deployments):
        yield named.passes(f"{deployments[0].address} is made anew when what it deploys changes")
    else:
        yield automatic.fails("nothing deploys what changes in the API")


def _is_remade(deployment: Resource) -> bool:
    """Whether anything changes with what it deploys; triggers that are written down as they are never do."""
    triggers = deployment.attribute("triggers")
    if triggers.references or (triggers.raw_value and not triggers.resource.scope.has_configuration):
        return True  # a function of what is written down never changes either
    lifecycle = (deployment.written or {}).get("lifecycle") or {}
    blocks = lifecycle if isinstance(lifecycle, list) else [lifecycle]
    return any(isinstance(block, dict) and block.get("replace_triggered_by") for block in blocks)
