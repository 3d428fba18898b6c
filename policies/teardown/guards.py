"""The settings that keep a resource from being destroyed, or something of it behind; and which environment it is in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Undetermined, Unresolved
from policies.tagging.effective_tags import effective_tags


@dataclass(frozen=True)
class Guard:
    """One setting, and the values of it that let the resource go; every other holds it back, or something of it.

    `default` is the value where nothing is written. `keeps_data`: production wants to be held back by it.
    """

    path: str
    letting_go: tuple[Any, ...]
    default: Any
    keeps_data: bool = True

    def holds(self, resource: Resource) -> bool:
        """Whether the resource is held back. Raises Undetermined when the value is not known."""
        attribute = resource.attribute(self.path)
        value = self.default if attribute.raw_value in (None, "") else attribute.value
        return {"true": True, "1": True, "false": False, "0": False}.get(
            str(value).lower(), value
        ) not in self.letting_go


_PROTECTED = Guard("deletion_protection", (False,), False)
_PROTECTED_TABLE = Guard("deletion_protection_enabled", (False,), False)
_PROTECTED_BALANCER = Guard("enable_deletion_protection", (False,), False)
_NOT_EMPTIED = Guard("force_destroy", (True,), False)  # what is not empty cannot be destroyed
_SNAPSHOT = Guard("skip_final_snapshot", (True,), False)  # which is left behind
_NAMED_SNAPSHOT = Guard("final_snapshot_identifier", (None,), None)
_LEFT_BEHIND = Guard("skip_destroy", (False,), False, keeps_data=False)
_OLD_BACKUPS = Guard("delete_automated_backups", (True,), True, keeps_data=False)
_RUNNING = (
    Guard("disable_api_termination", (False,), False, keeps_data=False),
    Guard("disable_api_stop", (False,), False, keeps_data=False),
)

GUARDS: dict[str, tuple[Guard, ...]] = {
    "aws_alb": (_PROTECTED_BALANCER,),
    "aws_athena_workgroup": (_NOT_EMPTIED,),
    "aws_backup_vault": (_NOT_EMPTIED,),
    "aws_cloudfront_distribution": (Guard("retain_on_delete", (False,), False, keeps_data=False),),
    "aws_cloudtrail_event_data_store": (Guard("termination_protection_enabled", (False,), True),),
    "aws_cloudwatch_log_group": (_LEFT_BEHIND,),
    "aws_cognito_user_pool": (Guard("deletion_protection", ("INACTIVE",), "INACTIVE"),),
    "aws_db_instance": (_PROTECTED, _SNAPSHOT, _OLD_BACKUPS),
    "aws_db_option_group": (_LEFT_BEHIND,),
    "aws_db_parameter_group": (_LEFT_BEHIND,),
    "aws_docdb_cluster": (_PROTECTED, _SNAPSHOT),
    "aws_dynamodb_table": (_PROTECTED_TABLE,),
    "aws_dynamodb_table_replica": (_PROTECTED_TABLE,),
    "aws_ecr_repository": (Guard("force_delete", (True,), False),),
    "aws_ecs_task_definition": (_LEFT_BEHIND,),
    "aws_elasticache_cluster": (_NAMED_SNAPSHOT,),
    "aws_elasticache_replication_group": (_NAMED_SNAPSHOT,),
    "aws_emr_cluster": (Guard("termination_protection", (False,), False, keeps_data=False),),
    "aws_iam_user": (Guard("force_destroy", (True,), False, keeps_data=False),),
    "aws_instance": _RUNNING,
    "aws_lambda_function": (_LEFT_BEHIND,),
    "aws_lambda_layer_version": (_LEFT_BEHIND,),
    "aws_launch_template": _RUNNING,
    "aws_lb": (_PROTECTED_BALANCER,),
    "aws_memorydb_cluster": (Guard("final_snapshot_name", (None,), None),),
    "aws_neptune_cluster": (_PROTECTED, _SNAPSHOT),
    "aws_networkfirewall_firewall": (Guard("delete_protection", (False,), False, keeps_data=False),),
    "aws_qldb_ledger": (Guard("deletion_protection", (False,), True),),
    "aws_rds_cluster": (_PROTECTED, _SNAPSHOT, _OLD_BACKUPS),
    "aws_rds_global_cluster": (_PROTECTED,),
    "aws_redshift_cluster": (_SNAPSHOT,),
    "aws_route53_zone": (Guard("force_destroy", (True,), False, keeps_data=False),),
    "aws_s3_bucket": (_NOT_EMPTIED,),
    "aws_s3_bucket_object_lock_configuration": (  # nobody lifts a lock in compliance mode before its time
        Guard("rule.default_retention.mode", (None, "GOVERNANCE"), None, keeps_data=False),
    ),
    "aws_s3_directory_bucket": (_NOT_EMPTIED,),
    "aws_secretsmanager_secret": (Guard("recovery_window_in_days", (0,), 30),),  # its name stays taken so long
}
PRODUCTION = ("production", "prod", "prd", "live")


def holding_back(resource: Resource, *, keeping_data: bool | None = None) -> Iterator[tuple[Attribute, bool]]:
    """Each guard of the resource's type, as its attribute, and whether it holds the resource back."""
    for guard in GUARDS.get(resource.type, ()):
        if keeping_data in (None, guard.keeps_data):
            yield resource.attribute(guard.path), guard.holds(resource)


def environment(resource: Resource, graph: ResourceGraph) -> str:
    """The environment that the resource's tags name, or, where it has none, those of all others of the stack.

    Of `prod-eu` or `prod/2` it is the first word.
    Raises Undetermined when nothing says so, or not all say the same.
    """
    own = effective_tags(resource).get("Environment")
    named = [own] if own else [one for other in graph.resources if (one := _named(other))]
    names = {str(one).lower() for one in named}
    if len(names) != 1 or any(isinstance(one, Unresolved) for one in named):
        raise Undetermined(resource.undetermined("no tag Environment says which environment it is in"))
    return re.split(r"[^a-z0-9]", names.pop())[0]


def _named(resource: Resource) -> Any:
    try:
        return effective_tags(resource).get("Environment")
    except Undetermined as unknown:
        return Unresolved(unknown.finding.message)
