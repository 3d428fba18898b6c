"""Policy static-content-is-cached."""

from collections.abc import Iterator

from policies.cdn.caching import keeps_answers
from policies.cdn.distributions import DISTRIBUTION, behaviors, is_static
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource


@policy(
    id="static-content-is-cached",
    title="Static content is kept in CloudFront's cache",
    remediation="Give the behavior whose origin is the bucket a cache policy with a default time above zero.",
    severity="low",
    applies_to=(DISTRIBUTION,),
)
def judge(distribution: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Files that are the same for everybody are served from the edge, or each request pays for the way to the bucket
    and back. Single files may be excepted (an index page); that all are means that nobody thought of it."""
    static = [behavior for behavior in behaviors(distribution) if is_static(behavior, distribution)]
    if not static:
        yield distribution.not_applicable("no behavior answers from a bucket")
        return
    kept = [behavior.attribute("cache_policy_id") for behavior in static if keeps_answers(behavior, graph)]
    for named in kept:
        yield named.passes("files are kept")
    if not kept:
        yield static[0].attribute("cache_policy_id").fails("no behavior keeps files, or none says for how long")
