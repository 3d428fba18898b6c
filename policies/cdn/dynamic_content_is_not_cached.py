"""Policy dynamic-content-is-not-cached."""

from collections.abc import Iterator

from policies.cdn.caching import hands_cookies_on, keeps_answers
from policies.cdn.distributions import DISTRIBUTION, behaviors, is_static
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
    may be kept only if it says so itself. Where no bucket answers, a behavior that takes POST and the like, or hands
    cookies on, leads to an application."""
    answering = [behavior for behavior in behaviors(distribution) if not is_static(behavior, distribution)]
    dynamic = [behavior for behavior in answering if _writes(behavior) or hands_cookies_on(behavior, graph)]
    if not dynamic:
        yield distribution.not_applicable("no behavior leads to an application")
    for behavior in dynamic:
        named = behavior.attribute("cache_policy_id")
        if keeps_answers(behavior, graph):
            yield named.fails("answers of the application are kept")
        else:
            yield named.passes("nothing is kept unless the application says so")


def _writes(behavior: Block) -> bool:
    return any(method.text in _WRITING for method in behavior.attribute("allowed_methods").items())
