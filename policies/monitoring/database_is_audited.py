"""Policy database-is-audited."""

from collections.abc import Iterator

from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_ON = ("1", "ON", "TRUE")
_PARAMETER_GROUPS = {
    "aws_rds_cluster": ("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
    "aws_db_instance": ("parameter_group_name", "aws_db_parameter_group"),
}
_RIGHTS = {"QUERY", "QUERY_DCL"}  # either records GRANT, REVOKE and the like
_PLUGIN = "MARIADB_AUDIT_PLUGIN"


@policy(
    id="database-is-audited",
    title="The database records who connects and who changes rights",
    remediation="Set server_audit_logging = 1 with CONNECT,QUERY_DCL in server_audit_events (Aurora MySQL), add the "
    "option MARIADB_AUDIT_PLUGIN (MySQL, MariaDB), or set log_connections = 1 with log_statement = ddl (PostgreSQL).",
    severity="medium",
    applies_to=tuple(_PARAMETER_GROUPS),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """Databases write no audit log unless they are told to, and the log that is exported stays empty. Who read the
    accounts with a stolen password is then known to nobody."""
    engine = database.attribute("engine").text
    path, group_type = _PARAMETER_GROUPS[database.type]
    if engine in ("mysql", "mariadb") and database.type == "aws_db_instance":
        path, group_type = "option_group_name", "aws_db_option_group"
    elif engine not in ("aurora-mysql", "aurora-postgresql", "postgres"):
        yield database.attribute("engine").undetermined(f"how {engine or 'an unnamed engine'} is audited is not known")
        return
    name = database.attribute(path)
    groups = graph.targets(name, group_type)
    if name.is_missing or (not name.is_unresolved and name.text.startswith("default")):
        yield name.fails("the database has no group of its own that switches the audit on")
    elif not groups:
        yield name.undetermined(f"the {group_type} is not part of this input")
    for group in groups:
        problem = _problem(group, engine)
        yield name.fails(f"{group.address} {problem}") if problem else name.passes(f"{group.address} has it audited")


def _problem(group: Resource, engine: str) -> str | None:
    if group.type == "aws_db_option_group":
        options = {block.attribute("option_name").text for block in group.blocks("option")}
        return None if _PLUGIN in options else f"has no option {_PLUGIN}"
    values = {block.attribute("name").text.lower(): block.attribute("value") for block in group.blocks("parameter")}
    if engine == "aurora-mysql":
        events = {event.strip() for event in _text(values, "server_audit_events").split(",")}
        if _text(values, "server_audit_logging") not in _ON:
            return "does not switch server_audit_logging on"
        if "CONNECT" not in events:
            return "leaves CONNECT out of server_audit_events"
        return None if events & _RIGHTS else "leaves QUERY_DCL out of server_audit_events"
    if _text(values, "log_connections") not in _ON:
        return "does not switch log_connections on"
    classes = {one.strip() for one in _text(values, "pgaudit.log").split(",")}
    is_loaded = "PGAUDIT" in _text(values, "shared_preload_libraries")
    audited = _text(values, "log_statement") in ("DDL", "MOD", "ALL") or (is_loaded and classes & {"ROLE", "ALL"})
    return None if audited else "sets neither log_statement nor, with pgaudit loaded, pgaudit.log to role or all"


def _text(values: dict[str, Attribute], name: str) -> str:
    return values[name].text.upper() if name in values else ""
