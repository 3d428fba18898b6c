"""Policy api-default-endpoint-is-off."""

from collections.abc import Iterator

from policies.api.apis import API, REST_API, mappings_of
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="api-default-endpoint-is-off",
    title="An API with a domain name of its own answers under no other",
    remediation="Set disable_execute_api_endpoint = true.",
    severity="medium",
    applies_to=(API, REST_API),
)
def judge(api: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Each API also answers under a name of AWS (execute-api), past whatever stands before the customer's own name: a
    firewall, client certificates, limits. The name is easily found out, from logs and from error messages."""
    if not mappings_of(api, graph):
        yield api.not_applicable("it has no domain name of its own")
        return
    disabled = api.attribute("disable_execute_api_endpoint")
    if disabled.is_true:
        yield disabled.passes("it answers under its own name only")
    else:
        yield disabled.fails("it also answers under the name that AWS gives it")
