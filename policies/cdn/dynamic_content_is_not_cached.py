"""Policy dynamic-content-is-not-cached."""

from collections.abc import Iterator

from policies.cdn.caching import keeps_answers
from policies.cdn.distributions import DISTRIBUTION, behaviors
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Block, Resource

_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@policy(
    id="dynamic-content-is-not-cached",
    title="Dynamic content is not kept in CloudFront's cache",
    remediation="Give the behavior of the application a cache policy without default and minimum time, such as "
    "Managed-CachingDisabled.",
    severity="high",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A cache that everybody shares shows the page made for one customer to the next. What the application answers
    may be kept only if it says so itself. A behavior that takes POST and the like leads to an application."""
    dynamic = [behavior for behavior in behaviors(distribution) if _writes(behavior)]
    if not dynamic:
        yield distribution.not_applicable("it answers read requests only")
    for behavior in dynamic:
        named = behavior.attribute("cache_policy_id")
        if keeps_answers(behavior, graph):
            yield named.fails("answers of the application are kept")
        else:
            yield named.passes("nothing is kept unless the application says so")


def _writes(behavior: Block) -> bool:
    return any(method.value in _WRITING for method in behavior.attribute("allowed_methods").items())
