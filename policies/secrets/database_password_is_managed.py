"""Policy database-password-is-managed."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource

# The password's argument, its write-only twin, and what a database takes its users over from.
_PASSWORD = {"aws_rds_cluster": "master_password", "aws_db_instance": "password"}
_INHERITED_FROM = (
    *("replicate_source_db", "replication_source_identifier", "global_cluster_identifier"),
    *("snapshot_identifier", "restore_to_point_in_time"),
)


@policy(
    id="database-password-is-managed",
    title="Secrets Manager holds the password of a database's master user, and nothing else does",
    remediation="Set manage_master_user_password = true and drop the password.",
    severity="critical",
    applies_to=tuple(_PASSWORD),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A password that Terraform is given stands in its state, in the clear, however it was made. RDS makes one itself,
    keeps it in Secrets Manager and rotates it, and nobody has to know it."""
    name = _PASSWORD[database.type]
    password, managed = database.attribute(name), database.attribute("manage_master_user_password")
    if not password.is_missing and (password.is_unresolved or password.text):
        yield Finding("fail", password.path, None, "Terraform is given the password, and keeps it in its state")
    elif managed.is_true:
        yield managed.passes("RDS makes the password and keeps it in Secrets Manager")
    elif not database.attribute(f"{name}_wo").is_missing or not database.attribute(f"{name}_wo_version").is_missing:
        yield Finding("pass", f"{name}_wo", None, "the password is written, and not kept in the state")
    elif any(database.attribute(path).raw_value for path in _INHERITED_FROM):
        yield database.not_applicable("the password is that of the database it is made from")
    else:
        yield managed.fails("nothing says that RDS manages the password")
