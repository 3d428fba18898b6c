"""What moto takes and does not give back, as data; and the judgement of the second plan by it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Gap:
    """An attribute (its path without indices) that reads differently from how it was put, and why."""

    type: str
    attribute: str
    reason: str

    def __str__(self) -> str:
        return f"{self.type} {self.attribute}: {self.reason}"


@dataclass(frozen=True)
class Change:
    """One attribute that the second plan wants to change in place."""

    address: str
    type: str
    attribute: str


_NEW_TEMPLATE = "follows from the launch template, which the plan wants to change: a new version has no number yet"
_NOT_KEPT = "moto does not keep it"
_NO_DESCRIPTION = "moto keeps a rule's description for address ranges only, not for groups and prefix lists"

GAPS = (
    Gap("aws_autoscaling_group", "capacity_reservation_specification.capacity_reservation_preference", _NEW_TEMPLATE),
    Gap("aws_autoscaling_group", "default_instance_warmup", _NOT_KEPT),
    Gap("aws_autoscaling_group", "launch_template.version", _NEW_TEMPLATE),
    Gap("aws_autoscaling_group", "service_linked_role_arn", "moto answers with the account's default role"),
    Gap("aws_autoscaling_policy", "predictive_scaling_configuration", "moto answers an empty one for every policy"),
    Gap("aws_cloudfront_distribution", "default_cache_behavior.forwarded_values", "moto adds it to a cache policy"),
    Gap("aws_cloudfront_distribution", "ordered_cache_behavior.forwarded_values", "moto adds it to a cache policy"),
    Gap(
        "aws_cloudfront_distribution",
        "viewer_certificate.cloudfront_default_certificate",
        "moto answers true, though the distribution has a certificate of its own",
    ),
    Gap("aws_kms_key", "rotation_period_in_days", _NOT_KEPT),
    Gap("aws_launch_template", "default_version", _NEW_TEMPLATE),
    Gap("aws_launch_template", "latest_version", _NEW_TEMPLATE),
    Gap("aws_launch_template", "tag_specifications", "moto answers the template's own tags among those of instances"),
    *(
        Gap("aws_rds_cluster", f"scaling_configuration.{name}", "moto answers one for clusters that have none")
        for name in (
            *("auto_pause", "max_capacity", "min_capacity"),
            *("seconds_before_timeout", "seconds_until_auto_pause", "timeout_action"),
        )
    ),
    Gap("aws_s3_bucket_logging", "target_object_key_format", _NOT_KEPT),
    Gap("aws_s3_bucket_notification", "eventbridge", "moto takes it and leaves it out of its answer"),
    Gap("aws_vpc_security_group_egress_rule", "description", _NO_DESCRIPTION),
    Gap("aws_vpc_security_group_ingress_rule", "description", _NO_DESCRIPTION),
)

# What succeeds against moto whether or not it would in AWS.
NOT_REHEARSED = (
    (
        "permissions",
        "moto lets everybody do everything: IAM, KMS, bucket and endpoint policies are stored only",
    ),
    (
        "secret rotation",
        "the function is called and not run; tests/lambda_functions runs it against a database",
    ),
    ("boot of instances", "no instance runs: user data, health checks and the application are not exercised"),
    ("traffic", "no packet flows: routes, security groups, TLS, WAF rules and CloudFront behaviours are stored only"),
    ("log delivery", "AWS writes a test object when delivery to a bucket or group is set up; moto does not"),
    ("certificates", "issued without looking at the validation records, and not compared with the names they serve"),
    ("quotas and engine versions", "moto has no quotas, and takes any version of a database engine"),
)


def judge(plan: Mapping[str, Any], gaps: Iterable[Gap] = GAPS) -> tuple[list[str], set[Gap]]:
    """What is wrong with a second plan, one text each, and the gaps that explained the rest of it.

    `plan` is what `terraform show -json` prints of it.
    """
    known = {(gap.type, gap.attribute): gap for gap in gaps}
    failures: list[str] = []
    met: set[Gap] = set()
    for resource in plan.get("resource_changes", ()):
        actions = resource["change"]["actions"]
        if actions in (["no-op"], ["read"]):
            continue
        if actions != ["update"]:
            failures.append(f"{resource['address']}: the second plan wants to {' and '.join(actions)} it")
            continue
        for change in changes(resource):
            gap = known.get((change.type, change.attribute))
            if gap is None:
                failures.append(f"{change.address}: the second plan wants to change {change.attribute}")
            else:
                met.add(gap)
    return failures, met


def stale(types: Iterable[str], met: Iterable[Gap], gaps: Iterable[Gap] = GAPS) -> list[str]:
    """A text for each gap that the rehearsed stacks did not meet; `types` are all resource types they have."""
    present, explained = set(types), set(met)
    return [
        f"stale gap: {gap.type} {gap.attribute}: "
        + ("no stack has this type" if gap.type not in present else "moto gives it back by now, or nothing sets it")
        for gap in gaps
        if gap not in explained
    ]


def changes(resource: Mapping[str, Any]) -> Iterator[Change]:
    """The attributes that one entry of `resource_changes` changes, each path once."""
    change = resource["change"]
    paths = _differences(change["before"], change["after"], change.get("after_unknown"), "")
    for path in sorted({re.sub(r"\[\d+\]", "", path) for path in paths}):
        yield Change(resource["address"], resource["type"], path)


def _differences(before: Any, after: Any, unknown: Any, path: str) -> Iterator[str]:
    if unknown is True:
        yield path
    elif isinstance(before, dict) and isinstance(after, dict):
        unknowns = unknown if isinstance(unknown, dict) else {}
        for key in {**before, **after, **unknowns}:
            below = f"{path}.{key}" if path else key
            yield from _differences(before.get(key), after.get(key), unknowns.get(key), below)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        unknowns_at = unknown if isinstance(unknown, list) else []
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from _differences(*pair, unknowns_at[index] if index < len(unknowns_at) else None, f"{path}[{index}]")
    elif before != after:
        yield path
