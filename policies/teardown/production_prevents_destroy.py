"""Policy production-prevents-destroy."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource
from policies.tagging.environments import ELSEWHERE, PRODUCTION, is_in_production


@policy(
    id="production-prevents-destroy",
    title="In production Terraform refuses to destroy or replace what holds data",
    remediation="In production, set lifecycle { prevent_destroy = true } on databases, tables, buckets, file systems, "
    "caches, keys and secrets.",
    severity="low",
    applies_to=(
        *("aws_backup_vault", "aws_cognito_user_pool", "aws_db_instance", "aws_docdb_cluster", "aws_dynamodb_table"),
        *("aws_dynamodb_table_replica", "aws_ebs_volume", "aws_efs_file_system", "aws_elasticache_replication_group"),
        *("aws_fsx_lustre_file_system", "aws_fsx_ontap_file_system", "aws_fsx_openzfs_file_system"),
        *("aws_fsx_windows_file_system", "aws_kms_external_key", "aws_kms_key", "aws_kms_replica_key"),
        *("aws_memorydb_cluster", "aws_neptune_cluster", "aws_opensearch_domain", "aws_rds_cluster"),
        *("aws_rds_global_cluster", "aws_redshift_cluster", "aws_s3_bucket", "aws_secretsmanager_secret"),
    ),
)
def judge(
    resource: Resource,
    graph: ResourceGraph,
    *,
    production: tuple[str, ...] = PRODUCTION,
    elsewhere: tuple[str, ...] = ELSEWHERE,
) -> Iterator[Finding]:
    """AWS's protection from deletion does not exist for file systems, caches and keys, and is found out by an apply
    that ends half-way. This one is found out by the plan, and it notices as well when a change of name or of a setting
    makes Terraform destroy a resource to create it anew."""
    if not resource.scope.has_configuration:
        yield resource.not_applicable("a state does not say what Terraform refuses to destroy")
        return
    prevents = resource.attribute("lifecycle.prevent_destroy")
    if prevents.is_true:
        yield prevents.passes("Terraform refuses to destroy it")
    elif not is_in_production(resource, graph, production, elsewhere):
        yield resource.not_applicable("it is not in production")
    elif resource.written is None:
        yield prevents.undetermined("a plan does not say what Terraform refuses to destroy: its configuration does")
    else:
        yield prevents.fails("Terraform destroys it, or replaces it, when a plan says so")
