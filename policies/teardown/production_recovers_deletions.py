"""Policy production-recovers-deletions."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.tagging.environments import ELSEWHERE, PRODUCTION, is_in_production

_WINDOWS = {
    "aws_kms_external_key": "deletion_window_in_days",
    "aws_kms_key": "deletion_window_in_days",
    "aws_kms_replica_external_key": "deletion_window_in_days",
    "aws_kms_replica_key": "deletion_window_in_days",
    "aws_secretsmanager_secret": "recovery_window_in_days",
}
_DEFAULT_DAYS = 30


@policy(
    id="production-recovers-deletions",
    title="In production a deleted key or secret can be restored for 30 days",
    remediation="In production, set deletion_window_in_days of keys and recovery_window_in_days of secrets to 30, or "
    "leave them out.",
    severity="medium",
    applies_to=tuple(_WINDOWS),
)
def judge(
    resource: Resource,
    graph: ResourceGraph,
    *,
    days: int = 30,
    production: tuple[str, ...] = PRODUCTION,
    elsewhere: tuple[str, ...] = ELSEWHERE,
) -> Iterator[Finding]:
    """With a key goes everything that it encrypts, backups and logs included. A week is over before the first monthly
    job fails; the longest time that AWS offers costs nothing."""
    window = resource.attribute(_WINDOWS[resource.type])
    found = _DEFAULT_DAYS if window.raw_value in (None, "") else window.number
    if found is None:
        yield window.undetermined("this is no number of days")
    elif found >= days:
        yield window.passes(f"it can be restored for {found:g} days")
    elif is_in_production(resource, graph, production, elsewhere):
        yield window.fails(f"it can be restored for {found:g} days, less than {days}")
    else:
        yield resource.not_applicable("it is not in production")
